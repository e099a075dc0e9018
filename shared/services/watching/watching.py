"""One run of the watchers' timer: promises, sums, the purge, the certificate. One's trouble never stops the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from shared.errors import CourierError
from shared.ports import Clock
from shared.services.watching.credential_watch import CredentialWatch
from shared.services.watching.day_sums import DaySums
from shared.services.watching.promises import Promises
from shared.services.watching.purging import Purging
from shared.services.watching.timers import Timers
from shared.telemetry import Event, emit

_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class Watching:
    """The use case behind the timer of promises."""

    promises: Promises
    sums: DaySums
    purging: Purging
    credential: CredentialWatch
    timers: Timers
    clock: Clock

    def run(self) -> None:
        """Judge, sum, purge, look. What the ledger does not answer is told and left to the next run."""
        began_at = self.clock()
        tally, days = self._guarded(self.promises.judge), self._guarded(self.sums.run)
        purged, looked = self._guarded(self.purging.run), self._guarded(self.credential.run)
        did = (tally.judged if tally else 0) + (days or 0) + (purged or 0) + (looked or 0)
        in_order = None not in {days, purged, looked} and tally is not None
        left = tally.broken if tally else 0
        self.timers.ended("watch_promises", began_at, did=did, left=left, in_order=in_order)

    @staticmethod
    def _guarded(part: Callable[[], _Done]) -> _Done | None:
        try:
            return part()
        except CourierError as failure:
            emit(Event.TICK_STEP_FAILED, error=f"watch_promises: {failure}")
            return None
