"""The ledger in memory. It passes the contract that the table passes (tests/contract/test_ledger.py)."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from shared.domain.job import Job, JobState, Lane, Source, lane_of
from shared.domain.listing import JobLine, line_of
from shared.domain.naming import source_key
from shared.errors import Conflict
from shared.ports import Arrival, DueEntry, JobStanding, OldArrival, OpenEntry, Slot, Stored, Version


class MemoryLedger:
    """Ledger over dictionaries, one lock around each call."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tokens = itertools.count(1)
        self._jobs: dict[str, Stored] = {}
        self._claims: dict[str, str] = {}
        self._landed: dict[tuple[date, str], Arrival] = {}
        self._parked: dict[str, OpenEntry] = {}
        self._doubts: set[tuple[str, str]] = set()
        self._messages: dict[str, str] = {}
        self._due: dict[tuple[Lane, datetime, str], DueEntry] = {}
        self._slots: dict[str, Slot] = {}
        self._turns: dict[str, datetime] = {}
        self._causes: dict[tuple[str, str], datetime] = {}

    def open(self, job: Job) -> tuple[Stored, bool]:
        """See Ledger."""
        with self._lock:
            job_id = self._claims.setdefault(source_key(job.source), job.job_id)
            landed_at = job.source.landed_at
            feed, path = job_id.partition(".")[0], job.source.path
            arrival = Arrival(job_id=job_id, feed=feed, landed_at=landed_at, path=path)
            self._landed[(landed_at.astimezone(UTC).date(), source_key(job.source))] = arrival
            if job_id in self._jobs:
                return self._jobs[job_id], False
            return self._put(replace(job, job_id=job_id)), True

    def claim(self, source: Source, job_id: str) -> str:
        """See Ledger."""
        with self._lock:
            return self._claims.setdefault(source_key(source), job_id)

    def read(self, job_id: str) -> Stored | None:
        """See Ledger."""
        with self._lock:
            return self._jobs.get(job_id)

    def write(self, job: Job, seen: Version) -> Version:
        """See Ledger."""
        with self._lock:
            present = self._jobs.get(job.job_id)
            if present is None or present.version.token != seen.token:
                raise Conflict(f"job {job.job_id} changed since it was read")
            kept = present.job.timeline[: seen.entries - 1]
            return self._put(replace(job, timeline=kept + job.timeline[len(kept) :]), seen.token).version

    def write_intent(self, job: Job, seen: Version) -> Version:
        """See Ledger."""
        with self._lock:
            entries = dict(self._due)
            version = self.write(job, seen)
            self._due = entries
            return version

    def write_all(self, changes: Sequence[tuple[Job, Version]]) -> list[Version | None]:
        """See Ledger."""
        return [self._written_or_none(job, seen) for job, seen in changes]

    def _written_or_none(self, job: Job, seen: Version) -> Version | None:
        try:
            return self.write(job, seen)
        except Conflict:
            return None

    def _note_due(self, job: Job, replaces: str = "") -> None:
        if job.due_at is not None:
            key = (lane_of(job), job.due_at, job.job_id)
            entry = DueEntry(
                lane=key[0],
                due_at=job.due_at,
                job_id=job.job_id,
                feed=job.feed,
                key=f"{job.due_at}{job.job_id}",
                replaces=replaces,
                landed_at=job.source.landed_at,
                order_key=job.order_key,
            )
            self._due.setdefault(key, entry)
        elif not job.is_final:
            self._parked[job.job_id] = OpenEntry(
                job_id=job.job_id, feed=job.feed, key=f"parked/{job.job_id}", is_parked=True, replaces=replaces
            )

    def _put(self, job: Job, replaces: str = "") -> Stored:
        self._note_due(job, replaces)
        version = Version(
            token=str(next(self._tokens)), entries=len(job.timeline), due_at=job.due_at, lane=lane_of(job)
        )
        self._jobs[job.job_id] = Stored(job, version)
        return self._jobs[job.job_id]

    def by_source(self, source: Source) -> str | None:
        """See Ledger."""
        return self._claims.get(source_key(source))

    def by_message(self, message_id: str) -> str | None:
        """See Ledger."""
        return self._messages.get(message_id.lower())

    def note_message(self, message_id: str, job_id: str) -> None:
        """See Ledger."""
        self._messages[message_id.lower()] = job_id

    def note_doubt(self, job: Job) -> None:
        """See Ledger."""
        self._doubts.add((job.activity_id.lower(), job.job_id))

    def doubts(self, activity_id: str) -> list[str]:
        """See Ledger."""
        return sorted(job_id for activity, job_id in self._doubts if activity == activity_id.lower())

    def settle_doubt(self, activity_id: str, job_id: str) -> None:
        """See Ledger."""
        self._doubts.discard((activity_id.lower(), job_id))

    def on_date(self, feed: str, business_date: date) -> Iterator[Job]:
        """See Ledger."""
        prefix = f"{feed}.{business_date:%Y%m%d}."
        with self._lock:
            found = [stored.job for job_id, stored in sorted(self._jobs.items()) if job_id.startswith(prefix)]
        yield from found

    def due(self, lane: Lane, now: datetime) -> Iterator[DueEntry]:
        """See Ledger."""
        with self._lock:
            found = [entry for (_, at, _), entry in sorted(self._due.items()) if entry.lane is lane and at <= now]
        yield from found

    def remind(self, job: Job) -> None:
        """See Ledger."""
        with self._lock:
            self._note_due(job)

    def forget(self, entries: Iterable[DueEntry]) -> None:
        """See Ledger."""
        with self._lock:
            for entry in list(entries):
                self._due.pop((entry.lane, entry.due_at, entry.job_id), None)

    def open_entries(self) -> Iterator[OpenEntry]:
        """See LedgerView."""
        with self._lock:
            found = [
                OpenEntry(job_id=due.job_id, feed=due.feed, key=due.key, is_parked=False, replaces=due.replaces)
                for due in self._due.values()
            ]
            found += self._parked.values()
        yield from found

    def unpark(self, entries: Iterable[OpenEntry]) -> None:
        """See LedgerView."""
        with self._lock:
            for entry in entries:
                self._parked.pop(entry.job_id, None)

    def arrivals(self, day: date) -> Iterator[Arrival]:
        """See LedgerView."""
        with self._lock:
            found = [arrival for (landed_on, _), arrival in self._landed.items() if landed_on == day]
        yield from found

    def arrived_before(self, day: date) -> Iterator[OldArrival]:
        """See OldRows."""
        with self._lock:
            found = [
                OldArrival(job_id=arrival.job_id, partition=landed_on.isoformat(), key=key)
                for (landed_on, key), arrival in sorted(self._landed.items(), key=lambda item: item[0])
                if landed_on < day
            ]
        yield from found

    def drop(self, arrival: OldArrival, stored: Stored | None) -> bool:
        """See OldRows."""
        with self._lock:
            if stored:
                present = self._jobs.get(stored.job.job_id)
                if present and present.version.token != stored.version.token:
                    return False
                self._jobs.pop(stored.job.job_id, None)
            members = stored.job.members if stored else ()
            for key in (arrival.key, *(source_key(file.source) for file in members)):
                self._claims.pop(key, None)
            for told in (stored.job.message_id, stored.job.execution_id) if stored else ():
                self._messages.pop(told.lower(), None)
            self._landed.pop((date.fromisoformat(arrival.partition), arrival.key), None)
            return True

    def standings(self, feed: str, business_date: date) -> Iterator[JobStanding]:
        """See LedgerView."""
        for job in self.on_date(feed, business_date):
            yield JobStanding(job_id=job.job_id, state=job.state, landed_at=job.source.landed_at)

    def listed(self, feed: str, business_date: date, besides: JobState | None = None) -> Iterator[JobLine]:
        """See LedgerView."""
        yield from (line_of(job) for job in self.on_date(feed, business_date) if job.state is not besides)

    def in_state(self, feed: str, business_date: date, state: JobState) -> Iterator[str]:
        """See LedgerView."""
        yield from (job.job_id for job in self.on_date(feed, business_date) if job.state is state)

    def arrived(self, day: date) -> Iterator[str]:
        """See LedgerView."""
        yield from (arrival.job_id for arrival in self.arrivals(day))

    def take_slots(self, job: Job, caps: Mapping[str, int], now: datetime) -> tuple[str, ...] | None:
        """See Ledger."""
        with self._lock:
            held = {key for key, slot in self._slots.items() if slot.job_id == job.job_id}
            missing = {name: cap for name, cap in caps.items() if name not in {key.rpartition(".")[0] for key in held}}
            free = [
                next((key for n in range(cap) if (key := f"{name}.{n:03}") not in self._slots), None)
                for name, cap in missing.items()
            ]
            keys = held | {key for key in free if key}
            if None in free:
                return None
            self._slots |= {key: Slot(key=key, job_id=job.job_id, taken_at=now) for key in keys}
            return tuple(sorted(keys))

    def free_slots(self, job_id: str, slots: Iterable[str]) -> None:
        """See Ledger."""
        with self._lock:
            for key in slots:
                if key in self._slots and self._slots[key].job_id == job_id:
                    del self._slots[key]

    def free_orphan(self, slot: Slot) -> bool:
        """See Ledger."""
        with self._lock:
            if self._slots.get(slot.key) != slot:
                return False
            del self._slots[slot.key]
            return True

    def taken(self) -> list[Slot]:
        """See Ledger."""
        with self._lock:
            return list(self._slots.values())

    def first_seen(self, feed: str, fingerprint: str, now: datetime) -> datetime:
        """See Ledger."""
        with self._lock:
            return self._causes.setdefault((feed, fingerprint), now)

    def turn(self, name: str, now: datetime, every: timedelta) -> bool:
        """See Ledger."""
        with self._lock:
            if self._turns.get(name, now) > now:
                return False
            self._turns[name] = now + every
            return True
