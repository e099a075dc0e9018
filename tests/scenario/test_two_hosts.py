"""Two hosts at the same rows, one in the middle of the other's two writes."""

from __future__ import annotations

from collections.abc import Callable
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
