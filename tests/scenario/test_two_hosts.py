"""Two hosts at the same rows, one in the middle of the other's two writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.job import JobState
from tests.scenario.conftest import Stage


def _before_next_update(stage: Stage, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Let something happen after the stage's engine has noted when a job is due, and before its row says so."""
    table = stage.engine.ledger._table  # type: ignore[attr-defined]  # the window lies between two calls of the adapter
    update = table.update_entity

    def updating(*args: Any, **options: Any) -> Any:
        monkeypatch.undo()
        meanwhile()
        return update(*args, **options)

    monkeypatch.setattr(table, "update_entity", updating)


def test_a_tick_does_not_drop_the_due_entry_of_a_row_that_is_just_being_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        stage.drop(f"customer-groups/USMF/{number}.csv")
    _before_next_update(stage, monkeypatch, stage.another_host().poll)
    waiting = stage.drop("customer-groups/USMF/one too many.csv")
    assert stage.job(waiting).state is JobState.WAITING
    stage.run_to_the_end()
    assert stage.job(waiting).state is JobState.SUCCEEDED


def test_places_that_a_dead_sender_left_are_not_freed_under_the_next_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        stage.drop(f"customer-groups/USMF/{number}.csv")
    path = stage.drop("customer-groups/USMF/its sender dies.csv")
    for job in stage.jobs():
        stage.engine.ledger.free_slots(job.job_id, job.slots)
    engine, job = stage.engine, stage.job(path)
    engine.ledger.take_slots(job, engine.tick.submission.caps(engine.feeds.feeds[job.feed]), stage.clock())
    stage.pass_time(timedelta(minutes=11))
    stored = engine.ledger.read(job.job_id)
    assert stored
    _before_next_update(stage, monkeypatch, stage.another_host().tick.recovery.free_orphaned_slots)
    sent = engine.tick.submission.submit(stored)
    assert sent.job.state is JobState.ENQUEUED
    assert {slot.key for slot in engine.ledger.taken() if slot.job_id == job.job_id} == set(sent.job.slots)
