"""What every store of the shared pace keeps to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.pacing.circuit import Circuit
from shared.domain.pacing.pace import EnvironmentPace, FeedPace, Standing, paused
from shared.errors import Conflict
from shared.ports import PaceLedger
from tests.builders import START

A_FEED = FeedPace(
    circuit=Circuit(refusals=4, why="400 Zürich", opened_at=START, try_at=START + timedelta(hours=1)),
    stopped_at=START,
    stopped_why="year end (ada)",
)
A_PACE = EnvironmentPace(paused_until=START, pause_why="429 'quoted', Zürich", tokens=12.5, filled_at=START)


def test_a_pace_that_nobody_changed_is_the_default(pace: PaceLedger) -> None:
    assert pace.environment() == EnvironmentPace()


def test_a_change_is_stored_with_every_column(pace: PaceLedger) -> None:
    assert pace.change_environment(lambda _: A_PACE) == A_PACE
    assert pace.environment() == A_PACE


def test_a_change_builds_on_what_is_stored(pace: PaceLedger) -> None:
    pace.change_environment(lambda _: A_PACE)
    pace.change_environment(lambda before: paused(before, timedelta(minutes=5), "later", START))
    assert pace.environment() == replace(A_PACE, paused_until=START + timedelta(minutes=5), pause_why="later")


def test_one_read_gives_the_environment_and_the_feed_asked_for(pace: PaceLedger) -> None:
    assert pace.standing("invoices") == Standing(EnvironmentPace(), FeedPace())
    pace.change_environment(lambda _: A_PACE)
    pace.change_feed("invoices", lambda _: A_FEED)
    pace.change_feed("orders", lambda _: FeedPace())
    assert pace.standing("invoices") == Standing(A_PACE, A_FEED)
    assert pace.standing("invoice") == Standing(A_PACE, FeedPace())


def test_of_changes_at_once_none_is_lost(pace: PaceLedger) -> None:
    def spend(_: int) -> bool:
        try:
            pace.change_environment(lambda before: replace(before, tokens=before.tokens - 1))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        spent = sum(pool.map(spend, range(12)))
    assert spent > 0
    assert pace.environment().tokens == pytest.approx(-spent)
