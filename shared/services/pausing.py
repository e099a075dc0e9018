"""F&O asks to be left alone: one pause for the environment, kept where every instance reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.pacing.pace import paused
from shared.errors import CourierError
from shared.ports import Clock, PaceLedger
from shared.telemetry import Event, emit


@dataclass(frozen=True, slots=True)
class Pausing:
    """Notes a pause that one call was told, and tells it to all others."""

    pace: PaceLedger
    clock: Clock

    def note(self, asked: timedelta | None, why: str) -> None:
        """Keep the pause. A store that cannot be reached is told and passed over: the caller has its own wait."""
        now = self.clock()
        try:
            self.pace.change_environment(lambda pace: paused(pace, asked, why, now))
        except CourierError as failure:
            emit(Event.ERP_PAUSE_UNNOTED, error=str(failure))

    def until_as_last_seen(self) -> datetime | None:
        """The same by what this process last saw of it, its own calls included; costs nothing."""
        return self.pace.environment_last_seen().pause_at(self.clock())

    def until(self) -> datetime | None:
        """Until when F&O is to be left alone; None when it may be called. Raises Transient."""
        return self.pace.environment().pause_at(self.clock())
