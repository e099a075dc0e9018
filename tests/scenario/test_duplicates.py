"""The same content twice: skipped, held or sent, as the feed says; never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.domain.job import JobState
from tests.scenario.conftest import GOOD_CSV, Stage

FIRST = "customer-groups/USMF/groups-2026-11-14.csv"
AGAIN = "customer-groups/USMF/groups-2026-11-14 (copy) Zürich 100%.csv"


@pytest.fixture
def skipping(stage: Stage) -> Stage:
    """A feed that skips what it sent before."""
    return _asking_for(stage, "skip")


def _asking_for(stage: Stage, what: str, more: str = "") -> Stage:
    stage.edit_feeds("    overdue_after: 2h\n", f"    overdue_after: 2h\n    duplicate: {what}\n{more}")
    stage.engine = stage.another_host()
    return stage


def test_a_second_file_with_the_same_content_is_skipped_and_names_the_first(skipping: Stage) -> None:
    stage = skipping
    stage.drop(FIRST)
    stage.drop(AGAIN)
    waiting = stage.job(AGAIN)
    assert waiting.reason.startswith("duplicate: same content as groups-2026-11-14.csv")
    assert waiting.slots == ()
    stage.run_to_the_end()
    first, second = stage.job(FIRST), stage.job(AGAIN)
    assert (first.state, second.state) == (JobState.SUCCEEDED, JobState.SKIPPED)
    assert second.duplicate_of == first.job_id
    assert stage.archived(second)["duplicate_of"] == first.job_id
    assert stage.archived(second, second.source.name) == GOOD_CSV
    assert (stage.outcome(f"{AGAIN}.json")["outcome"], stage.in_landing()) == ("SKIPPED", [])
    assert len(stage.world.messages) == 1
    assert stage.engine.ledger.taken() == []


def test_new_content_under_the_same_name_is_sent(skipping: Stage) -> None:
    skipping.drop(FIRST)
    skipping.run_to_the_end()
    skipping.drop(FIRST, GOOD_CSV + b"60,Own\r\n")
    skipping.run_to_the_end()
    assert [job.state for job in skipping.jobs()] == [JobState.SUCCEEDED] * 2


def test_the_same_content_for_another_legal_entity_is_sent(skipping: Stage) -> None:
    skipping.drop(FIRST)
    skipping.drop(FIRST.replace("USMF", "DEMF"))
    skipping.run_to_the_end()
    assert [job.state for job in skipping.jobs()] == [JobState.SUCCEEDED] * 2


def test_when_the_first_is_refused_the_second_is_sent_in_its_place(skipping: Stage) -> None:
    skipping.world.faults.add("enqueue", "status", code=400)
    skipping.drop(FIRST)
    skipping.drop(AGAIN)
    skipping.run_to_the_end()
    assert (skipping.job(FIRST).state, skipping.job(AGAIN).state) == (JobState.FAILED, JobState.SUCCEEDED)


def test_after_the_window_the_content_is_sent_again(stage: Stage) -> None:
    _asking_for(stage, "skip", "    duplicate_within: 2h\n")
    stage.drop(FIRST)
    stage.run_to_the_end()
    stage.pass_time(timedelta(hours=3))
    stage.drop(AGAIN)
    stage.run_to_the_end()
    assert stage.job(AGAIN).state is JobState.SUCCEEDED


def test_a_held_duplicate_waits_for_a_person_and_for_nobody_else(stage: Stage) -> None:
    _asking_for(stage, "hold")
    stage.drop(FIRST)
    stage.drop(AGAIN)
    for _ in range(30):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=30))
    job = stage.job(AGAIN)
    assert (job.state, job.due_at) == (JobState.WAITING, None)
    assert "a person releases or skips it" in job.reason
    assert stage.in_landing() == [AGAIN]
    assert len(stage.world.messages) == 1


def test_a_retried_send_is_no_duplicate_of_itself(skipping: Stage) -> None:
    skipping.world.faults.add("enqueue", "status", code=503)
    skipping.drop(FIRST)
    skipping.run_to_the_end()
    assert (skipping.job(FIRST).state, skipping.job(FIRST).attempt) == (JobState.SUCCEEDED, 2)


def test_a_feed_that_sends_duplicates_reads_no_file_beforehand(stage: Stage) -> None:
    stage.drop(FIRST)
    stage.drop(AGAIN)
    assert [job.content_sha256 for job in stage.jobs()] == ["", ""]
    assert len(stage.world.messages) == 2


def test_of_many_copies_that_land_at_once_one_is_sent(skipping: Stage) -> None:
    stage = skipping
    paths = [f"customer-groups/USMF/copy {n}.csv" for n in range(6)]
    for path in paths:
        stage.drop(path, event=False)
    hosts = [stage.another_host() for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: hosts[n % 3].file_landed(stage.landing, paths[n]), range(6)))
    stage.run_to_the_end()
    assert len(stage.world.messages) == 1
    assert sorted(job.state for job in stage.jobs()) == [JobState.SKIPPED] * 5 + [JobState.SUCCEEDED]


@pytest.fixture
def one_at_a_time(stage: Stage) -> Stage:
    """A feed with one place that skips duplicates."""
    stage.edit_feeds(
        "    max_in_flight: 2\n    overdue_after: 2h\n",
        "    max_in_flight: 1\n    overdue_after: 2h\n    duplicate: skip\n",
    )
    stage.engine = stage.another_host()
    return stage


A_FILE, ITS_COPY, OTHER = (f"customer-groups/USMF/{name}-2026-11-14.csv" for name in ("a", "b", "c"))


def test_a_duplicate_that_waits_for_the_end_of_the_first_keeps_no_place(one_at_a_time: Stage) -> None:
    one_at_a_time.world.faults.add("enqueue", "throttle", times=7, retry_after=20)
    for path in (A_FILE, ITS_COPY):
        one_at_a_time.drop(path)
    for _ in range(90):
        one_at_a_time.world.recurrence_tick()
        one_at_a_time.tick(timedelta(minutes=1))
        waiting = one_at_a_time.job(ITS_COPY)
        if waiting.state is JobState.WAITING and waiting.reason.startswith("duplicate"):
            held = {slot.job_id for slot in one_at_a_time.engine.ledger.taken()}
            assert waiting.job_id not in held
    assert one_at_a_time.job(A_FILE).state is JobState.SUCCEEDED
    assert one_at_a_time.job(ITS_COPY).state is JobState.SKIPPED


def test_a_duplicate_of_a_file_in_doubt_is_in_nobodys_way(one_at_a_time: Stage) -> None:
    one_at_a_time.world.faults.add("enqueue", "answer_lost_before_commit")
    for path in (A_FILE, ITS_COPY):
        one_at_a_time.drop(path)
    one_at_a_time.tick(timedelta(hours=3))
    one_at_a_time.tick(timedelta(minutes=1))
    one_at_a_time.drop(OTHER, GOOD_CSV + b"99,Other\r\n")
    for _ in range(20):
        one_at_a_time.world.recurrence_tick()
        one_at_a_time.tick(timedelta(minutes=1))
    assert one_at_a_time.job(OTHER).state is JobState.SUCCEEDED


def test_content_that_a_replay_loaded_is_known(one_at_a_time: Stage) -> None:
    one_at_a_time.world.faults.add("enqueue", "status", code=400)
    one_at_a_time.drop(A_FILE)
    one_at_a_time.run_to_the_end()
    one_at_a_time.engine.handwork.replay(one_at_a_time.job(A_FILE).job_id, "mended", "ada")
    one_at_a_time.run_to_the_end()
    one_at_a_time.drop(ITS_COPY)
    one_at_a_time.run_to_the_end()
    assert one_at_a_time.job(ITS_COPY).state is JobState.SKIPPED
    assert len(one_at_a_time.world.imports_of(GOOD_CSV)) == 1
