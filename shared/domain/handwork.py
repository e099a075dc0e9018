"""What a person may do with a job, beside releasing and skipping: resolve a doubt, close, replay, ask again. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from shared.domain.job import Job, JobState, advance, remarked
from shared.domain.outcomes.evidence import needs_evidence
from shared.domain.pacing.admission import time_text
from shared.errors import Terminal

_LOADED = frozenset({JobState.SUCCEEDED, JobState.PARTIAL})
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CLOSABLE = frozenset({JobState.IN_DOUBT, JobState.ENQUEUED, JobState.RUNNING})


class NotAllowed(Terminal):
    """The job is not where this could be done with it; the sentence says where it is, and what can be done instead."""


def adopted(job: Job, now: datetime, why: str, actor: str, message_id: str, execution_id: str) -> Job:
    """A job in doubt whose import a person found in F&O, by its message ID or its execution ID: it is followed again.

    One that was adopted and does not run yet may be adopted again: the ID may have been a wrong one. Raises NotAllowed
    for any other job, and for a message ID that is no GUID.
    """
    if message_id and not _GUID.fullmatch(message_id):
        raise NotAllowed(f"{message_id[:80]} is no message ID: F&O's look like 84a383c8-336d-45e4-9933-0c3e8bfb734a")
    if not may_be_adopted(job):
        _in_doubt(job)
    found = f"message {message_id}" if message_id else f"execution {execution_id}"
    said = f"{found} is its import: {why}"
    if job.state is JobState.ENQUEUED:
        job = remarked(job, now, said, actor)
    else:
        job = advance(job, JobState.ENQUEUED, now, said, actor=actor)
    return replace(job, message_id=message_id, execution_id=execution_id, due_at=now, overdue=False)


def may_be_adopted(job: Job) -> bool:
    """True for a job in doubt, and for one that left doubt by being adopted and has not been seen at work since."""
    if job.state is JobState.ENQUEUED:
        moves = [entry for entry in job.timeline if entry.from_state is not entry.to_state]
        return bool(moves) and moves[-1].from_state is JobState.IN_DOUBT
    return job.state is JobState.IN_DOUBT


def resent(job: Job, now: datetime, why: str, actor: str) -> Job:
    """A job in doubt that is not in F&O, as a person saw: it goes back in line. Raises NotAllowed."""
    _in_doubt(job)
    job = advance(job, JobState.WAITING, now, f"not in F&O, to be sent again: {why}", actor=actor)
    return replace(job, due_at=now, overdue=False, released_at=now, slots=())


def closed(job: Job, now: datetime, why: str, actor: str) -> Job:
    """A job that nobody waits for any longer. What F&O does with the file is no longer followed. Raises NotAllowed."""
    if job.state not in _CLOSABLE:
        raise NotAllowed(
            f"job {job.job_id} is {job.state}: only what is in doubt or in F&O can be closed{_instead(job)}"
        )
    return replace(advance(job, JobState.CLOSED, now, f"closed: {why}", actor=actor), due_at=now, slots=())


def asked_again(job: Job, now: datetime, why: str, actor: str) -> Job:
    """A job whose evidence is fetched once more, as far as F&O still has it (7 days). Raises NotAllowed."""
    again = replace(job, evidence_at=None)
    if job.archived_at is None or not needs_evidence(again):
        raise NotAllowed(
            f"job {job.job_id} is {job.state}: evidence is kept of imports that ended with errors or without a row"
        )
    return replace(remarked(again, now, f"evidence asked for again: {why}", actor), reason=job.reason, due_at=now)


def replayed(job: Job, now: datetime, why: str, actor: str, *, again: bool) -> Job:
    """An ended job whose file goes to landing once more, as a new job.

    Raises NotAllowed where the file is not there, and, unless `again` is said, where rows of it were loaded or it was
    replayed before: then the second import is wanted, and not an oversight.
    """
    if job.archived_at is None:
        raise NotAllowed(f"job {job.job_id} is {job.state} and its file still in landing{_instead(job)}")
    if job.forgotten_at is not None:
        raise NotAllowed(f"the file of job {job.job_id} was removed on request; its sender has to write it again")
    if job.state in _LOADED and not job.nothing_loaded and not again:
        raise NotAllowed(
            f"job {job.job_id} is {job.state}: its rows would be imported twice. Say again if that is wanted"
        )
    if job.replayed_at is not None and not again:
        at = time_text(job.replayed_at)
        raise NotAllowed(
            f"job {job.job_id} was replayed at {at}: look at that job first, or say that it is wanted again"
        )
    note = remarked(job, now, f"replayed: {why}", actor)
    return replace(note, reason=job.reason, replayed_at=now)


def _in_doubt(job: Job) -> None:
    if job.state is not JobState.IN_DOUBT:
        raise NotAllowed(f"job {job.job_id} is {job.state}, and not in doubt{_instead(job)}")


def _instead(job: Job) -> str:
    """What may be done with a job in this state."""
    if job.is_final:
        return "; it has ended, and can be replayed"
    if job.state in {JobState.RECEIVED, JobState.WAITING}:
        return "; it was not sent, and can be released or skipped"
    if job.state is JobState.SENDING:
        return "; it is being sent, so wait for the answer"
    return "; wait for its end, or close it" if job.state in _CLOSABLE else ""
