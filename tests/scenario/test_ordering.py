"""Ordered feeds: a file goes when all before it were loaded; a failure holds those behind it until a person acts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from shared.courier.__main__ import main
from shared.domain.job import Job, JobState
from shared.domain.pacing.releasing import NotHeld
from shared.domain.routing import NoSuchFeed
from shared.telemetry import Event
from tests.scenario.conftest import GOOD_CSV, Stage


def _path(name: str, legal_entity: str = "USMF") -> str:
    return f"customer-groups/{legal_entity}/{name}"


@pytest.fixture
def numbered(stage: Stage) -> Stage:
    """A strict feed by number, with room for two at once."""
    return _strict(stage, "number")


def _strict(stage: Stage, order_by: str) -> Stage:
    stage.edit_feeds(
        "    overdue_after: 2h\n", f"    overdue_after: 2h\n    ordering: strict\n    order_by: {order_by}\n"
    )
    stage.engine = stage.another_host()
    return stage


def _drop(stage: Stage, names: Iterable[str]) -> None:
    for name in names:
        stage.drop(_path(name), GOOD_CSV + f"7{name[:4]},Own {name}\r\n".encode())


def _run(stage: Stage, rounds: int = 40) -> None:
    for _ in range(rounds):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=1))


def _sent(stage: Stage) -> list[str]:
    """Names of the files in the order in which they went out."""
    sent = [job for job in stage.jobs() if job.sent_at]
    return [job.source.name for job in sorted(sent, key=lambda job: job.sent_at or job.created_at)]


def _job(stage: Stage, name: str) -> Job:
    return stage.job(_path(name))


def test_numbers_go_one_after_the_other_however_they_land(numbered: Stage) -> None:
    _drop(numbered, ["o_3.csv", "o_1.csv", "o_10.csv", "o_2.csv"])
    _run(numbered)
    assert _sent(numbered) == ["o_1.csv", "o_2.csv", "o_3.csv"]
    assert _job(numbered, "o_10.csv").reason == "order: number 4 has not landed"
    _drop(numbered, [f"o_{n}.csv" for n in range(4, 10)])
    _run(numbered, 60)
    assert _sent(numbered) == [f"o_{n}.csv" for n in range(1, 11)]
    assert {job.state for job in numbered.jobs()} == {JobState.SUCCEEDED}


def test_the_next_goes_only_when_the_one_before_has_been_loaded(numbered: Stage) -> None:
    _drop(numbered, ["1.csv", "2.csv"])
    for _ in range(10):
        numbered.tick(timedelta(minutes=1))
    assert (_job(numbered, "1.csv").state, _job(numbered, "2.csv").state) == (JobState.ENQUEUED, JobState.WAITING)
    assert _job(numbered, "2.csv").reason == "order: 1.csv before it is ENQUEUED"
    assert _job(numbered, "2.csv").slots == ()


def test_a_failure_holds_its_group_alone_and_is_told_once(numbered: Stage, caplog: pytest.LogCaptureFixture) -> None:
    numbered.world.faults.add("enqueue", "status", code=400)
    _drop(numbered, ["1.csv", "2.csv", "3.csv"])
    _run(numbered)
    numbered.drop(_path("2.csv", "DEMF"), GOOD_CSV + b"99,Other company\r\n")
    _run(numbered)
    assert [_job(numbered, f"{n}.csv").state for n in (1, 2, 3)] == [JobState.FAILED] + [JobState.WAITING] * 2
    assert "1.csv before it ended FAILED; a person releases it" in _job(numbered, "2.csv").reason
    assert numbered.job(_path("2.csv", "DEMF")).state is JobState.SUCCEEDED
    assert sum(record.__dict__.get("event") == Event.ORDER_HELD.value for record in caplog.records) == 1


def test_a_release_of_the_failed_file_lets_the_others_go_without_it(numbered: Stage) -> None:
    numbered.world.faults.add("enqueue", "status", code=400)
    _drop(numbered, ["1.csv", "2.csv"])
    _run(numbered, 10)
    failed = _job(numbered, "1.csv")
    numbered.engine.releasing.release(failed.job_id, "entered by hand", "anna@example.com")
    _run(numbered, 20)
    assert _job(numbered, "2.csv").state is JobState.SUCCEEDED
    last = _job(numbered, "1.csv").timeline[-1]
    assert (last.actor, last.to_state) == ("anna@example.com", JobState.FAILED)
    assert last.why == "released: entered by hand"


def test_a_waiting_file_can_be_skipped_and_the_next_number_goes(numbered: Stage) -> None:
    numbered.edit_feeds("    ordering: strict\n", "    ordering: strict\n    paused: true\n")
    numbered.engine = numbered.another_host()
    _drop(numbered, ["1.csv", "2.csv"])
    numbered.engine.releasing.skip(_job(numbered, "1.csv").job_id, "sent twice by mistake", "anna@example.com")
    numbered.edit_feeds("    paused: true\n", "")
    numbered.engine = numbered.another_host()
    _run(numbered, 20)
    assert (_job(numbered, "1.csv").state, _job(numbered, "2.csv").state) == (JobState.SKIPPED, JobState.SUCCEEDED)
    assert numbered.in_landing() == []


def test_a_missing_number_is_skipped_by_a_person(numbered: Stage) -> None:
    _drop(numbered, ["1.csv", "4.csv"])
    _run(numbered, 20)
    assert _job(numbered, "4.csv").state is JobState.WAITING
    words = ["--why", "cancelled", "--by", "anna@example.com"]
    assert main(["skip-number", "customer-groups", "3", "--company", "USMF", *words], lambda: numbered.engine) == 0
    _run(numbered, 20)
    assert _job(numbered, "4.csv").state is JobState.SUCCEEDED


def test_a_number_is_skipped_only_where_numbers_are_waited_for(stage: Stage) -> None:
    skip = stage.engine.releasing.skip_number
    with pytest.raises(NotHeld, match="waits for no number"):
        skip("customer-groups", "USMF", 5, "?", "anna@example.com")
    with pytest.raises(NoSuchFeed, match="there is no feed customer-grups"):
        skip("customer-grups", "USMF", 5, "?", "anna@example.com")
    numbered = _strict(stage, "number")
    with pytest.raises(NotHeld, match="has no legal entity XXXX; it has "):
        numbered.engine.releasing.skip_number("customer-groups", "XXXX", 5, "?", "anna@example.com")


def test_a_number_that_comes_after_its_turn_waits_for_a_person_and_goes_when_released(numbered: Stage) -> None:
    _drop(numbered, ["5.csv"])
    _run(numbered, 10)
    _drop(numbered, ["4.csv"])
    late = _job(numbered, "4.csv")
    assert (late.state, late.due_at) == (JobState.WAITING, None)
    numbered.engine.releasing.release(late.job_id, "it may still be loaded", "anna@example.com")
    _run(numbered, 10)
    assert _job(numbered, "4.csv").state is JobState.SUCCEEDED


def test_what_is_in_the_erp_can_be_neither_released_nor_skipped(numbered: Stage) -> None:
    _drop(numbered, ["1.csv"])
    numbered.tick(timedelta(minutes=3))
    job = _job(numbered, "1.csv")
    for act in (numbered.engine.releasing.release, numbered.engine.releasing.skip):
        with pytest.raises(NotHeld, match="ENQUEUED"):
            act(job.job_id, "why", "anna@example.com")
    with pytest.raises(NotHeld, match="no job"):
        numbered.engine.releasing.skip("customer-groups.20261114.aaaaaaaaaaaaaaaa", "why", "anna@example.com")


def test_a_file_without_a_number_is_rejected_by_a_feed_that_counts(numbered: Stage) -> None:
    _drop(numbered, ["final.csv"])
    job = _job(numbered, "final.csv")
    assert (job.state, job.findings[0].rule) == (JobState.REJECTED, "no-number")


def test_by_landing_time_the_oldest_goes_first_though_its_event_was_lost(stage: Stage) -> None:
    _strict(stage, "landed")
    stage.drop(_path("first.csv"), GOOD_CSV, event=False)
    stage.drop(_path("second.csv"), GOOD_CSV + b"80,Own\r\n")
    assert stage.job(_path("second.csv")).reason == "order: files that landed with it are put in order first"
    stage.engine.file_landed(stage.landing, _path("first.csv"))
    _run(stage, 20)
    assert _sent(stage) == ["first.csv", "second.csv"]


def test_a_held_duplicate_goes_when_a_person_releases_it(stage: Stage) -> None:
    stage.edit_feeds("    overdue_after: 2h\n", "    overdue_after: 2h\n    duplicate: hold\n")
    stage.engine = stage.another_host()
    stage.drop(_path("a.csv"))
    _run(stage, 5)
    stage.drop(_path("b.csv"))
    stage.engine.releasing.release(stage.job(_path("b.csv")).job_id, "loaded into the wrong ledger", "anna@example.com")
    _run(stage, 10)
    assert stage.job(_path("b.csv")).state is JobState.SUCCEEDED
    assert len(stage.world.messages) == 2
