"""What a crash, a lost event or a person's absence left half done goes back to the normal path, by the same door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.decisions import holds_a_place
from shared.domain.feed import FeedBook, LostAnswer
from shared.domain.job import Source
from shared.domain.naming import external_id
from shared.ports import Clock, FileStore, Ledger, Slot, Stored
from shared.services.doubt import Doubt
from shared.services.intake.intake import Intake
from shared.services.submission import SENDER_GONE_AFTER, Submission
from shared.telemetry import Event, emit

#: A place is looked at when it is older than any honest send could leave it without a job in flight.
SLOT_GRACE = timedelta(minutes=10)
#: A job that has been due for so long may have lost its due entry; noting it again costs one write and harms nothing.
FORGOTTEN_AFTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Finds what no event announced and what no worker finished."""

    ledger: Ledger
    files: FileStore
    feeds: FeedBook
    intake: Intake
    submission: Submission
    doubt: Doubt
    clock: Clock
    sweep_after: timedelta

    def interrupted_send(self, stored: Stored) -> Stored:
        """A job still SENDING when its time was up: its sender died, or is late. That is doubt, not a retry."""
        return self.submission.doubt(stored, "the sender gave no answer in time", SENDER_GONE_AFTER)

    def doubtful(self, stored: Stored) -> Stored:
        """A job in doubt: its import is searched for, then it is resent where the feed allows it or left to a person.

        Staying, it gives its places under the caps back, so that one lost answer does not stop a feed for ever.
        """
        searched = self.doubt.searched(stored)
        if searched:
            return searched
        feed = self.feeds.feeds.get(stored.job.feed)
        if feed and feed.lost_answer is LostAnswer.RESEND:
            return self.submission.resend(stored)
        held = stored.job.slots
        looked_for = f"look for {external_id(stored.job)} in F&O under Manage messages, then adopt, resend or close it"
        reason = f"{stored.job.reason}; {looked_for}"
        job = replace(stored.job, overdue=True, due_at=None, slots=(), reason=reason)
        stored = Stored(job, self.ledger.write(job, stored.version))
        self.ledger.free_slots(job.job_id, held)
        emit(Event.JOB_OVERDUE, job, why=job.reason)
        return stored

    def lying(self) -> Iterator[Source]:
        """What has lain in landing for `sweep_after`: most of it is in work, some may have lost its event."""
        return self.files.landed(self.clock() - self.sweep_after)

    def bring_in(self, source: Source) -> Stored | None:
        """Take a lying file in by the door that events use, unless it has a job; clear what a finished job left.

        A job that has been due for very long is noted as due again: nothing else would ever find it without an entry.
        """
        job_id = self.ledger.by_source(source)
        stored = self.ledger.read(job_id) if job_id else None
        if stored is None:
            emit(Event.LANDING_FOUND, path=source.path, landed_at=source.landed_at)
            return self.intake.receive(source, "sweep")
        if stored.job.archived_at:
            self.files.remove(source)
        elif stored.job.due_at and self.clock() - stored.job.due_at > FORGOTTEN_AFTER:
            self.ledger.remind(stored.job)
        return None

    def free_orphaned_slots(self) -> None:
        """Give back places whose job is no longer in flight: a crash fell between two writes."""
        for slot in self.ledger.taken():
            is_old = self.clock() - slot.taken_at > SLOT_GRACE
            if is_old and not self._in_use(slot) and self.ledger.free_orphan(slot):
                emit(Event.SLOT_FREED, job_id=slot.job_id, slot=slot.key)

    def _in_use(self, slot: Slot) -> bool:
        stored = self.ledger.read(slot.job_id)
        return stored is not None and holds_a_place(stored.job) and slot.key in stored.job.slots
