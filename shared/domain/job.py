"""The life of a job: one landed file on its way, one row of the ledger.

`TRANSITIONS` is the whole life cycle and `advance()` the only way to move. docs/lifecycle.md draws the same table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from shared.domain.checks.findings import Finding
from shared.domain.outcomes.outcome import EntityCounts, RowCounts


class JobState(StrEnum):
    """Where a job is. The ERP's own word for its side is a status, never a state."""

    COLLECTING = "COLLECTING"
    RECEIVED = "RECEIVED"
    REJECTED = "REJECTED"
    WAITING = "WAITING"
    SENDING = "SENDING"
    IN_DOUBT = "IN_DOUBT"
    ENQUEUED = "ENQUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CLOSED = "CLOSED"
    SKIPPED = "SKIPPED"


_S = JobState
_ENDS = frozenset({_S.SUCCEEDED, _S.PARTIAL, _S.FAILED})

#: The whole life of a job. A state absent from the left side is final.
TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    _S.COLLECTING: frozenset({_S.RECEIVED, _S.REJECTED}),
    _S.RECEIVED: frozenset({_S.WAITING, _S.SENDING, _S.REJECTED, _S.SKIPPED}),
    _S.WAITING: frozenset({_S.SENDING, _S.REJECTED, _S.SKIPPED}),
    _S.SENDING: frozenset({_S.ENQUEUED, _S.WAITING, _S.IN_DOUBT, _S.FAILED}),
    _S.IN_DOUBT: frozenset({_S.ENQUEUED, _S.WAITING, _S.CLOSED}),
    _S.ENQUEUED: frozenset({_S.RUNNING, _S.CLOSED}) | _ENDS,
    _S.RUNNING: frozenset({_S.CLOSED}) | _ENDS,
}

#: In which state a job begins: a file by itself, or the first of a bundle.
BEGINNINGS = frozenset({_S.RECEIVED, _S.COLLECTING})

#: States in which the remote may be working on the file: these hold a place under the caps.
IN_FLIGHT = frozenset({_S.SENDING, _S.IN_DOUBT, _S.ENQUEUED, _S.RUNNING})


class IllegalTransition(ValueError):
    """A move that TRANSITIONS does not allow: a defect in this program, not a fault of the world."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The landed blob exactly as it was seen: container, path, content version and size.

    `replay_of` names the job whose kept file a person put there again.
    """

    container: str
    path: str
    etag: str
    size_bytes: int
    landed_at: datetime
    replay_of: str = ""

    @property
    def name(self) -> str:
        """The last segment of the path: what a person calls the file."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedFile:
    """One landed file of a job, and the entity that it fills; empty for one that is kept and not sent.

    `sha256` is of its bytes, empty until they have been read.
    """

    source: Source
    entity: str
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One move of a job, never rewritten: when, from, to, why, in which attempt, by whom."""

    at: datetime
    from_state: JobState | None
    to_state: JobState
    why: str
    attempt: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file on its way through the courier.

    `due_at` is when a tick should next look at the job, None when nothing is left to do. `reason` says in one
    sentence why it is where it is. `message_id` is what the ERP returned for the file, `execution_id` the run of
    the data project that it became. `slots` names the places it holds under the caps. `sha256` is of the bytes
    as sent. After a final state, `archived_at` tells whether the file is safe at `archive_path`, and `evidence_at`,
    for an import with errors, whether what F&O knows of them lies beside it; `causes` is its headline and `page_url`
    F&O's page of the execution. `kept_as` is the
    kept file's path, or why there is none. `summary` is the execution's summary status where it was asked for.
    `order_key` sorts it among its feed's files. `content_sha256` is of the landed file, where its feed looks for
    duplicates; `duplicate_of` the job whose content a skipped one repeats. `released_at` is when a person let a held
    file through. `replay_of` is the job whose file this one sends again, `replayed_at` when a person had this one's
    sent again. `forgotten_at` is when a person had the file's content and errors removed; the row stays. `trace`
    is the traceparent of the arrival, to which later work is linked.
    `members` are the files of a bundle, whose `source` is no blob but names them together. Where `template_sha256`
    tells of which template a package was made, `sha256` is of the package and `content_sha256` of the landed file.
    """

    job_id: str
    feed: str
    legal_entity: str
    activity_id: str
    entity: str
    source: Source
    business_date: date
    created_at: datetime
    changed_at: datetime
    state: JobState = JobState.RECEIVED
    reason: str = ""
    due_at: datetime | None = None
    attempt: int = 0
    overdue: bool = False
    slots: tuple[str, ...] = ()
    sha256: str = ""
    sent_at: datetime | None = None
    message_id: str = ""
    execution_id: str = ""
    remote_status: str = ""
    summary: str = ""
    rows: RowCounts | None = None
    entities: tuple[EntityCounts, ...] = ()
    execution_log: str = ""
    findings: tuple[Finding, ...] = ()
    ended_at: datetime | None = None
    archive_path: str = ""
    kept_as: str = ""
    archived_at: datetime | None = None
    evidence_at: datetime | None = None
    causes: str = ""
    page_url: str = ""
    forgotten_at: datetime | None = None
    order_key: str = ""
    content_sha256: str = ""
    duplicate_of: str = ""
    replay_of: str = ""
    replayed_at: datetime | None = None
    released_at: datetime | None = None
    trace: str = ""
    members: tuple[LandedFile, ...] = ()
    template_sha256: str = ""
    feeds_version: str = ""
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def is_final(self) -> bool:
        """True when the state never changes again; archiving may still be open."""
        return self.state not in TRANSITIONS

    @property
    def files(self) -> tuple[LandedFile, ...]:
        """The landed files: one, or those of a bundle."""
        own_sha256 = self.content_sha256 or self.sha256
        return self.members or (LandedFile(source=self.source, entity=self.entity, sha256=own_sha256),)

    @property
    def nothing_loaded(self) -> bool:
        """True when F&O calls it processed and loaded no row: a success in its words, and nobody's wish."""
        return self.state is JobState.SUCCEEDED and self.rows is not None and self.rows.rows_ok == 0


def opened(job: Job, why: str, actor: str) -> Job:
    """Return a new job with the first entry of its timeline."""
    first = TimelineEntry(at=job.created_at, from_state=None, to_state=job.state, why=why, attempt=0, actor=actor)
    return replace(job, timeline=(first,), reason=why)


def advance(job: Job, to: JobState, now: datetime, why: str, *, actor: str = "courier") -> Job:
    """Return `job` in state `to`, stamped `now` (UTC), with the move on its timeline.

    Entering SENDING begins a new attempt; entering a final state notes `ended_at`.

    Raises:
        IllegalTransition: `to` does not follow `job.state`.
    """
    if to not in TRANSITIONS.get(job.state, frozenset()):
        raise IllegalTransition(f"job {job.job_id}: {job.state} does not lead to {to}")
    attempt = job.attempt + 1 if to is JobState.SENDING else job.attempt
    entry = TimelineEntry(at=now, from_state=job.state, to_state=to, why=why, attempt=attempt, actor=actor)
    return replace(
        job,
        state=to,
        reason=why,
        attempt=attempt,
        changed_at=now,
        ended_at=job.ended_at if to in TRANSITIONS else now,
        timeline=_appended(job.timeline, entry),
    )


def remarked(job: Job, now: datetime, why: str, actor: str) -> Job:
    """Return the job in the same state, with a person's remark on its timeline and as its reason."""
    entry = TimelineEntry(at=now, from_state=job.state, to_state=job.state, why=why, attempt=job.attempt, actor=actor)
    return replace(job, reason=why, timeline=_appended(job.timeline, entry))


#: Moves that a timeline keeps, so that a row stays well within the 252 columns of the table store.
LONGEST_TIMELINE = 200


def _appended(timeline: tuple[TimelineEntry, ...], entry: TimelineEntry) -> tuple[TimelineEntry, ...]:
    """Add an entry; a job that moves for ever (an outage of weeks) keeps its first moves and its latest."""
    if len(timeline) < LONGEST_TIMELINE:
        return (*timeline, entry)
    return (*timeline[:-1], entry)


class Lane(StrEnum):
    """The two queues of due work. Following comes first, for it is what frees places to send into."""

    SEND = "send"
    FOLLOW = "follow"


def lane_of(job: Job) -> Lane:
    """Which queue of due work a job stands in."""
    return Lane.SEND if job.state in {JobState.RECEIVED, JobState.WAITING} else Lane.FOLLOW
