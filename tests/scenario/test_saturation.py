"""A queue that stands still is told once an activity, by the feed's own history, and the telling clears itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.job import JobState
from shared.domain.watching.history import LEAST
from shared.telemetry import Event
from tests.scenario.conftest import GOOD_CSV, Stage


def _drop(stage: Stage, number: int, feed: str = "customer-groups") -> str:
    return stage.drop(f"{feed}/USMF/{number}.csv", GOOD_CSV + f"7{number},Own\r\n".encode())


def _told(caplog: pytest.LogCaptureFixture, event: Event) -> list[str]:
    return [str(r.__dict__.get("why", "")) for r in caplog.records if r.__dict__.get("event") == event.value]


def _learn(stage: Stage) -> None:
    """Imports that take two minutes each."""
    for number in range(LEAST + 1):
        _drop(stage, number)
        stage.tick(timedelta(minutes=1))
        stage.world.recurrence_tick()
        stage.world.recurrence_tick()
        for _ in range(5):
            stage.tick(timedelta(minutes=1))


def test_a_queue_that_stands_still_is_told_once_and_its_end_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    _learn(stage)
    _drop(stage, 50)
    _drop(stage, 51, feed="resendable")
    for _ in range(12):
        stage.tick(timedelta(minutes=5))
        stage.engine = stage.another_host()
    [why] = _told(caplog, Event.JOB_SATURATED)
    assert "batch group" in why
    assert "System administration > Batch jobs" in why
    stage.run_to_the_end(step=timedelta(minutes=20))
    assert {job.state for job in stage.jobs()} == {JobState.SUCCEEDED}
    assert len(_told(caplog, Event.JOB_SATURATION_OVER)) == 1
    assert len(_told(caplog, Event.JOB_SATURATED)) == 1


def test_a_feed_without_a_history_is_never_called_saturated(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    _drop(stage, 1)
    for _ in range(10):
        stage.tick(timedelta(minutes=10))
    assert _told(caplog, Event.JOB_SATURATED) == []


def test_what_a_feed_usually_takes_sets_the_first_status_call(stage: Stage) -> None:
    path = _drop(stage, 99)
    assert stage.job(path).due_at == stage.clock()
    stage.run_to_the_end()
    _learn(stage)
    path = _drop(stage, 98)
    due_at = stage.job(path).due_at
    assert due_at is not None
    assert timedelta(seconds=45) <= due_at - stage.clock() <= timedelta(minutes=5)
