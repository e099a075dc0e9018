"""Who goes first when there is room for some: the oldest, with a head start by priority. Pure.

A file that has waited is never passed over for long: a higher priority counts as having landed earlier, no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from shared.domain.feed import DEFAULT_PRIORITY, FeedBook
from shared.domain.pacing.admission import caps_of, full_caps

#: For each step of priority a file counts as having landed so much earlier. With priorities from 0 to 9 nothing is
#: overtaken by what landed more than nine steps after it.
HEAD_START = timedelta(minutes=15)


class Waiting(Protocol):
    """What is known of a waiting job without reading it."""

    @property
    def feed(self) -> str:
        """Name of its feed."""

    @property
    def landed_at(self) -> datetime:
        """When its file landed."""

    @property
    def order_key(self) -> str:
        """Sorts it among its feed's files."""


_Entry = TypeVar("_Entry", bound=Waiting)


def in_turn(entries: Iterable[_Entry], book: FeedBook) -> list[_Entry]:
    """The entries as they are to go: feeds by landing time and priority, files within a feed by its own order."""
    ranked = sorted(entries, key=lambda entry: (_rank(entry, book), entry.order_key))
    own: dict[str, Iterator[_Entry]] = {
        feed: iter(sorted((entry for entry in ranked if entry.feed == feed), key=lambda entry: entry.order_key))
        for feed in {entry.feed for entry in ranked}
    }
    return [next(own[entry.feed]) for entry in ranked]


def with_room(entries: Iterable[_Entry], book: FeedBook, used: Mapping[str, int]) -> tuple[list[_Entry], list[_Entry]]:
    """(those that find a place under every cap if they go in this order, the others). `used` counts taken places."""
    now_used, fitting, others = dict(used), [], []
    for entry in entries:
        feed = book.feeds.get(entry.feed)
        caps = caps_of(feed, book) if feed else {}
        if full_caps(caps, now_used):
            others.append(entry)
            continue
        fitting.append(entry)
        for name in caps:
            now_used[name] = now_used.get(name, 0) + 1
    return fitting, others


def _rank(entry: Waiting, book: FeedBook) -> datetime:
    feed = book.feeds.get(entry.feed)
    return entry.landed_at - (feed.priority if feed else DEFAULT_PRIORITY) * HEAD_START
