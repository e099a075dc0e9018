"""A job is sent to the ERP: place taken, intent written, file enqueued, answer written.

The order of writes is the promise that no file is sent twice unasked. A crash after the intent leaves the job in
SENDING, where recovery finds it in doubt; it is never sent again blindly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.backoff import retry_delay
from shared.domain.checks.findings import Finding, found, rejects
from shared.domain.feed import Feed, FeedBook, LostAnswer
from shared.domain.job import Job, JobState, advance
from shared.domain.naming import external_id
from shared.domain.pacing.admission import Hold, cap_hold, caps_of, in_use, wait_kind
from shared.errors import AnswerLost, Conflict, SourceLost, Terminal, Transient
from shared.ports import Chance, Clock, Content, ErpGateway, Ledger, Outgoing, Stored
from shared.services.intake.admission import Admission
from shared.services.intake.duplicates import Duplicates, SameContent
from shared.services.intake.packing import Outbound, Packing
from shared.services.outcomes.archiving import Archiving
from shared.telemetry import Event, about, emit

#: A send is given this long, and the time that its size needs at SLOWEST_BYTES_PER_SECOND on top.
SEND_ALLOWANCE = timedelta(minutes=5)
SLOWEST_BYTES_PER_SECOND = 1_000_000
#: An answer that may still be on its way is waited for this long before a feed that may resend does so. It
#: exceeds the host's functionTimeout (host.json), after which no sender of the attempt can be alive.
SENDER_GONE_AFTER = timedelta(minutes=35)
#: The import of a file in doubt is first looked for in F&O after this long.
FIRST_LOOK = timedelta(minutes=1)


class Fingerprinted:
    """Content that takes its SHA-256 as it is read; a second reading starts the hash afresh."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._hash = hashlib.sha256()

    @property
    def size_bytes(self) -> int:
        """The whole length."""
        return self._content.size_bytes

    @property
    def first_bytes(self) -> bytes:
        """The beginning of the content."""
        return self._content.first_bytes

    @property
    def sha256(self) -> str:
        """Lower-case hex over what the last reading has given out so far."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Close what lies beneath."""
        self._content.close()

    def blocks(self) -> Iterator[bytes]:
        """The content's blocks, each hashed as it passes."""
        self._hash = hashlib.sha256()
        for block in self._content.blocks():
            self._hash.update(block)
            yield block


@dataclass(frozen=True, slots=True)
class Submission:
    """Sends one job, once."""

    ledger: Ledger
    erp: ErpGateway
    feeds: FeedBook
    admission: Admission
    packing: Packing
    duplicates: Duplicates
    archiving: Archiving
    clock: Clock
    chance: Chance

    def submit(self, stored: Stored) -> Stored:
        """Send a RECEIVED or WAITING job if its feed and the caps admit it; else it waits and says why.

        Raises:
            Conflict: another worker moved the job first; nothing was sent by this call.
            Transient: the ledger or the landing store cannot be reached; nothing was sent.
        """
        feed = self.feeds.feeds.get(stored.job.feed)
        if feed is None or (stored.job.members and feed.bundle is None):
            what = f"feed {stored.job.feed}" if feed is None else f"the bundle of feed {stored.job.feed}"
            return self._wait(stored, f"{what} is not in feeds.yaml", timedelta(minutes=5))
        if hold := self.admission.held(stored.job, feed):
            return self._hold(stored, hold)
        if stored.job.content_sha256 and (known := self.duplicates.verdict(stored.job, feed)):
            return self._skip(stored, known) if isinstance(known, SameContent) else self._hold(stored, known)
        return self._in_a_place(stored, feed)

    def _in_a_place(self, stored: Stored, feed: Feed) -> Stored:
        slots = self.ledger.take_slots(stored.job, self.caps(feed), self.clock())
        if slots is None:
            return self._hold(stored, self._no_place(feed))
        stored = Stored(replace(stored.job, slots=slots), stored.version)
        try:
            outbound = self.packing.outbound(feed, stored.job)
        except SourceLost as lost:
            return self._reject(stored, [_overwritten(stored.job, lost)])
        except Transient as failure:
            return self._wait(stored, f"landing: {failure}", retry_delay(1, self.chance()))
        stored = Stored(outbound.job, stored.version)
        with closing(outbound.content):
            if rejects(outbound.findings):
                return self._reject(stored, outbound.findings)
            return self._fingerprinted(stored, feed, outbound)

    def _fingerprinted(self, stored: Stored, feed: Feed, outbound: Outbound) -> Stored:
        """With its hash where the feed asks for one, and its warnings on the row: a failure is explained by them."""
        try:
            job = self.duplicates.fingerprinted(outbound.job, feed, outbound.content)
        except SourceLost as lost:
            return self._reject(stored, [_overwritten(stored.job, lost)])
        except Transient as failure:
            return self._wait(stored, f"landing: {failure}", retry_delay(1, self.chance()))
        job = replace(job, findings=tuple(outbound.findings))
        return self._unless_known(Stored(job, stored.version), feed, outbound.content)

    def _unless_known(self, stored: Stored, feed: Feed, content: Content) -> Stored:
        """The last doors: content that was sent before, and the environment's bucket of sends."""
        known = self.duplicates.verdict(stored.job, feed)
        if isinstance(known, SameContent):
            return self._skip(stored, known)
        if hold := known or self.admission.begin_send(feed):
            return self._hold(stored, hold)
        return self._send(stored, feed, Fingerprinted(content))

    def caps(self, feed: Feed) -> Mapping[str, int]:
        """The caps that a send of this feed counts under: its activity's, and the environment's."""
        return caps_of(feed, self.feeds)

    def _send(self, stored: Stored, feed: Feed, content: Fingerprinted) -> Stored:
        stored = self._write_intent(stored, content.size_bytes)
        try:
            with about(stored.job):
                message_id = self.erp.enqueue(outgoing_of(stored.job, feed), content)
        except Transient as refused:
            return self._not_taken(stored, str(refused), refused.retry_after)
        except SourceLost as lost:
            return self._not_taken(stored, str(lost), None)
        except AnswerLost as lost:
            return self.doubt(stored, str(lost), timedelta(0))
        except Terminal as refused:
            self.admission.refused(feed, str(refused))
            return self._refused(stored, str(refused))
        self.admission.accepted(feed)
        return self._record_sent(stored, message_id, content.sha256)

    def _write_intent(self, stored: Stored, size_bytes: int) -> Stored:
        """The row says SENDING before the socket opens. This write is also the lock: one of two senders wins it."""
        now = self.clock()
        limit = SEND_ALLOWANCE + timedelta(seconds=size_bytes / SLOWEST_BYTES_PER_SECOND)
        job = advance(stored.job, JobState.SENDING, now, f"attempt {stored.job.attempt + 1}")
        job = replace(job, due_at=now + limit, sent_at=now)
        version = self.ledger.write_intent(job, stored.version)
        emit(Event.JOB_SENDING, job, size_bytes=size_bytes, warnings=",".join(f.rule for f in job.findings))
        return Stored(job, version)

    def _record_sent(self, stored: Stored, message_id: str, sha256: str) -> Stored:
        """Write the message ID. If recovery moved the row meanwhile, the answer is still the truth: adopt it."""
        emit(Event.JOB_ENQUEUED, stored.job, accepted_message_id=message_id, message_id=message_id)
        try:
            self.ledger.note_message(message_id, stored.job.job_id)
            try:
                return self._enqueued(stored, message_id, sha256)
            except Conflict:
                found = self.ledger.read(stored.job.job_id)
                if found is None or not _is_same_attempt(found.job, stored.job):
                    raise
                return self._enqueued(found, message_id, sha256)
        except (Transient, Conflict) as failure:
            emit(Event.JOB_SENT_UNRECORDED, stored.job, accepted_message_id=message_id, error=str(failure))
            raise

    def _enqueued(self, stored: Stored, message_id: str, sha256: str) -> Stored:
        now = self.clock()
        job = advance(stored.job, JobState.ENQUEUED, now, f"F&O took it as message {message_id}")
        look = self.admission.first_looks.get(job.feed, timedelta(0))
        job = replace(job, message_id=message_id, sha256=sha256, due_at=now + look)
        return Stored(job, self.ledger.write(job, stored.version))

    def doubt(self, stored: Stored, why: str, sender_may_live: timedelta) -> Stored:
        """A sent job whose answer is missing: the feed's `lost_answer` says what may follow.

        A resend waits for the import that may have begun: it has one place under the caps, and two would be at work.
        `sender_may_live` is how long the attempt's own sender could still come back with the answer.
        """
        now = self.clock()
        feed = self.feeds.feeds.get(stored.job.feed)
        job = advance(stored.job, JobState.IN_DOUBT, now, f"in doubt: {why}")
        if self.feeds.data_project_of(job.activity_id):
            wait = FIRST_LOOK
        elif feed and feed.lost_answer is LostAnswer.RESEND:
            wait = max(sender_may_live, min(feed.overdue_after, SENDER_GONE_AFTER))
        else:
            wait = feed.overdue_after if feed else SENDER_GONE_AFTER
        job = replace(job, due_at=now + wait)
        emit(Event.JOB_IN_DOUBT, job, error=why)
        return Stored(job, self.ledger.write(job, stored.version))

    def resend(self, stored: Stored) -> Stored:
        """Put a job in doubt back in line, because its feed says that a second import does no harm."""
        job = advance(stored.job, JobState.WAITING, self.clock(), "the feed's lost_answer is resend")
        job = replace(job, due_at=self.clock())
        return self.submit(Stored(job, self.ledger.write(job, stored.version)))

    def _not_taken(self, stored: Stored, why: str, asked: timedelta | None) -> Stored:
        delay = retry_delay(stored.job.attempt, self.chance(), asked)
        return self._wait(stored, f"not taken: {why}", delay)

    def _hold(self, stored: Stored, hold: Hold) -> Stored:
        if hold.for_a_person:
            return self._wait(stored, hold.reason, None)
        delay = hold.until - self.clock() if hold.until else timedelta(0)
        return self._wait(stored, hold.reason, max(delay, timedelta(0)))

    def _wait(self, stored: Stored, why: str, delay: timedelta | None) -> Stored:
        """Let a job wait, and write that only when it is news. Without a delay it is never due: a person moves it."""
        if stored.job.state is JobState.WAITING and stored.job.reason == why and delay == timedelta(0):
            self.ledger.free_slots(stored.job.job_id, stored.job.slots)
            return Stored(replace(stored.job, slots=()), stored.version)
        now = self.clock()
        if stored.job.state is JobState.WAITING:
            job = replace(stored.job, reason=why)
        else:
            job = advance(stored.job, JobState.WAITING, now, why)
        held = job.slots
        job = replace(job, due_at=None if delay is None else now + delay, slots=())
        version = self.ledger.write(job, stored.version)
        self.ledger.free_slots(job.job_id, held)
        emit(Event.JOB_WAITING, job, why=why, wait=wait_kind(job), due_at=job.due_at)
        return Stored(job, version)

    def _refused(self, stored: Stored, why: str) -> Stored:
        now = self.clock()
        held = stored.job.slots
        job = replace(advance(stored.job, JobState.FAILED, now, why), due_at=now, slots=())
        stored = Stored(job, self.ledger.write(job, stored.version))
        self.ledger.free_slots(job.job_id, held)
        emit(Event.JOB_ENDED, job, outcome=job.state.value, why=why)
        return self.archiving.archive(stored)

    def _skip(self, stored: Stored, known: SameContent) -> Stored:
        now = self.clock()
        held = stored.job.slots
        job = advance(stored.job, JobState.SKIPPED, now, f"skipped: {known.why}")
        job = replace(job, duplicate_of=known.job_id, due_at=now, slots=())
        stored = Stored(job, self.ledger.write(job, stored.version))
        self.ledger.free_slots(job.job_id, held)
        emit(Event.JOB_ENDED, job, outcome=job.state.value, why=job.reason)
        return self.archiving.archive(stored)

    def _reject(self, stored: Stored, findings: list[Finding]) -> Stored:
        held = stored.job.slots
        stored = self.archiving.reject(stored, findings)
        self.ledger.free_slots(stored.job.job_id, held)
        return stored

    def _no_place(self, feed: Feed) -> Hold:
        return cap_hold(feed, self.caps(feed), in_use(slot.key for slot in self.ledger.taken()))


def outgoing_of(job: Job, feed: Feed) -> Outgoing:
    """A package names its entities itself, and F&O takes the parameter for single files only."""
    return Outgoing(
        activity_id=feed.activity_id,
        entity="" if feed.template else feed.entity,
        legal_entity=job.legal_entity,
        external_id=external_id(job),
    )


def _is_same_attempt(found: Job, sent: Job) -> bool:
    """True while the row is about the send whose answer has come; a resend is another one, with an end of its own."""
    return found.state in {JobState.SENDING, JobState.IN_DOUBT} and found.attempt == sent.attempt


def _overwritten(job: Job, lost: SourceLost) -> Finding:
    return found("overwritten", str(lost), job.feed)
