"""The shared pace, asked for by many sends within a moment and read once.

What this process changes or is told it sees at once. What another process has changed it sees at most RECENT later:
until then some of its files are still offered to F&O, which refuses them as it would have refused the first. Tokens
and tries are not affected, for they are taken by a change, and every change is applied to what the store holds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.domain.pacing.pace import EnvironmentPace, FeedPace, Standing
from shared.domain.watching.history import ActivityPace
from shared.ports import Clock, PaceLedger

#: How old the standing of a feed may be. A burst of events comes at tens of files a second.
RECENT = timedelta(seconds=2)


class RecentPace:
    """PaceLedger before another one. Thread-safe: the worst of a race is one more read."""

    def __init__(self, store: PaceLedger, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._read: dict[str, tuple[datetime, FeedPace]] = {}

    def standing(self, feed: str) -> Standing:
        """See PaceLedger; the feed's part may be as old as RECENT, the environment's is the newest that was seen."""
        now = self._clock()
        read_at, pace = self._read.get(feed, (None, None))
        if read_at and pace and timedelta(0) <= now - read_at < RECENT:
            return Standing(self._store.environment_last_seen(), pace)
        standing = self._store.standing(feed)
        self._read[feed] = now, standing.feed
        return standing

    def change_feed(self, feed: str, change: Callable[[FeedPace], FeedPace]) -> FeedPace:
        """See PaceLedger."""
        self._read.pop(feed, None)
        try:
            return self._store.change_feed(feed, change)
        finally:
            self._read.pop(feed, None)  # a read that went on meanwhile may be of what was before

    def environment(self) -> EnvironmentPace:
        """See PaceLedger."""
        return self._store.environment()

    def environment_last_seen(self) -> EnvironmentPace:
        """See PaceLedger."""
        return self._store.environment_last_seen()

    def change_environment(self, change: Callable[[EnvironmentPace], EnvironmentPace]) -> EnvironmentPace:
        """See PaceLedger."""
        return self._store.change_environment(change)

    def activity(self, activity_id: str) -> ActivityPace:
        """See PaceLedger."""
        return self._store.activity(activity_id)

    def change_activity(self, activity_id: str, change: Callable[[ActivityPace], ActivityPace]) -> ActivityPace:
        """See PaceLedger."""
        return self._store.change_activity(activity_id, change)
