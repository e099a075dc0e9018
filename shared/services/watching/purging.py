"""Rows of files that the containers' lifecycle has deleted are dropped from the ledger, a bounded time at each run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from shared.domain.naming import source_key
from shared.domain.outcomes.retention import may_go
from shared.errors import CourierError
from shared.ports import Clock, FileStore, Ledger, OldArrival, OldRows
from shared.telemetry import Event, emit

#: Looked for so often: what a day brings is dropped in parts, and with nothing to drop a look is two requests.
EVERY = timedelta(hours=1)
#: Rows are taken in windows of so many, so that memory stays flat and the budget is seen.
WINDOW = 100
_DROPPED, _LEFT = "dropped", "left"


@dataclass(frozen=True, slots=True)
class Purging:
    """Drops what landed longer ago than `keep`, is at its end, and has its files nowhere any more."""

    ledger: Ledger
    old: OldRows
    files: FileStore
    clock: Clock
    keep: timedelta
    budget: timedelta
    workers: int

    def run(self) -> int:
        """One run within budget; how many files' rows were dropped. What is left is the next run's affair."""
        now = self.clock()
        if not self.ledger.turn("purge", now, EVERY):
            return 0
        before, stop_at, tally = now - self.keep, now + self.budget, Counter[str]()
        arrivals = self.old.arrived_before(before.astimezone(UTC).date())
        with ThreadPoolExecutor(self.workers, thread_name_prefix="purge") as pool:
            for window in self._windows(arrivals, stop_at):
                lying = {source_key(source) for source in self.files.landed(now)}
                tally.update(pool.map(lambda arrival: self._guarded(arrival, before, lying), window))  # noqa: B023 - used up here
        if tally:
            emit(Event.LEDGER_PURGED, files=tally[_DROPPED], left=tally[_LEFT], landed_before=before.date())
        return tally[_DROPPED]

    def _windows(self, arrivals: Iterator[OldArrival], stop_at: datetime) -> Iterator[list[OldArrival]]:
        while self.clock() < stop_at and (window := list(islice(arrivals, WINDOW))):
            yield window

    def _guarded(self, arrival: OldArrival, before: datetime, lying: set[str]) -> str:
        try:
            return _DROPPED if self._dropped(arrival, before, lying) else _LEFT
        except CourierError as failure:
            emit(Event.TICK_STEP_FAILED, job_id=arrival.job_id, error=f"purge: {failure}")
            return _LEFT

    def _dropped(self, arrival: OldArrival, before: datetime, lying: set[str]) -> bool:
        """Drop one file's rows. A file that lies in landing still would be taken in anew without its claim."""
        stored = self.ledger.read(arrival.job_id)
        job = stored.job if stored else None
        sources = {arrival.key, *(source_key(file.source) for file in job.members)} if job else {arrival.key}
        if sources & lying or (job and not may_go(job, before)):
            return False
        return self.old.drop(arrival, stored)
