"""What is open, told by each tick for each feed, because alerts cannot read tables.

The due partitions list every open job. A job's row is read only when an entry has appeared that this process does not
know, and not at all when the tick has just looked at the job: so a gauge costs one listing and what has moved.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.feed import FeedBook
from shared.domain.job import JobState
from shared.domain.watching.gauges import FeedGauge, OpenFile, gauge_of, open_file
from shared.errors import CourierError
from shared.ports import Clock, Ledger, LedgerView, OpenEntry, Stored
from shared.telemetry import Event, emit

#: Rows that one tick reads for its gauges; with more unknown, the next tick goes on, and `unread` counts the rest.
MOST_READS = 500
#: A feed with nothing open is told this often, one with something open at each tick.
IDLE_TOLD_EVERY = timedelta(minutes=15)
#: States that another worker ends within moments, and not always with a new entry: never taken as known.
_PASSING = frozenset({JobState.RECEIVED, JobState.SENDING})


@dataclass(frozen=True, slots=True)
class _Known:
    """A job as last seen, and the entries that were there then. `is_fresh`: seen by the tick that is running."""

    file: OpenFile | None
    keys: frozenset[str] = frozenset()
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class Gauges:
    """Keeps what it has seen of open jobs as long as the process lives; a new process reads them once."""

    ledger: Ledger
    view: LedgerView
    feeds: FeedBook
    clock: Clock
    _known: dict[str, _Known] = field(default_factory=dict)
    _told_at: dict[str, datetime] = field(default_factory=dict)

    def observe(self, stored: Stored) -> None:
        """A tick has just looked at this job, so that it need not be read again."""
        self._known[stored.job.job_id] = _Known(open_file(stored.job), is_fresh=True)

    def tell(self, pool: Executor, stop_at: datetime) -> int:
        """Tell the gauge of every feed; how many files are open. A ledger out of reach is told, not raised."""
        try:
            unread = self._look(pool, stop_at)
        except CourierError as failure:
            emit(Event.TICK_STEP_FAILED, error=f"gauges: {failure}")
            return 0
        files: dict[str, list[OpenFile]] = defaultdict(list)
        for known in self._known.values():
            if known.file:
                files[known.file.feed].append(known.file)
        now = self.clock()
        gauges = {feed: gauge_of(files[feed], unread[feed], now) for feed in {*self.feeds.feeds, *files, *unread}}
        for feed, gauge in sorted(gauges.items()):
            self._tell(feed, gauge, now)
        return sum(gauge.open for gauge in gauges.values())

    def _look(self, pool: Executor, stop_at: datetime) -> Counter[str]:
        """Bring what is known up to the entries that are there; entries of unread jobs by feed."""
        listed: dict[str, list[OpenEntry]] = defaultdict(list)
        for entry in self.view.open_entries():
            listed[entry.job_id].append(entry)
        for job_id in set(self._known) - set(listed):
            del self._known[job_id]
        unknown = [job_id for job_id, entries in listed.items() if self._is_unknown(job_id, entries)]
        room = MOST_READS if self.clock() < stop_at else 0
        for job_id, stored in zip(unknown[:room], pool.map(self.ledger.read, unknown[:room]), strict=True):
            self._known[job_id] = _Known(open_file(stored.job) if stored else None)
            self._unpark(listed[job_id], stored)
        left = unknown[room:]
        for job_id in set(listed) - set(left):
            self._known[job_id] = replace(self._known[job_id], keys=_keys(listed[job_id]), is_fresh=False)
        return Counter(listed[job_id][0].feed for job_id in left if job_id not in self._known)

    def _is_unknown(self, job_id: str, entries: list[OpenEntry]) -> bool:
        known = self._known.get(job_id)
        if known is None or known.is_fresh:
            return known is None
        is_passing = known.file is not None and known.file.state in _PASSING
        return is_passing or not _keys(entries) <= known.keys

    def _unpark(self, entries: Iterable[OpenEntry], stored: Stored | None) -> None:
        """Drop the note of a job that a person has moved on. One whose write may be under way is left alone."""
        parked = [entry for entry in entries if entry.is_parked]
        is_parked = stored is not None and stored.job.due_at is None and not stored.job.is_final
        may_be_written = stored is not None and any(entry.replaces == stored.version.token for entry in parked)
        if parked and not is_parked and not may_be_written:
            self.view.unpark(parked)

    def _tell(self, feed: str, gauge: FeedGauge, now: datetime) -> None:
        """A feed that has come to rest is told at once, and now and then after that."""
        told_at = self._told_at.get(feed)
        if gauge.is_idle and told_at and now - told_at < IDLE_TOLD_EVERY:
            return
        self._told_at.pop(feed, None)
        if gauge.is_idle:
            self._told_at[feed] = now
        emit(
            Event.LEDGER_GAUGE,
            feed=feed,
            open=gauge.open,
            overdue=gauge.overdue,
            in_doubt=gauge.in_doubt,
            waiting=gauge.waiting,
            waiting_reasons=json.dumps(gauge.waiting_reasons),
            waiting_minutes=gauge.waiting_minutes,
            oldest_minutes=gauge.oldest_minutes,
            enqueued_minutes=gauge.enqueued_minutes,
            evidence_open=gauge.evidence_open,
            evidence_oldest_minutes=gauge.evidence_oldest_minutes,
            unread=gauge.unread,
        )


def _keys(entries: Iterable[OpenEntry]) -> frozenset[str]:
    return frozenset(entry.key for entry in entries)
