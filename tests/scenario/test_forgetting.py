"""A person asks that a file's content be removed: nothing that was in it is left, and the row still is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.courier.__main__ import main
from shared.domain.job import JobState
from shared.errors import Terminal, Transient
from tests.scenario.conftest import Stage

WHY = ["--why", "customer asked", "--by", "anna"]
PATH = "customer-groups/USMF/groups-2026-11-14.csv"
SECRET = "12345678901"
BAD = f"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n{SECRET},Too long for its field\r\n".encode()


def _ended(stage: Stage, content: bytes = BAD) -> str:
    stage.drop(PATH, content)
    for _ in range(3):
        stage.world.recurrence_tick()
        stage.tick(timedelta(seconds=60))
    return stage.job(PATH).job_id


def _everything_kept(stage: Stage) -> str:
    """Every byte of archive, outcomes and the job's row."""
    found = [repr(stage.job(PATH))]
    for container in (stage.archive, stage.rejected, stage.outcomes):
        client = stage.blobs.get_container_client(container)
        found += [client.download_blob(name).readall().decode("utf-8", "replace") for name in client.list_blob_names()]
    return "\n".join(found)


def test_content_and_errors_are_gone_and_the_row_still_says_what_became_of_the_file(stage: Stage) -> None:
    job_id = _ended(stage)
    assert SECRET in _everything_kept(stage)
    stage.engine.forgetting.forget(job_id, "anna", "customer asked")
    assert SECRET not in _everything_kept(stage)
    job = stage.job(PATH)
    assert (job.state, job.rows.rows_in if job.rows else 0) == (JobState.PARTIAL, 2)
    assert job.forgotten_at == stage.clock.now
    last = job.timeline[-1]
    assert (last.actor, last.why) == ("anna", "content and errors removed on request: customer asked")
    assert stage.archived(job)["forgotten_at"] is not None
    assert stage.outcome(f"{PATH}.json")["outcome"] == "PARTIAL"
    container, _, folder = job.archive_path.partition("/")
    assert stage.engine.files.listed(container, folder) == ["job.json"]


def test_nothing_comes_back_after_it_was_forgotten(stage: Stage) -> None:
    job_id = _ended(stage)
    stage.engine.forgetting.forget(job_id, "anna", "customer asked")
    stage.tick(timedelta(hours=2))
    assert SECRET not in _everything_kept(stage)


def test_what_f_and_o_said_of_a_failure_is_gone_as_well(stage: Stage) -> None:
    stage.world.with_log = True
    job_id = _ended(stage, f"COLOUR\r\n{SECRET}\r\n".encode())
    said = stage.job(PATH).execution_log
    assert said in stage.job(PATH).reason
    stage.engine.forgetting.forget(job_id, "anna", "customer asked")
    assert said not in _everything_kept(stage)
    assert SECRET not in _everything_kept(stage)


def test_a_rejected_file_can_be_forgotten(stage: Stage) -> None:
    path = stage.drop("nobody/x.csv")
    job_id = stage.job(path).job_id
    assert "job.json" not in stage.engine.forgetting.files_of(job_id)
    stage.engine.forgetting.forget(job_id, "anna", "sent by mistake")
    assert stage.job(path).forgotten_at is not None
    assert stage.engine.forgetting.files_of(job_id) == []


def test_a_file_in_work_and_an_unknown_one_are_refused_with_a_reason(stage: Stage) -> None:
    stage.drop(PATH)
    with pytest.raises(Terminal, match="not at its end"):
        stage.engine.forgetting.forget(stage.job(PATH).job_id, "anna", "too early")
    with pytest.raises(Terminal, match="no job x"):
        stage.engine.forgetting.forget("x.20261114.y", "anna", "typo")


def test_a_call_that_was_cut_short_is_simply_made_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = _ended(stage)

    def cut(*_: object) -> None:
        raise Transient("the process died here")

    with monkeypatch.context() as patched:
        patched.setattr(type(stage.engine.ledger), "write", cut)
        with pytest.raises(Transient):
            stage.engine.forgetting.forget(job_id, "anna", "customer asked")
    stage.engine.forgetting.forget(job_id, "anna", "customer asked")
    assert SECRET not in _everything_kept(stage)


def test_the_command_shows_first_and_removes_only_when_told(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    job_id = _ended(stage)
    assert main(["forget", job_id, *WHY], lambda: stage.engine) == 0
    assert "say --yes" in capsys.readouterr().out
    assert SECRET in _everything_kept(stage)
    assert main(["forget", job_id, *WHY, "--yes"], lambda: stage.engine) == 0
    assert SECRET not in _everything_kept(stage)
