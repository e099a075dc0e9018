"""What watchers and people ask of the ledger, and what the purge needs: no call changes a job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from shared.domain.job import JobState
from shared.domain.listing import JobLine
from shared.ports.ledger import Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEntry:
    """A note that a job may be open. `is_parked`: never due, for a person must move it. `replaces`: see DueEntry."""

    job_id: str
    feed: str
    key: str
    is_parked: bool
    replaces: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A landed file as the row of its arrival tells, whatever became of its job. The files of a bundle are one."""

    job_id: str
    feed: str
    landed_at: datetime
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldArrival:
    """The row of an arrival of a day long gone: `key` is that of its source, `partition` that of its day."""

    job_id: str
    partition: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """A job without all that is not needed for counting."""

    job_id: str
    state: JobState
    landed_at: datetime


class LedgerView(Protocol):
    """What watchers ask of the ledger; no call changes a job. All calls raise Transient, like Ledger."""

    def open_entries(self) -> Iterator[OpenEntry]:
        """Every open job, at least once, and some that no longer are. Costs what is open, not what has ended."""

    def unpark(self, entries: Iterable[OpenEntry]) -> None:
        """Drop notes of jobs that are no longer parked; one that is gone already is no fault."""

    def arrivals(self, day: date) -> Iterator[Arrival]:
        """All that landed on a day (UTC), of all feeds."""

    def standings(self, feed: str, business_date: date) -> Iterator[JobStanding]:
        """Where the jobs of a feed's business date stand."""

    def listed(self, feed: str, business_date: date, besides: JobState | None = None) -> Iterator[JobLine]:
        """The same with what a list shows of them, not whole jobs; those in the state `besides` are left out."""

    def in_state(self, feed: str, business_date: date, state: JobState) -> Iterator[str]:
        """The IDs of the jobs in a state: what is cheapest to read where only their number is shown."""

    def arrived(self, day: date) -> Iterator[str]:
        """The IDs of the jobs of what landed on a day (UTC), whether they are there or not."""


class OldRows(Protocol):
    """The ledger's rows of files whose time is over. All calls raise Transient, like Ledger."""

    def arrived_before(self, day: date) -> Iterator[OldArrival]:
        """What landed before that day (UTC) and is not dropped yet, oldest day first."""

    def drop(self, arrival: OldArrival, stored: Stored | None) -> bool:
        """Drop a job's row, all that points to it, and the arrival last, so that a call cut short is made again.

        False when the job has changed since it was read: then nothing was dropped. Without a job the rest goes.
        """
