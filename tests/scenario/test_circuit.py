"""A feed whose files are refused for good stops by itself and goes on by itself; what passes never stops one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.job import JobState
from shared.domain.pacing.admission import WaitKind
from shared.domain.pacing.circuit import FIRST_TRY, OPENS_AFTER
from shared.telemetry import Event
from tests.scenario.conftest import GOOD_CSV, Stage


def _drop(stage: Stage, first: int, count: int, feed: str = "customer-groups") -> None:
    for number in range(first, first + count):
        stage.drop(f"{feed}/USMF/{number}.csv", GOOD_CSV + f"7{number},Own\r\n".encode())


def _told(caplog: pytest.LogCaptureFixture, event: Event) -> int:
    return sum(record.__dict__.get("event") == event.value for record in caplog.records)


def _state(stage: Stage, number: int) -> JobState:
    return stage.job(f"customer-groups/USMF/{number}.csv").state


def test_refused_files_open_the_circuit_once_and_the_others_wait_and_say_why(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.world.faults.add("enqueue", "status", times=OPENS_AFTER, code=400)
    _drop(stage, 0, OPENS_AFTER)
    stage.engine = stage.another_host()
    _drop(stage, OPENS_AFTER, 2)
    waiting = stage.job(f"customer-groups/USMF/{OPENS_AFTER}.csv")
    assert (waiting.state, waiting.attempt, waiting.slots) == (JobState.WAITING, 0, ())
    assert waiting.reason.startswith("circuit: 3 files in a row were refused; one is tried at ")
    assert "400" in waiting.reason
    assert _told(caplog, Event.CIRCUIT_OPENED) == 1
    _drop(stage, 0, 1, feed="resendable")
    assert len(stage.world.messages) == 1


def test_one_file_tries_the_circuit_and_when_it_goes_out_so_do_the_rest(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.world.faults.add("enqueue", "status", times=OPENS_AFTER, code=404)
    _drop(stage, 0, OPENS_AFTER + 2)
    stage.tick(FIRST_TRY - timedelta(seconds=1))
    assert stage.world.messages == {}
    stage.run_to_the_end()
    assert [_state(stage, n) for n in (OPENS_AFTER, OPENS_AFTER + 1)] == [JobState.SUCCEEDED] * 2
    assert _told(caplog, Event.CIRCUIT_CLOSED) == 1


def test_an_empty_bucket_does_not_cost_the_circuit_its_try(stage: Stage) -> None:
    stage.edit_feeds("max_in_flight: 6\n", "max_in_flight: 6\nsends_per_minute: 2\n")
    stage.engine = stage.another_host()
    stage.world.faults.add("enqueue", "status", times=OPENS_AFTER, code=404)
    for number in range(OPENS_AFTER + 1):
        _drop(stage, number, 1)
        stage.pass_time(timedelta(minutes=1))
    stage.pass_time(FIRST_TRY)
    waiting = stage.job(f"customer-groups/USMF/{OPENS_AFTER}.csv")
    feed, other = stage.engine.feeds.feeds["customer-groups"], stage.engine.feeds.feeds["resendable"]
    admission = stage.engine.intake.submission.admission
    assert admission.held(waiting, feed) is None
    assert [admission.begin_send(other), admission.begin_send(other)] == [None, None]
    refused = admission.begin_send(feed)
    assert refused is not None
    assert refused.kind is WaitKind.RATE
    stage.pass_time(timedelta(minutes=1))
    assert admission.held(waiting, feed) is None
    assert admission.begin_send(feed) is None


def test_a_refused_try_costs_one_file_and_makes_the_next_try_later(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "status", times=OPENS_AFTER + 1, code=400)
    _drop(stage, 0, OPENS_AFTER + 4)
    stage.tick(FIRST_TRY)
    states = [job.state for job in stage.jobs()]
    assert (states.count(JobState.FAILED), states.count(JobState.WAITING)) == (OPENS_AFTER + 1, 3)
    stage.tick(FIRST_TRY + timedelta(minutes=1))
    assert stage.world.messages == {}
    stage.tick(FIRST_TRY)
    assert len(stage.world.messages) >= 1


def test_refusals_with_a_file_taken_in_between_open_nothing(stage: Stage) -> None:
    for number in range(OPENS_AFTER):
        stage.world.faults.add("enqueue", "status", code=400)
        _drop(stage, 2 * number, 2)
        stage.run_to_the_end()
    states = [job.state for job in stage.jobs()]
    assert (states.count(JobState.FAILED), states.count(JobState.SUCCEEDED)) == (OPENS_AFTER, OPENS_AFTER)


@pytest.mark.parametrize(
    "fault", [("status", {"code": 503}), ("status", {"code": 401}), ("redirect", {}), ("throttle", {})]
)
def test_what_passes_never_opens_the_circuit(
    stage: Stage, fault: tuple[str, dict[str, int]], caplog: pytest.LogCaptureFixture
) -> None:
    kind, options = fault
    stage.world.faults.add("enqueue", kind, times=12, **options)
    _drop(stage, 0, 2)
    stage.run_to_the_end(rounds=60)
    assert {job.state for job in stage.jobs()} == {JobState.SUCCEEDED}
    assert _told(caplog, Event.CIRCUIT_OPENED) == 0
