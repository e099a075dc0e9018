"""A job in one line: what a list shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.job import Job, JobState
from shared.domain.outcomes.outcome import RowCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """What a list shows of a job; its fields mean what those of Job do."""

    job_id: str
    feed: str
    legal_entity: str
    path: str
    state: JobState
    reason: str
    landed_at: datetime
    changed_at: datetime
    rows: RowCounts | None = None
    causes: str = ""
    overdue: bool = False
    attempt: int = 0
    message_id: str = ""

    @property
    def name(self) -> str:
        """What a person calls the file."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def waits_for(self) -> str:
        """The kind of a waiting job's reason, such as `cap` or `pause`; empty for one that does not wait."""
        head, colon, _ = self.reason.partition(": ")
        return (head if colon and head.isalpha() else "retry") if self.state is JobState.WAITING else ""


def line_of(job: Job) -> JobLine:
    """The line of a whole job."""
    return JobLine(
        job_id=job.job_id,
        feed=job.feed,
        legal_entity=job.legal_entity,
        path=job.source.path,
        state=job.state,
        reason=job.reason,
        landed_at=job.source.landed_at,
        changed_at=job.changed_at,
        rows=job.rows,
        causes=job.causes,
        overdue=job.overdue,
        attempt=job.attempt,
        message_id=job.message_id,
    )


def line_record(line: JobLine) -> dict[str, object]:
    """A line for scripts: times as ISO 8601 in UTC."""
    rows = line.rows
    return {
        "job_id": line.job_id,
        "feed": line.feed,
        "legal_entity": line.legal_entity,
        "path": line.path,
        "state": line.state.value,
        "reason": line.reason,
        "rows": {"in": rows.rows_in, "ok": rows.rows_ok, "bad": rows.rows_bad} if rows else None,
        "causes": line.causes or None,
        "overdue": line.overdue,
        "attempt": line.attempt,
        "message_id": line.message_id or None,
        "landed_at": line.landed_at.isoformat(),
        "changed_at": line.changed_at.isoformat(),
    }
