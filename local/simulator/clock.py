"""A virtual clock: starts at the real time, runs with it if asked to, and moves when told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Time as the simulated F&O sees it. Aware UTC."""

    def __init__(self, follows_real_time: bool = False) -> None:
        self.follows_real_time = follows_real_time
        self._started_at = datetime.now(UTC)
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The time now."""
        base = datetime.now(UTC) if self.follows_real_time else self._started_at
        return base + self._offset

    def advance(self, span: timedelta) -> None:
        """Let time pass at once."""
        self._offset += span
