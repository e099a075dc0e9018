"""A file whose answer was lost: F&O's list of executions is searched for its import before anything else is decided."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.backoff import poll_delay
from shared.domain.doubt import CLOCK_SKEW, Execution, the_one
from shared.domain.feed import Feed, FeedBook, LostAnswer
from shared.domain.job import IN_FLIGHT, Job, JobState, advance
from shared.errors import CourierError, SourceLost
from shared.formats.rows import RowCounter
from shared.ports import Clock, ErpGateway, FileStore, Ledger, Stored
from shared.services.submission import SENDER_GONE_AFTER
from shared.telemetry import Event, emit


@dataclass(frozen=True, slots=True)
class Doubt:
    """Looks for the import of a file in doubt, for feeds that name their data project."""

    ledger: Ledger
    files: FileStore
    erp: ErpGateway
    feeds: FeedBook
    clock: Clock
    shortest: timedelta
    longest: timedelta

    def searched(self, stored: Stored) -> Stored | None:
        """The job adopted, or still being looked for; None when looking is over, or its feed names no data project."""
        project = self.feeds.data_project_of(stored.job.activity_id)
        if not project:
            return None
        if found := self._found(stored.job, project):
            return self._adopted(stored, found)
        feed = self.feeds.feeds.get(stored.job.feed)
        age = self.clock() - stored.job.changed_at
        return self._look_again(stored, age) if feed and age < _looked_for(feed) else None

    def _found(self, job: Job, project: str) -> Execution | None:
        """The one execution that fits. While another file's execution is not known, nothing can be told apart."""
        try:
            if self._others_unknown(job):
                return None
            listed = self.erp.executions(project, (job.sent_at or job.changed_at) - CLOCK_SKEW)
            free = [execution for execution in listed if self._is_free(job, execution)]
            return the_one(job, free, self._rows_of(job)) if free else None
        except CourierError as failure:
            emit(Event.STATUS_UNAVAILABLE, job, error=str(failure))
            return None

    def _others_unknown(self, job: Job) -> bool:
        """True when a file of the same activity is in flight whose execution we do not know yet."""
        prefix = f"act.{job.activity_id}"
        others = {slot.job_id for slot in self.ledger.taken() if slot.key.startswith(prefix)} - {job.job_id}
        return any(self._is_unknown(other) for other in others)

    def _is_unknown(self, job_id: str) -> bool:
        stored = self.ledger.read(job_id)
        return stored is not None and stored.job.state in IN_FLIGHT and not stored.job.execution_id

    def _is_free(self, job: Job, execution: Execution) -> bool:
        """True unless another job has the execution; this job's own claim is a crash in the middle of adopting."""
        return self.ledger.by_message(execution.execution_id) in {None, job.job_id}

    def _rows_of(self, job: Job) -> int | None:
        """Rows of the landed file, where its format can be counted and it is still there."""
        counter = RowCounter.for_name(job.source.name)
        try:
            with closing(self.files.open(job.source)) as content:
                for block in content.blocks():
                    counter.feed(block)
        except SourceLost:
            return None
        return counter.rows()

    def _adopted(self, stored: Stored, found: Execution) -> Stored:
        """The job goes on under its execution ID; a message ID it will never have."""
        now = self.clock()
        self.ledger.note_message(found.execution_id, stored.job.job_id)
        why = f"the only execution that fits was found in F&O and adopted: {found.execution_id}"
        job = advance(stored.job, JobState.ENQUEUED, now, why)
        job = replace(job, execution_id=found.execution_id, due_at=now)
        emit(Event.JOB_ADOPTED, job)
        return Stored(job, self.ledger.write(job, stored.version))

    def _look_again(self, stored: Stored, age: timedelta) -> Stored:
        job = replace(stored.job, due_at=self.clock() + poll_delay(age, self.shortest, self.longest))
        return Stored(job, self.ledger.write(job, stored.version))


def _looked_for(feed: Feed) -> timedelta:
    """How long an execution may take to appear: until the feed's deadline, or until a resend may follow."""
    return SENDER_GONE_AFTER if feed.lost_answer is LostAnswer.RESEND else feed.overdue_after
