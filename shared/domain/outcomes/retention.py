"""When the rows of a job may go: after the files that they tell of, never before. Pure."""

from __future__ import annotations

from datetime import datetime

from shared.domain.job import Job
from shared.domain.outcomes.evidence import needs_evidence


def may_go(job: Job, before: datetime) -> bool:
    """True when the job is at its end, all is put away, and nothing in its folder was written at `before` or later."""
    if not job.is_final or job.archived_at is None or needs_evidence(job):
        return False
    written_at = (job.changed_at, job.archived_at, job.evidence_at, job.forgotten_at)
    return all(at is None or at < before for at in written_at)
