"""A sent job is asked for until the ERP names its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.decisions import PollPolicy, after_report, needs_summary, without_report
from shared.domain.feed import Feed, FeedBook
from shared.domain.job import Job
from shared.domain.outcomes.outcome import Summary
from shared.domain.remote import RemoteReport, RemoteStatus
from shared.domain.watching.promises import outside_band
from shared.errors import Terminal, Transient
from shared.ports import Clock, ErpGateway, Ledger, Stored
from shared.services.observing import Observing
from shared.services.outcomes.archiving import Archiving
from shared.telemetry import Event, emit

#: The deadline of a job whose feed has left feeds.yaml.
ORPHAN_DEADLINE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Answered:
    """A job as it was read, and as F&O's answer leaves it; nothing is written yet."""

    before: Stored
    job: Job


@dataclass(frozen=True, slots=True)
class Polling:
    """Asks about one message and moves its job by the answer."""

    ledger: Ledger
    erp: ErpGateway
    feeds: FeedBook
    archiving: Archiving
    observing: Observing
    clock: Clock
    shortest: timedelta
    longest: timedelta

    def poll(self, stored: Stored) -> Stored:
        """Ask once. A final answer frees the job's places and archives it at once; no answer leaves it due again.

        Raises Conflict when another worker moved the job, Transient when the ledger cannot be reached.
        """
        return self.record(self.ask(stored))

    def ask(self, stored: Stored) -> Answered:
        """Ask once and write nothing of the job yet. Raises Transient when the ledger cannot be reached."""
        job, policy = stored.job, self._policy(stored.job)
        try:
            report = self._report(job)
            summary = self._summary(job, report)
        except (Transient, Terminal) as failure:
            emit(Event.STATUS_UNAVAILABLE, job, error=str(failure))
            asked = failure.retry_after if isinstance(failure, Transient) else None
            return Answered(stored, without_report(job, str(failure), self.clock(), policy, asked))
        if report.status is RemoteStatus.UNKNOWN:
            emit(Event.STATUS_UNKNOWN, job, word=report.word)
        self._note_execution(job, report)
        return Answered(stored, after_report(job, report, summary, self.clock(), policy))

    def record(self, answered: Answered) -> Stored:
        """Write one answer; a final one ends the job. Raises as `poll`."""
        return self._write(answered.before, answered.job)

    def record_all(self, answered: Sequence[Answered]) -> list[Stored | None]:
        """Write answers that end no job, all together; None where another worker moved the job meanwhile."""
        versions = self.ledger.write_all([(each.job, each.before.version) for each in answered])
        written = [Stored(each.job, seen) if seen else None for each, seen in zip(answered, versions, strict=True)]
        for each, after in zip(answered, written, strict=True):
            if after is None:
                emit(Event.JOB_CONFLICT, each.before.job)
            else:
                _tell(each.before.job, after.job, self.feeds.feeds.get(after.job.feed))
                self.observing.polled(each.before.job, after.job)
        return written

    def _report(self, job: Job) -> RemoteReport:
        """An adopted job has no message ID; its execution is asked instead."""
        if job.message_id:
            return self.erp.report(job.activity_id, job.message_id)
        return self.erp.execution_report(job.execution_id)

    def _note_execution(self, job: Job, report: RemoteReport) -> None:
        """Where lost answers are looked up, each execution that is known to be a job's must be findable."""
        is_news = report.execution_id and report.execution_id != job.execution_id
        if is_news and self.feeds.data_project_of(job.activity_id):
            self.ledger.note_message(report.execution_id, job.job_id)

    def _policy(self, job: Job) -> PollPolicy:
        feed = self.feeds.feeds.get(job.feed)
        deadline = feed.overdue_after if feed else ORPHAN_DEADLINE
        return PollPolicy(shortest=self.shortest, longest=self.longest, overdue_after=deadline)

    def _summary(self, job: Job, report: RemoteReport) -> Summary:
        execution_id = report.execution_id or job.execution_id
        if not needs_summary(report) or not execution_id:
            return Summary.UNDECIDED
        return self.erp.summary(execution_id)

    def _write(self, before: Stored, job: Job) -> Stored:
        held = job.slots
        if job.is_final:
            job = replace(job, slots=())
        after = Stored(job, self.ledger.write(job, before.version))
        _tell(before.job, job, self.feeds.feeds.get(job.feed))
        self.observing.polled(before.job, job)
        if not job.is_final:
            return after
        self.ledger.free_slots(job.job_id, held)
        return self.archiving.archive(after)


def _tell(before: Job, after: Job, feed: Feed | None) -> None:
    if after.is_final:
        rows = after.rows
        emit(
            Event.JOB_ENDED,
            after,
            outcome=after.state.value,
            rows_in=rows.rows_in if rows else None,
            rows_ok=rows.rows_ok if rows else None,
            rows_bad=rows.rows_bad if rows else None,
        )
        if rows and feed and (odd := outside_band(rows.rows_in, feed.rows_min, feed.rows_max)):
            emit(Event.JOB_ODD, after, why=odd)
    elif after.state is not before.state:
        emit(Event.JOB_RUNNING, after)
    if after.overdue and not before.overdue:
        emit(Event.JOB_OVERDUE, after, why=after.reason)
