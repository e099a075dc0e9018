"""The table of jobs: the only truth about every file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from shared.domain.job import Job, Lane, Source


@dataclass(frozen=True, slots=True)
class Version:
    """A ledger row as last seen: an opaque token, and what a writer need not write again.

    `entries` is how many timeline entries were stored, `due_at` and `lane` when and where an entry says that it is due.
    """

    token: str
    entries: int
    due_at: datetime | None
    lane: Lane


@dataclass(frozen=True, slots=True)
class Stored:
    """A job together with the version under which it is stored."""

    job: Job
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEntry:
    """A note that a job is to be looked at from `due_at` on. It is a hint: the job's own row is the truth.

    It is noted before the row is written; `replaces` is the token of the version that this write is to replace, empty
    for a job just opened. While the row still has that version, the write may be under way.
    """

    lane: Lane
    due_at: datetime
    job_id: str
    feed: str
    key: str
    landed_at: datetime
    order_key: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One taken place under a cap: its key, who holds it, and since when."""

    key: str
    job_id: str
    taken_at: datetime


class Ledger(Protocol):
    """The table of jobs, the only truth. Every change is conditional on the version read.

    All calls raise Transient when the store cannot be reached; none of them has then had a known effect, and each
    may be repeated.
    """

    def open(self, job: Job) -> tuple[Stored, bool]:
        """Claim the job's source and store the job, unless that source has been claimed: (what is stored, is new)."""

    def claim(self, source: Source, job_id: str) -> str:
        """Claim a source for a job that is there already: the job ID that owns it, which is the first to ask."""

    def read(self, job_id: str) -> Stored | None:
        """One job by its ID; None when there is no such row."""

    def write(self, job: Job, seen: Version) -> Version:
        """Replace the job read as `seen`. Raises Conflict when it has changed since."""

    def write_intent(self, job: Job, seen: Version) -> Version:
        """`write` for a job that goes to be sent, without a due entry of its own: the one it was seen under stays.

        Whoever meets that entry while the job is SENDING reminds of the job before dropping the entry.
        """

    def write_all(self, changes: Sequence[tuple[Job, Version]]) -> list[Version | None]:
        """`write` for many different jobs in few calls: their versions in the same order, None in place of Conflict.

        A crash in between leaves some written and some not, each as `write` would have.
        """

    def by_source(self, source: Source) -> str | None:
        """The job ID that claimed this content version of this blob."""

    def by_message(self, message_id: str) -> str | None:
        """The job ID that a message of the ERP belongs to."""

    def note_message(self, message_id: str, job_id: str) -> None:
        """Make a job findable by its message ID. Noting the same pair again changes nothing."""

    def note_doubt(self, job: Job) -> None:
        """Make a job findable among the files in doubt of its activity. Noting it again changes nothing."""

    def doubts(self, activity_id: str) -> list[str]:
        """IDs of the jobs noted as in doubt for an activity, whether they still are or not."""

    def settle_doubt(self, activity_id: str, job_id: str) -> None:
        """Drop such a note; when it is gone already, do nothing."""

    def on_date(self, feed: str, business_date: date) -> Iterator[Job]:
        """All jobs of a feed's business date, whatever their state."""

    def due(self, lane: Lane, now: datetime) -> Iterator[DueEntry]:
        """All entries due at `now`, longest due first. Costs what is due, not what is outstanding or finished."""

    def remind(self, job: Job) -> None:
        """Note once more when the job is due, as its row says. Harmless where the entry is there already."""

    def forget(self, entries: Iterable[DueEntry]) -> None:
        """Drop due entries that have been followed or that the job's row no longer names."""

    def take_slots(self, job: Job, caps: Mapping[str, int], now: datetime) -> tuple[str, ...] | None:
        """Take one place under each named cap, all or none; None when one of them is full.

        The same job asking again gets the places that it holds, and holds them since `now`. After a crash another
        process may give it others; then the old ones are orphans.
        """

    def free_slots(self, job_id: str, slots: Iterable[str]) -> None:
        """Give places back that this job holds. Places that it does not hold are left alone."""

    def free_orphan(self, slot: Slot) -> bool:
        """Give a place back if it is still taken as it was read; False when its job has taken it anew or is gone."""

    def taken(self) -> list[Slot]:
        """All taken places. Their number is bounded by the caps."""

    def first_seen(self, feed: str, fingerprint: str, now: datetime) -> datetime:
        """When a cause of errors was first seen in a feed: now, unless it was seen before."""

    def turn(self, name: str, now: datetime, every: timedelta) -> bool:
        """True for one caller in each span of `every`: whose turn it is to do the work called `name`."""
