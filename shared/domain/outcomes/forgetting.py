"""What stays of a job whose content a person had removed: that it was, and how it ended; not what was in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shared.domain.job import Job, TimelineEntry, remarked


def forgotten(job: Job, now: datetime, actor: str, why: str) -> Job:
    """Return the job without F&O's texts and without values seen in the file; counts, states, IDs and times stay.

    The file's name and path stay as well: without them nobody could say which file it was.
    """
    bare = replace(
        job,
        execution_log="",
        causes="",
        kept_as="removed on request",
        findings=tuple(replace(finding, seen="(removed on request)") for finding in job.findings),
        timeline=tuple(map(_without_values, job.timeline)),
        forgotten_at=job.forgotten_at or now,
        changed_at=now,
    )
    return remarked(bare, now, f"content and errors removed on request: {why}", actor)


def _without_values(entry: TimelineEntry) -> TimelineEntry:
    """What F&O or a check said may quote a row; it follows the first colon."""
    head, colon, _ = entry.why.partition(": ")
    return replace(entry, why=f"{head}: (removed on request)") if colon else entry
