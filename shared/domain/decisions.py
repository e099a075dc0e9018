"""What one answer leads to. Decisions are pure: no clock, no I/O, no logging; doing is the services' part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.backoff import poll_delay
from shared.domain.job import IN_FLIGHT, Job, JobState, advance
from shared.domain.outcomes.outcome import Outcome, RowCounts, Summary, count_rows, judge_errors
from shared.domain.remote import RemoteReport, RemoteStatus
from shared.domain.sizes import duration_text

#: A tick takes over a job that its own event left half done for so long.
TAKE_OVER_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPolicy:
    """How often to ask: `shortest` right after sending, never rarer than `longest`. `overdue_after` is the feed's."""

    shortest: timedelta
    longest: timedelta
    overdue_after: timedelta


def needs_summary(report: RemoteReport) -> bool:
    """True when only the summary status of the execution can tell partial from failed."""
    if report.status is not RemoteStatus.DONE_WITH_ERRORS:
        return False
    return judge_errors(count_rows(report.entities), Summary.UNDECIDED) is None


def after_report(job: Job, report: RemoteReport, summary: Summary, now: datetime, policy: PollPolicy) -> Job:
    """Return the job as one status answer leaves it. Only a terminal status of the remote ends a job.

    An unknown word is never terminal. The deadline makes the job overdue, it never drops it.
    """
    job = _noting(job, report, summary)
    match report.status:
        case RemoteStatus.DONE:
            return _end(job, JobState.SUCCEEDED, now, _done_text(job, job.rows))
        case RemoteStatus.DONE_WITH_ERRORS:
            return _after_errors(job, summary, now, policy)
        case RemoteStatus.FAILED_BEFORE_STAGING:
            return _end(job, JobState.FAILED, now, _failed_text(job, report, "before staging"))
        case RemoteStatus.FAILED_AFTER_PROCESSING:
            return _end(job, JobState.FAILED, now, _failed_text(job, report, "after processing"))
        case RemoteStatus.RUNNING if job.state is JobState.ENQUEUED:
            return _wait(advance(job, JobState.RUNNING, now, "F&O is importing it"), now, policy)
        case RemoteStatus.WAITING | RemoteStatus.RUNNING | RemoteStatus.UNKNOWN:
            return _wait(job, now, policy)


def without_report(job: Job, why: str, now: datetime, policy: PollPolicy, asked: timedelta | None = None) -> Job:
    """Return the job when no status could be had: it stays and is asked again, not before F&O `asked` for it."""
    waiting = _wait(replace(job, reason=f"no status: {why}"), now, policy)
    if asked is None or waiting.due_at is None:
        return waiting
    return replace(waiting, due_at=max(waiting.due_at, now + asked))


def _noting(job: Job, report: RemoteReport, summary: Summary) -> Job:
    return replace(
        job,
        summary=job.summary if summary is Summary.UNDECIDED else summary.value,
        remote_status=report.word,
        execution_id=report.execution_id or job.execution_id,
        entities=report.entities or job.entities,
        rows=count_rows(report.entities) or job.rows,
        execution_log=report.execution_log or job.execution_log,
    )


def _after_errors(job: Job, summary: Summary, now: datetime, policy: PollPolicy) -> Job:
    match judge_errors(job.rows, summary):
        case Outcome.PARTIAL:
            return _end(job, JobState.PARTIAL, now, f"{_rows_text(job.rows)} with errors")
        case Outcome.FAILED:
            return _end(job, JobState.FAILED, now, f"no row was loaded; {_rows_text(job.rows)} with errors")
        case _:
            why = "F&O reports errors, and neither counts nor summary tell how many rows were loaded"
            return _wait(replace(job, reason=why), now, policy)


def _end(job: Job, to: JobState, now: datetime, why: str) -> Job:
    """Due as before, where that time has come: the due entry that led to the answer leads to what is left to do."""
    due_at = job.due_at if job.due_at and job.due_at <= now else now
    return replace(advance(job, to, now, why), due_at=due_at, overdue=False)


def _wait(job: Job, now: datetime, policy: PollPolicy) -> Job:
    age = now - (job.sent_at or job.changed_at)
    if age <= policy.overdue_after:
        return replace(job, due_at=now + poll_delay(age, policy.shortest, policy.longest))
    why = job.reason
    if not job.overdue:
        why = f"overdue: {_where(job)} for {duration_text(age)}, longer than {duration_text(policy.overdue_after)}"
    return replace(job, overdue=True, reason=why, due_at=now + policy.longest)


def _where(job: Job) -> str:
    if job.state is JobState.ENQUEUED:
        return "enqueued and not started (look at the batch group and the recurrence)"
    return "running in F&O"


def _done_text(job: Job, rows: RowCounts | None) -> str:
    if rows is None:
        return "processed; F&O gave no row counts"
    if rows.rows_ok == 0:
        why = "the file has no rows, or none that F&O took" if job.entity else "a package without a field map does this"
        return f"processed with zero rows: nothing was loaded ({why})"
    return f"{rows.rows_ok} rows loaded"


def _rows_text(rows: RowCounts | None) -> str:
    if rows is None:
        return "rows unknown,"
    return f"{rows.rows_in} rows in, {rows.rows_ok} loaded, {rows.rows_bad}"


def _failed_text(job: Job, report: RemoteReport, when: str) -> str:
    log = report.execution_log.strip().splitlines()
    cause = log[0][:200] if log else "F&O gave no reason; check entity, field mapping, file format and company"
    return f"failed {when}: {cause}"


def holds_a_place(job: Job) -> bool:
    """True while the remote may be working on the job, so that its place under the caps must be kept."""
    return job.state in IN_FLIGHT
