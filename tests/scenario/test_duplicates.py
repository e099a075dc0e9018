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
