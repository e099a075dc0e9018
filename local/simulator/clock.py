"""A virtual clock: starts at the real time, runs with it if asked to, and moves when told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Time as the simulated F&O sees it. Aware UTC."""

    def __init__(self) -> None:
        self._reached = datetime.now(UTC)
        self._running_since: datetime | None = None

    @property
    def follows_real_time(self) -> bool:
        """True while it runs by itself. It may be switched at any time; the time shown does not jump."""
        return self._running_since is not None

    @follows_real_time.setter
    def follows_real_time(self, wanted: bool) -> None:
        self._reached = self.now()
        self._running_since = datetime.now(UTC) if wanted else None

    def now(self) -> datetime:
        """The time now."""
        return self._reached + (datetime.now(UTC) - self._running_since if self._running_since else timedelta(0))

    def advance(self, span: timedelta) -> None:
        """Let time pass at once."""
        self._reached += span
