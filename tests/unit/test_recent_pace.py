"""Many sends within a moment read the pace once; what this process does itself it never overlooks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.adapters.tables.recent_pace import RECENT, RecentPace
from shared.domain.pacing.circuit import CLOSED, Circuit
from shared.domain.pacing.pace import FeedPace, paused
from tests.builders import START, ManualClock
from tests.fakes.memory_pace import MemoryPace

OPEN = Circuit(refusals=4, why="400", opened_at=START, try_at=START + timedelta(hours=1))


def test_what_another_process_changed_is_seen_when_the_last_read_is_no_longer_recent(clock: ManualClock) -> None:
    store = MemoryPace()
    pace = RecentPace(store, clock)
    assert pace.standing("invoices").feed.circuit == CLOSED
    store.change_feed("invoices", lambda feed: replace(feed, circuit=OPEN))
    clock.advance(RECENT - timedelta(microseconds=1))
    assert pace.standing("invoices").feed.circuit == CLOSED
    clock.advance(timedelta(microseconds=1))
    assert pace.standing("invoices").feed.circuit == OPEN


def test_each_feed_is_read_for_itself(clock: ManualClock) -> None:
    store = MemoryPace()
    store.change_feed("orders", lambda feed: replace(feed, circuit=OPEN))
    pace = RecentPace(store, clock)
    assert [pace.standing(feed).feed.circuit for feed in ("invoices", "orders")] == [CLOSED, OPEN]


def test_what_this_process_changes_it_sees_at_once(clock: ManualClock) -> None:
    pace = RecentPace(MemoryPace(), clock)
    assert pace.standing("invoices").feed == FeedPace()
    pace.change_feed("invoices", lambda feed: replace(feed, circuit=OPEN))
    pace.change_environment(lambda before: paused(before, timedelta(minutes=5), "429", START))
    standing = pace.standing("invoices")
    assert (standing.feed.circuit, standing.environment.pause_at(START)) == (OPEN, START + timedelta(minutes=5))


def test_a_clock_that_goes_back_makes_no_read_recent_for_longer(clock: ManualClock) -> None:
    store = MemoryPace()
    pace = RecentPace(store, clock)
    pace.standing("invoices")
    store.change_feed("invoices", lambda feed: replace(feed, circuit=OPEN))
    clock.advance(-timedelta(hours=1))
    assert pace.standing("invoices").feed.circuit == OPEN
