"""F&O asks to be left alone: every instance does, for sends and questions alike, and the waiting rows say so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.job import JobState
from tests.scenario.conftest import GOOD_CSV, Stage

PATH = "customer-groups/USMF/groups-2026-11-14.csv"
OTHER = "customers/USMF/other-2026-11-14.zip"
NEXT = "customer-groups/DEMF/groups-2026-11-15.csv"


def _calls(stage: Stage) -> int:
    return sum(1 for _, path, _ in stage.world.calls if not path.endswith("/token"))


@pytest.mark.parametrize(
    "fault", [("throttle", {"retry_after": 300}), ("throttle", {"retry_after": 300, "as_date": True})]
)
def test_a_pause_told_to_one_instance_is_kept_by_all_and_shown_on_waiting_rows(stage: Stage, fault: tuple) -> None:
    kind, options = fault
    stage.world.faults.add("enqueue", kind, **options)
    stage.drop(PATH)
    stage.engine = stage.another_host()
    before = _calls(stage)
    stage.drop(NEXT)
    assert _calls(stage) == before
    job = stage.job(NEXT)
    assert (job.state, job.attempt, job.slots) == (JobState.WAITING, 0, ())
    assert job.reason.startswith("pause: paused by F&O until ")
    assert job.due_at is not None
    assert abs(job.due_at - stage.clock() - timedelta(seconds=300)) <= timedelta(seconds=1)
    stage.run_to_the_end()
    assert [job.state for job in stage.jobs()] == [JobState.SUCCEEDED] * 2


def test_nothing_is_asked_during_a_pause_and_all_is_asked_after_it(stage: Stage) -> None:
    stage.drop(PATH)
    stage.world.faults.add("enqueue", "throttle", retry_after=600)
    stage.drop(NEXT)
    before = _calls(stage)
    for _ in range(9):
        stage.tick(timedelta(minutes=1))
    assert _calls(stage) == before
    assert stage.job(PATH).state is JobState.ENQUEUED
    stage.run_to_the_end()
    assert {job.state for job in stage.jobs()} == {JobState.SUCCEEDED}


def test_a_status_call_that_is_throttled_pauses_the_sends_too_and_is_not_asked_another_way(stage: Stage) -> None:
    stage.drop(PATH)
    stage.world.faults.add("jobstatus", "throttle", retry_after=120)
    before = _calls(stage)
    stage.tick(timedelta(minutes=1))
    assert _calls(stage) == before + 1
    stage.drop(NEXT)
    assert stage.job(NEXT).reason.startswith("pause: ")


def test_a_pause_without_a_length_is_short_and_one_without_end_has_a_ceiling(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "throttle")
    stage.drop(PATH)
    assert stage.engine.tick.pausing.until() == stage.clock() + timedelta(seconds=30)
    stage.pass_time(timedelta(minutes=1))
    stage.world.faults.add("enqueue", "throttle", retry_after=999_999)
    stage.drop(NEXT)
    assert stage.engine.tick.pausing.until() == stage.clock() + timedelta(hours=1)


def test_a_server_that_is_down_without_saying_for_how_long_pauses_nobody(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "status", code=503)
    stage.drop(PATH)
    stage.drop(NEXT, GOOD_CSV + b"60,Own\r\n")
    assert stage.job(NEXT).state is JobState.ENQUEUED
