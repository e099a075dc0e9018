"""Places are for who is first in turn: by landing and priority, and not for whoever happens to land at the moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain.job import JobState
from tests.scenario.conftest import GOOD_CSV, Stage


def _drop(stage: Stage, feed: str, *names: str) -> None:
    for name in names:
        stage.drop(f"{feed}/USMF/{name}.csv", GOOD_CSV + f"7{name[-3:]},Own\r\n".encode())


def _sent(stage: Stage) -> list[str]:
    sent = [job for job in stage.jobs() if job.sent_at]
    return [job.source.name.removesuffix(".csv") for job in sorted(sent, key=lambda job: job.sent_at or job.created_at)]


def _free_one_at_a_time(stage: Stage, rounds: int) -> None:
    for _ in range(rounds):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=1))


def _one_place(stage: Stage, more: str = "") -> None:
    stage.edit_feeds("max_in_flight: 6\n", f"max_in_flight: 1\n{more}")
    stage.engine = stage.another_host()


def test_a_higher_priority_goes_first_when_the_cap_binds(stage: Stage) -> None:
    _one_place(stage)
    stage.edit_feeds("    lost_answer: resend\n", "    lost_answer: resend\n    priority: 9\n")
    stage.engine = stage.another_host()
    _drop(stage, "customer-groups", "first", "second", "third")
    _drop(stage, "resendable", "urgent")
    _free_one_at_a_time(stage, 20)
    assert _sent(stage) == ["first", "urgent", "second", "third"]


def test_what_lands_while_others_wait_goes_behind_them_though_there_is_room_at_the_moment(stage: Stage) -> None:
    _one_place(stage)
    _drop(stage, "customer-groups", "first", "second")
    stage.tick(timedelta(minutes=1))
    for slot in stage.engine.ledger.taken():
        stage.engine.ledger.free_slots(slot.job_id, [slot.key])
    stage.engine = stage.another_host()
    _drop(stage, "resendable", "z-newcomer")
    newcomer = stage.job("resendable/USMF/z-newcomer.csv")
    assert (newcomer.state, newcomer.reason) == (
        JobState.WAITING,
        "cap: files that landed before it wait for a place",
    )
    _free_one_at_a_time(stage, 20)
    assert _sent(stage) == ["first", "second", "z-newcomer"]


def test_with_many_workers_and_one_place_it_is_the_first_in_turn_who_gets_it(stage: Stage) -> None:
    _one_place(stage, "paused: true\n")
    stage.edit_feeds("    overdue_after: 2h\n", "    overdue_after: 2h\n    order_by: name\n")
    stage.engine = stage.another_host()
    names = [f"n{number}" for number in range(12)]
    _drop(stage, "customer-groups", *reversed(names))
    stage.edit_feeds("paused: true\n", "")
    stage.engine = stage.another_host()
    _free_one_at_a_time(stage, 45)
    assert _sent(stage) == names


def test_a_run_whose_budget_is_gone_before_it_begins_still_gets_on(stage: Stage) -> None:
    stage.drop("customer-groups/USMF/late.csv", event=False)
    stage.pass_time(timedelta(minutes=20))
    stage.engine.poll()
    stage.world.recurrence_tick()
    stage.world.recurrence_tick()
    hurried = replace(stage.engine.tick, budget=timedelta(0))
    for _ in range(2):
        stage.pass_time(timedelta(minutes=5))
        hurried.run()
    assert stage.job("customer-groups/USMF/late.csv").state is JobState.SUCCEEDED


def test_a_run_of_the_timer_costs_the_same_however_many_files_wait_for_a_place(stage: Stage, monkeypatch: Any) -> None:
    from azure.data.tables import TableClient

    calls: list[str] = []
    for name in ("get_entity", "create_entity", "update_entity", "upsert_entity", "submit_transaction"):
        original = getattr(TableClient, name)

        def counted(self: Any, *args: Any, _name: str = name, _call: Any = original, **options: Any) -> Any:
            calls.append(_name)
            return _call(self, *args, **options)

        monkeypatch.setattr(TableClient, name, counted)
    _one_place(stage)
    _drop(stage, "customer-groups", "first", "second", "third")
    costs = []
    for more in ("m", "n"):
        _drop(stage, "customer-groups", *(f"{more}{number}" for number in range(10)))
        stage.tick()  # notes the crowd, and knows the files from here on
        calls.clear()
        stage.tick()
        costs.append(len(calls))
    assert costs[0] == costs[1]


def test_a_lost_event_is_found_by_runs_that_have_no_time_to_spare(stage: Stage) -> None:
    path = stage.drop("customer-groups/USMF/lost.csv", event=False)
    hurried = replace(stage.engine.tick, budget=timedelta(0))
    for _ in range(3):
        stage.pass_time(timedelta(minutes=30))
        hurried.run()
    assert stage.job(path).attempt >= 0
