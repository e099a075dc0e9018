"""The shared pace in memory. Passes the contract in tests/contract/test_pace.py."""

from __future__ import annotations

import threading
from collections.abc import Callable

from shared.domain.pacing.pace import EnvironmentPace, FeedPace, Standing
from shared.domain.watching.history import ActivityPace


class MemoryPace:
    """PaceLedger over attributes, one lock around each call."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._environment = EnvironmentPace()
        self._activities: dict[str, ActivityPace] = {}
        self._feeds: dict[str, FeedPace] = {}

    def environment(self) -> EnvironmentPace:
        """See PaceLedger."""
        return self._environment

    def environment_last_seen(self) -> EnvironmentPace:
        """See PaceLedger."""
        return self._environment

    def standing(self, feed: str) -> Standing:
        """See PaceLedger."""
        with self._lock:
            return Standing(self._environment, self._feeds.get(feed, FeedPace()))

    def change_feed(self, feed: str, change: Callable[[FeedPace], FeedPace]) -> FeedPace:
        """See PaceLedger."""
        with self._lock:
            self._feeds[feed] = change(self._feeds.get(feed, FeedPace()))
            return self._feeds[feed]

    def activity(self, activity_id: str) -> ActivityPace:
        """See PaceLedger."""
        return self._activities.get(activity_id, ActivityPace())

    def change_activity(self, activity_id: str, change: Callable[[ActivityPace], ActivityPace]) -> ActivityPace:
        """See PaceLedger."""
        with self._lock:
            self._activities[activity_id] = change(self.activity(activity_id))
            return self._activities[activity_id]

    def change_environment(self, change: Callable[[EnvironmentPace], EnvironmentPace]) -> EnvironmentPace:
        """See PaceLedger."""
        with self._lock:
            self._environment = change(self._environment)
            return self._environment
