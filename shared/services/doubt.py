"""A file whose answer was lost: F&O's list of executions is searched for its import before anything else is decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.backoff import poll_delay
from shared.domain.doubt import CLOCK_SKEW, Execution, may_be_the_import_of, the_one
from shared.domain.feed import Feed, FeedBook, LostAnswer
from shared.domain.job import IN_FLIGHT, Job, JobState, Source, advance
from shared.errors import AnswerLost, CourierError, SourceLost, Transient
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
        if (feed and age < _looked_for(feed)) or not self._given_up(stored.job, feed, project):
            return self._look_again(stored, age)
        return None

    def _found(self, job: Job, project: str) -> Execution | None:
        """The one execution that fits this file and no other in doubt; None also while F&O cannot be asked.

        The list comes first, then what is in flight, then what is claimed: a file sent after the list was made cannot
        be on it, and one that ends meanwhile has claimed its execution before it gave its place back.
        """
        try:
            listed = self._listed(job, project)
            if not listed or self._others_unknown(job):
                return None
            found = the_one(job, self._free_for(job, listed), self._rows_of(job))
            return None if found is None or self._fits_another(job, found) else found
        except CourierError as failure:
            emit(Event.STATUS_UNAVAILABLE, job, error=str(failure))
            return None

    def _listed(self, job: Job, project: str) -> tuple[Execution, ...]:
        return self.erp.executions(project, (job.sent_at or job.changed_at) - CLOCK_SKEW)

    def _free_for(self, job: Job, listed: Iterable[Execution]) -> list[Execution]:
        """Executions that no other job has. One that this job has itself is a crash in the middle of adopting it.

        Not so where the feed resends: there the executions of an earlier attempt are this job's, too.
        """
        feed = self.feeds.feeds.get(job.feed)
        free = {None} if feed and feed.lost_answer is LostAnswer.RESEND else {None, job.job_id}
        return [execution for execution in listed if self.ledger.by_message(execution.execution_id) in free]

    def _fits_another(self, job: Job, execution: Execution) -> bool:
        """True when a file that was left to a person may be what this execution imported."""
        return any(
            may_be_the_import_of(other, execution, self._rows_of(other)) for other in self._left_to_a_person(job)
        )

    def _left_to_a_person(self, job: Job) -> Iterator[Job]:
        """Other files of the activity whose import is not known; notes of those that need none any more are dropped."""
        for job_id in self.ledger.doubts(job.activity_id):
            stored = self.ledger.read(job_id)
            if stored is None or not self._may_still_appear(stored.job):
                self.ledger.settle_doubt(job.activity_id, job_id)
            elif job_id != job.job_id:
                yield stored.job

    def _may_still_appear(self, other: Job) -> bool:
        """True for what is in doubt; also for what a person closed, until its import would have been overdue."""
        if other.state is not JobState.CLOSED:
            return other.state is JobState.IN_DOUBT
        feed = self.feeds.feeds.get(other.feed)
        return self.clock() - other.changed_at < (feed.overdue_after if feed else SENDER_GONE_AFTER)

    def _given_up(self, job: Job, feed: Feed | None, project: str) -> bool:
        """See to it that what this file may have become is not taken for another's import; False to come again.

        A file that stays in doubt is noted as such. One that is sent again claims all that fits it now.
        """
        if feed is None or feed.lost_answer is LostAnswer.HOLD:
            self.ledger.note_doubt(job)
            return True
        try:
            self._claim_all_that_fit(job, project)
        except (Transient, AnswerLost) as failure:
            emit(Event.STATUS_UNAVAILABLE, job, error=str(failure))
            return False
        return True

    def _claim_all_that_fit(self, job: Job, project: str) -> None:
        rows = self._rows_of(job)
        for execution in self._free_for(job, self._listed(job, project)):
            if may_be_the_import_of(job, execution, rows):
                self.ledger.note_message(execution.execution_id, job.job_id)

    def _others_unknown(self, job: Job) -> bool:
        """True when a file of the same activity is in flight whose execution we do not know yet."""
        prefix = f"act.{job.activity_id}"
        others = {slot.job_id for slot in self.ledger.taken() if slot.key.startswith(prefix)} - {job.job_id}
        return any(self._is_unknown(other) for other in others)

    def _is_unknown(self, job_id: str) -> bool:
        stored = self.ledger.read(job_id)
        return stored is not None and stored.job.state in IN_FLIGHT and not stored.job.execution_id

    def _rows_of(self, job: Job) -> int | None:
        """Rows of the landed files, where their formats can be counted and they are still there."""
        counts = [self._rows_in(member.source) for member in job.files if member.entity or not job.members]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def _rows_in(self, source: Source) -> int | None:
        counter = RowCounter.for_name(source.name)
        try:
            with closing(self.files.open(source)) as content:
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
