"""How fast and when files go out: across instances, with a reason on every row that waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.job import JobState
from shared.domain.pacing.admission import Hold
from shared.wiring import Engine
from tests.scenario.conftest import GOOD_CSV, Stage


def _with(stage: Stage, text: str, feed: bool = True) -> None:
    """Write keys into the first feed, or at the top, and start afresh with them."""
    find = "    overdue_after: 2h\n" if feed else "max_in_flight: 6\n"
    stage.edit_feeds(find, find + text)
    stage.engine = stage.another_host()


def _drop(stage: Stage, count: int, feed: str = "customer-groups") -> list[str]:
    """Files of one feed, each with rows of its own."""
    rows = [GOOD_CSV + f"7{n},{feed} {n}\r\n".encode() for n in range(count)]
    return [stage.drop(f"{feed}/USMF/{n}.csv", content) for n, content in enumerate(rows)]


def _reasons(stage: Stage) -> list[str]:
    return sorted(job.reason for job in stage.jobs() if job.state is JobState.WAITING)


def _asking(host: Engine) -> Hold | None:
    return host.intake.submission.admission.begin_send(host.feeds.feeds["customer-groups"])


def _set_clock(stage: Stage, at: datetime) -> None:
    stage.pass_time(at - stage.clock())


def test_sends_of_all_instances_come_out_of_one_bucket_and_the_rest_say_why_they_wait(stage: Stage) -> None:
    _with(stage, "sends_per_minute: 3\n", feed=False)
    stage.edit_feeds("    max_in_flight: 2\n    overdue_after: 2h\n", "    max_in_flight: 6\n    overdue_after: 2h\n")
    stage.edit_feeds("    companies: [USMF]\n    max_in_flight: 2\n", "    companies: [USMF]\n    max_in_flight: 6\n")
    hosts = [stage.another_host() for _ in range(5)]
    for number, host in enumerate(hosts):
        stage.engine = host
        stage.drop(f"customer-groups/USMF/{number}.csv", GOOD_CSV + f"7{number},Own\r\n".encode())
    assert len(stage.world.messages) == 3
    waiting = _reasons(stage)
    assert len(waiting) == 2
    assert all(reason.startswith("rate: 3 sends a minute; the next at ") for reason in waiting)
    assert {slot.job_id for slot in stage.engine.ledger.taken()} == {
        job.job_id for job in stage.jobs() if job.state is JobState.ENQUEUED
    }
    stage.tick(timedelta(seconds=20))
    assert len(stage.world.messages) == 4
    stage.run_to_the_end()
    assert len(stage.world.messages) == 5


def test_two_instances_never_take_the_last_send_twice(stage: Stage) -> None:
    from concurrent.futures import ThreadPoolExecutor

    _with(stage, "sends_per_minute: 2\n", feed=False)
    hosts = [stage.another_host() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        holds = list(pool.map(_asking, hosts))
    assert sum(hold is None for hold in holds) == 2


def test_a_serial_feed_has_one_file_in_the_erp_until_that_has_ended(stage: Stage) -> None:
    _with(stage, "    serial: true\n")
    _drop(stage, 3)
    most = 0
    for _ in range(30):
        flying = [job for job in stage.jobs() if job.state in {JobState.ENQUEUED, JobState.RUNNING}]
        most = max(most, len(flying))
        assert all(reason.startswith("serial: one file at a time for Customer groups") for reason in _reasons(stage))
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=1))
    assert most == 1
    assert {job.state for job in stage.jobs()} == {JobState.SUCCEEDED}


def test_a_serial_key_holds_across_feeds(stage: Stage) -> None:
    _with(stage, "    serial_key: ledger tables\n")
    stage.edit_feeds("    lost_answer: resend\n", "    lost_answer: resend\n    serial_key: Ledger Tables\n")
    stage.engine = stage.another_host()
    _drop(stage, 1)
    _drop(stage, 1, feed="resendable")
    assert [reason.split(",")[0] for reason in _reasons(stage)] == ["serial: one file at a time for Ledger Tables"]
    stage.run_to_the_end()
    assert {job.state for job in stage.jobs()} == {JobState.SUCCEEDED}


def test_a_file_outside_its_hours_waits_for_the_opening_that_its_row_shows(stage: Stage) -> None:
    _with(stage, '    send_between: "22:00-05:00"\n    time_zone: Europe/Berlin\n')
    _set_clock(stage, datetime(2027, 3, 28, 3, 0, tzinfo=UTC))  # five in the morning of the night that lost an hour
    [path] = _drop(stage, 1)
    job = stage.job(path)
    opens = datetime(2027, 3, 28, 20, 0, tzinfo=UTC)
    assert (job.state, job.due_at) == (JobState.WAITING, opens)
    assert job.reason == "window: the next opening is 2027-03-28 20:00:00 UTC"
    stage.tick(opens - stage.clock() - timedelta(seconds=1))
    assert stage.job(path).state is JobState.WAITING
    stage.tick(timedelta(seconds=1))
    assert stage.job(path).state is JobState.ENQUEUED


def test_maintenance_holds_every_feed_and_takes_files_in(stage: Stage) -> None:
    now = stage.clock()
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=2)
    _with(stage, f'maintenance: ["{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M}"]\n', feed=False)
    _drop(stage, 1)
    _drop(stage, 1, feed="resendable")
    assert stage.world.messages == {}
    assert all(reason.startswith("window: ") for reason in _reasons(stage))
    stage.run_to_the_end(rounds=40)
    assert {job.state for job in stage.jobs()} == {JobState.SUCCEEDED}


@pytest.mark.parametrize(("text", "is_feed", "held"), [("    paused: true\n", True, 1), ("paused: true\n", False, 2)])
def test_a_pause_in_feeds_yaml_holds_files_until_it_is_lifted(
    stage: Stage, text: str, is_feed: bool, held: int
) -> None:
    _with(stage, text, feed=is_feed)
    _drop(stage, 1)
    _drop(stage, 1, feed="resendable")
    assert len(_reasons(stage)) == held
    assert all(reason.startswith("off: feeds.yaml says paused") for reason in _reasons(stage))
    stage.tick(timedelta(hours=5))
    stage.edit_feeds(text, "")
    stage.engine = stage.another_host()
    stage.run_to_the_end()
    assert {job.state for job in stage.jobs()} == {JobState.SUCCEEDED}


def test_a_full_cap_is_named(stage: Stage) -> None:
    _drop(stage, 3)
    assert _reasons(stage) == ["cap: 2 in flight for the feed's activity"]


def test_a_feed_that_uses_none_of_it_costs_one_read_of_the_table_a_send(stage: Stage, monkeypatch: Any) -> None:
    from azure.data.tables import TableClient

    calls: list[str] = []
    for name in ("get_entity", "query_entities", "create_entity", "update_entity", "upsert_entity"):
        original = getattr(TableClient, name)

        def counted(self: Any, *args: Any, _name: str = name, _call: Any = original, **options: Any) -> Any:
            calls.append(f"{_name} {args[0] if args else ''}")
            return _call(self, *args, **options)

        monkeypatch.setattr(TableClient, name, counted)
    _drop(stage, 1)
    assert [call for call in calls if "pace" in call] == [call for call in calls if "pace" in call][:1]
    assert sum(call.startswith(("get_entity", "query_entities")) for call in calls) == READS_OF_A_PLAIN_SEND


#: The pace; a place is tried for unseen where there was room of late.
READS_OF_A_PLAIN_SEND = 1
