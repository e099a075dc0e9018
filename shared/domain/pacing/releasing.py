"""What a person does with a file that is held: let it go, or leave it out. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shared.domain.job import Job, JobState, advance, remarked
from shared.errors import Terminal

_NOT_SENT = frozenset({JobState.RECEIVED, JobState.WAITING})
#: What those behind it in an ordered feed wait for, until a person lets them pass.
HOLDS_OTHERS = frozenset({JobState.FAILED, JobState.PARTIAL, JobState.REJECTED, JobState.CLOSED, JobState.IN_DOUBT})


class NotHeld(Terminal):
    """The job is past the point at which it could be released or skipped; the sentence says where it is."""


def released(job: Job, now: datetime, why: str, actor: str) -> Job:
    """A waiting job that a person lets go: no duplicate and no order holds it any more; caps and pauses still do.

    A job that has ended, or is in doubt, only gets the remark: its group goes on without it.
    """
    if job.state in _NOT_SENT:
        return replace(remarked(job, now, f"released: {why}", actor), released_at=now, due_at=now)
    if job.state in HOLDS_OTHERS:
        return replace(remarked(job, now, f"released: {why}", actor), reason=job.reason, released_at=now)
    raise NotHeld(f"job {job.job_id} is {job.state}: there is nothing to release")


def skipped(job: Job, now: datetime, why: str, actor: str) -> Job:
    """A job that is not to be sent: it ends, and its file rests in the archive.

    Raises NotHeld for a job that has been sent.
    """
    if job.state not in _NOT_SENT:
        raise NotHeld(f"job {job.job_id} is {job.state}: only a file that was not sent can be skipped")
    return replace(advance(job, JobState.SKIPPED, now, f"skipped: {why}", actor=actor), due_at=now, slots=())
