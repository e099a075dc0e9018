"""The doors between the use cases and the machines behind them. Each is a Protocol; adapters stand behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import BinaryIO, Protocol

from shared.domain.balance import DayBalance
from shared.domain.connection import Answer, SignedIn
from shared.domain.doubt import Execution
from shared.domain.duplicate import ContentClaim
from shared.domain.export import Delivery, Dequeued, Export
from shared.domain.history import ActivityPace
from shared.domain.job import Job, JobState, Lane, Source
from shared.domain.listing import JobLine
from shared.domain.ordering import Member, Queue
from shared.domain.outcome import EntityCounts, Summary
from shared.domain.pace import EnvironmentPace, FeedPace, Standing
from shared.domain.promises import PromiseRecord
from shared.domain.remote import RemoteReport

#: How much of a file's beginning is looked into before it is sent: a header of some 500 columns in UTF-16.
OPENING_BYTES = 32 * 1024

#: Aware UTC now.
Clock = Callable[[], datetime]
#: A number from 0 to 1, for spreading retries.
Chance = Callable[[], float]


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


class Content(Protocol):
    """The bytes of a landed blob, pinned to the version that the job was opened for."""

    @property
    def size_bytes(self) -> int:
        """The whole length."""

    @property
    def first_bytes(self) -> bytes:
        """The first OPENING_BYTES of the content, or all of a shorter one; reading it costs nothing more."""

    def blocks(self) -> Iterator[bytes]:
        """The bytes in blocks, from the beginning at each call. Raises Transient when the stream breaks."""

    def close(self) -> None:
        """Give the connection back."""


class Landing(Protocol):
    """Landed files, as what checks and packs them reads them. Raises Transient when the store cannot be reached."""

    def open(self, source: Source) -> Content:
        """Open the landed content; the caller closes it. Raises SourceLost when it is gone or has another ETag."""

    def reader(self, source: Source) -> BinaryIO:
        """Open the landed content for reading at any place, by ranges, pinned to its version like `open`."""


class FileStore(Landing, Protocol):
    """Landing, archive and rejected files. All calls raise Transient when the store cannot be reached."""

    def describe(self, container: str, path: str) -> Source | None:
        """A blob as it is now; None when it is gone."""

    def landed(self, before: datetime) -> Iterator[Source]:
        """What lies in landing and landed before that time, oldest name first."""

    def keep(self, source: Source, container: str, path: str, metadata: Mapping[str, str]) -> bool:
        """Copy a landed blob to `container`/`path`. True when it is there whole, False while the copy is under way.

        An earlier copy of the same content counts. Raises SourceLost when landing no longer holds this content
        and there is no earlier copy.
        """

    def sha256_of(self, container: str, path: str) -> str:
        """Read a kept file back and return its SHA-256 as lower-case hex. Raises SourceLost when it is not there."""

    def note(self, container: str, path: str, text: str) -> None:
        """Write a JSON or text file beside a kept one, replacing an earlier version."""

    def save(self, container: str, path: str, blocks: Iterable[bytes]) -> None:
        """Write a file beside a kept one from a stream, replacing an earlier version."""

    def listed(self, container: str, folder: str) -> list[str]:
        """Names of the files right in a folder of kept files, in order."""

    def discard(self, container: str, path: str) -> None:
        """Delete a kept file; when it is gone already, do nothing."""

    def put_back(self, kept: str, container: str, path: str, replay_of: str) -> bool:
        """Copy a kept file (`container/path`) to landing, marked as what `replay_of` had; False: another lies there.

        Doing it again while that copy lies there changes nothing. Raises SourceLost when the kept file is gone.
        """

    def remove(self, source: Source) -> None:
        """Delete the landed blob if it is still this content; when it is gone or has changed, do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One file to enqueue: where to, as what, for whom, and under which reference of ours."""

    activity_id: str
    entity: str
    legal_entity: str
    external_id: str


class ErpGateway(Protocol):
    """The recurring integrations API of Finance & Operations."""

    def enqueue(self, outgoing: Outgoing, content: Content) -> str:
        """Send the file and return the message ID. The content is read again after a refused token.

        Raises:
            Transient: nothing was taken (refused connection, 429, 503, sign-in), or the source broke half-way.
            AnswerLost: it went out whole and no usable answer came back; also 500, 502 and 504.
            Terminal: the ERP refused the request itself.
            SourceLost: landing no longer holds this content; nothing was sent.
        """

    def report(self, activity_id: str, message_id: str) -> RemoteReport:
        """What became of a message. Raises Transient when neither of the two status calls gives an answer."""

    def executions(self, data_project: str, since: datetime) -> tuple[Execution, ...]:
        """The executions of a data project that began at `since` or later. Raises Transient, AnswerLost, Terminal."""

    def execution_report(self, execution_id: str) -> RemoteReport:
        """What became of an execution whose message is not known. Raises Transient when it cannot be asked."""

    def summary(self, execution_id: str) -> Summary:
        """The summary status of an execution; UNDECIDED while it has none. Raises Transient."""


class ErpEvidence(Protocol):
    """What F&O tells about an execution that did not go clean. All calls raise Transient when it cannot be asked."""

    def execution_id(self, message_id: str) -> str:
        """The execution that a message became; empty while there is none."""

    def errors(self, execution_id: str) -> str:
        """The list of row errors as it came: text that should hold JSON."""

    def entity_counts(self, execution_id: str) -> tuple[EntityCounts, ...]:
        """Rows by entity, from the execution's details."""

    def page_url(self, execution_id: str) -> str:
        """The execution's page in F&O; empty when none is offered."""

    def error_keys_url(self, execution_id: str, entity: str) -> str | None:
        """Where the file of the failed rows' keys can be fetched; None when there is none, empty while it is made."""

    def staging_errors_url(self, execution_id: str, entity: str) -> str:
        """Where the file of rows that failed before staging can be fetched; empty when there is none."""

    def fetch(self, url: str) -> Download:
        """Open a file behind a signed URL, without any token."""


class Download(Protocol):
    """An export being downloaded."""

    @property
    def size_bytes(self) -> int | None:
        """The length that F&O announced, None when it did not."""

    def blocks(self) -> Iterator[bytes]:
        """The bytes, once. Raises Transient when the stream is cut."""

    def close(self) -> None:
        """Give the connection back."""


class ExportQueue(Protocol):
    """The export side of the recurring integrations API."""

    def dequeue(self, activity_id: str) -> Dequeued | None:
        """Take the next message, leased for 30 minutes; None when the queue is empty.

        Raises Transient when no answer could be had: a message taken all the same comes again after its lease.
        """

    def read(self, raw: str) -> Dequeued:
        """A dequeue answer as it was noted. Raises Terminal when it cannot be understood."""

    def download(self, location: str) -> Download:
        """Open a message's file. Raises Terminal when the location is not on our host, before any token leaves."""

    def acknowledge(self, activity_id: str, raw: str) -> None:
        """Tell F&O that the message is safe, echoing its dequeue answer. Raises Transient when that is not certain."""


class Lake(Protocol):
    """The data-lake container. Paths are relative to it. All calls raise Transient when it cannot be reached."""

    def put(self, path: str, blocks: Iterable[bytes]) -> None:
        """Write a file from a stream; it appears whole or not at all, replacing an earlier version."""

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading at any place, by ranges. Raises SourceLost when it is not there."""

    def size_of(self, path: str) -> int | None:
        """Length of a file as the store tells it; None when it is not there."""

    def copy(self, origin: str, path: str) -> bool:
        """Copy within the lake. True when the copy is there whole, False while it is under way."""

    def remove(self, path: str) -> None:
        """Delete a file; when it is gone already, do nothing."""


class ExportLedger(Protocol):
    """Deliveries and what they brought. Conditional on the version read, like Ledger."""

    def note(self, delivery: Delivery) -> tuple[Delivery, str]:
        """Store a new delivery, or return the stored one: (delivery, version token)."""

    def move(self, delivery: Delivery, seen: str) -> str:
        """Replace a delivery. A settled one leaves the open ones. Raises Conflict."""

    def open_deliveries(self, feed: str) -> list[tuple[Delivery, str]]:
        """What was taken and is not settled, oldest first, each with its version token."""

    def claim(self, export: Export) -> Export:
        """Store new content unless it is known: what is stored under this hash, the first of all claims."""

    def commit(self, export: Export) -> None:
        """Write what is known of stored content. Two drains of the same content write the same."""

    def find(self, feed: str, key: str) -> Export | None:
        """Content by its key."""

    def exports(self, feed: str) -> Iterator[Export]:
        """All content of a feed, newest first."""


class PaceLedger(Protocol):
    """What all instances share about how fast the ERP may be called. All calls raise Transient, like Ledger."""

    def environment(self) -> EnvironmentPace:
        """The pace of the environment; at its default until something was changed."""

    def environment_last_seen(self) -> EnvironmentPace:
        """The pace as this process last read or changed it, without asking the store."""

    def standing(self, feed: str) -> Standing:
        """The pace of the environment and of a feed, by one read."""

    def change_feed(self, feed: str, change: Callable[[FeedPace], FeedPace]) -> FeedPace:
        """Apply a pure change to the pace of a feed, as `change_environment` does."""

    def activity(self, activity_id: str) -> ActivityPace:
        """Whether an activity's queue stands still."""

    def change_activity(self, activity_id: str, change: Callable[[ActivityPace], ActivityPace]) -> ActivityPace:
        """Apply a pure change to the pace of an activity, as `change_environment` does."""

    def change_environment(self, change: Callable[[EnvironmentPace], EnvironmentPace]) -> EnvironmentPace:
        """Apply a pure change to what is stored, afresh if another writer was first; what is stored now.

        A change that returns what it was given writes nothing. Raises Conflict when the rush of writers is too great.
        """


class ContentLedger(Protocol):
    """Contents that were sent, by feed, legal entity and SHA-256 (`content_sha256`). All calls raise Transient."""

    def claim(self, job: Job, now: datetime) -> ContentClaim:
        """Claim the job's content unless it has been claimed: the claim that stands, this job's or an earlier one's."""

    def take_over(self, job: Job, seen: ContentClaim, now: datetime) -> bool:
        """Make the claim this job's, if it still is as `seen`."""


class OrderLedger(Protocol):
    """The queue of each group of an ordered feed: its files for one legal entity. All calls raise Transient."""

    def join(self, job: Job, now: datetime) -> None:
        """Put a job in its group's queue, where its `order_key` sorts it. Joining again changes nothing."""

    def up_to(self, job: Job, most: int) -> Queue:
        """The first `most` of those before the job in its group, and the job itself, in order."""

    def drop(self, feed: str, legal_entity: str, member: Member) -> None:
        """Take a member out of its group's queue; nothing when it is not there."""

    def note_gone(self, feed: str, legal_entity: str, number: int) -> None:
        """Remember the highest number that has gone; a lower one changes nothing. Raises Conflict in a rush."""


class WatchLedger(Protocol):
    """What watchers remember: when something last went well, promises, and daily sums. All calls raise Transient.

    Each row is written by one timer, which the host runs once at a time; the last writer wins.
    """

    def note_seen(self, what: str, at: datetime) -> None:
        """Remember when `what` (`timer.poll_jobs`, `export.invoices`) last went well."""

    def seen(self) -> Mapping[str, datetime]:
        """All that was noted so, by name."""

    def note_promise(self, record: PromiseRecord) -> None:
        """Remember how a promise stands."""

    def promises(self) -> list[PromiseRecord]:
        """How all promises stood."""

    def note_day(self, balance: DayBalance) -> None:
        """Keep a feed's sums of a day, in the place of an earlier count."""

    def days(self, since: date) -> list[DayBalance]:
        """The sums of all feeds from a day on."""


class ErpProbe(Protocol):
    """Questions to F&O without an effect, for the check of a set-up."""

    def sign_in(self) -> SignedIn:
        """Get a token, and say what it says of itself. Raises AccessRefused or Transient."""

    def data(self) -> Answer:
        """Ask F&O something that is no matter of one recurring data job. Raises as `sign_in` does."""

    def activity(self, activity_id: str) -> Answer:
        """Ask the connector about a message that it cannot have. Raises as `sign_in` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A container, table or queue, the role that the app needs there, and what failed; empty when nothing did."""

    what: str
    role: str
    failure: str


class PlaceProbe(Protocol):
    """Tries what the app has to do in storage, and leaves nothing behind."""

    def places(self) -> Iterator[Place]:
        """One place after the other."""
