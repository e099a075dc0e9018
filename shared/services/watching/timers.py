"""The end of a timer's run: told, and remembered when it went well, so that silence can be seen from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.errors import CourierError
from shared.ports import Clock, WatchLedger
from shared.telemetry import Event, emit

#: What the name of a timer's last success begins with in the ledger.
TIMER = "timer."


@dataclass(frozen=True, slots=True)
class Timers:
    """Keeps the last success of each timer in the ledger's table."""

    watch: WatchLedger
    clock: Clock

    def ended(self, tick: str, began_at: datetime, *, did: int, left: int, in_order: bool = True) -> None:
        """A run is over: what it did, what it left, and whether it met no defect. Raises nothing."""
        now = self.clock()
        emit(Event.TICK_DONE, tick=tick, seconds=round((now - began_at).total_seconds(), 1), did=did, left=left)
        if not in_order:
            return
        try:
            self.watch.note_seen(TIMER + tick, now)
        except CourierError as failure:
            emit(Event.TICK_STEP_FAILED, error=f"the success of {tick} could not be noted: {failure}")
