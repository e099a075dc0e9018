"""How long a feed's imports usually take, and when a queue in F&O stands still. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from shared.domain.job import Job, JobState
from shared.domain.sizes import duration_text

#: Imports that a feed remembers; fewer than the least say nothing yet.
KEPT = 21
LEAST = 5
#: The first status call comes after this part of what an import usually takes, and not later than the longest.
FIRST_LOOK_PART = 0.8
LATEST_FIRST_LOOK = timedelta(minutes=5)
#: A file is not looked at for saturation before this age; then it has to be so many times as old as usual.
SATURATION_FLOOR = timedelta(minutes=15)
SATURATION_TIMES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Whole seconds of a feed's latest imports, oldest first: until F&O began, and until the end."""

    queued_seconds: tuple[int, ...] = ()
    total_seconds: tuple[int, ...] = ()


NO_HISTORY = History()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPace:
    """Whether an activity's queue stands still. `moved_at` is when a file that had waited for long was last begun."""

    saturated_at: datetime | None = None
    moved_at: datetime | None = None


def with_import(history: History, job: Job) -> History:
    """The history with one ended import more; the same object for a job that tells nothing."""
    if job.sent_at is None or job.ended_at is None or not job.message_id:
        return history
    began_at = next((move.at for move in job.timeline if move.from_state is JobState.ENQUEUED), job.ended_at)
    return History(
        queued_seconds=_appended(history.queued_seconds, began_at - job.sent_at),
        total_seconds=_appended(history.total_seconds, job.ended_at - job.sent_at),
    )


def first_look(history: History) -> timedelta:
    """How long after sending the status is asked for the first time; at once while little is known."""
    usual = _usual(history.total_seconds)
    return timedelta(0) if usual is None else min(usual * FIRST_LOOK_PART, LATEST_FIRST_LOOK)


def may_be_saturated(job: Job, now: datetime) -> bool:
    """True for a file that has been enqueued for so long that it is worth a look at the history."""
    return job.state is JobState.ENQUEUED and _age(job, now) > SATURATION_FLOOR


def saturation_text(job: Job, history: History, pace: ActivityPace, now: datetime) -> str:
    """Why the activity's queue seems to stand still, and where to look in F&O; empty when it does not."""
    usual = _usual(history.queued_seconds)
    if usual is None or not may_be_saturated(job, now):
        return ""
    limit = max(usual * SATURATION_TIMES, SATURATION_FLOOR)
    if _age(job, now) <= limit or (pace.moved_at and now - pace.moved_at <= limit):
        return ""
    return (
        f"enqueued for {duration_text(_age(job, now))}, usually {duration_text(usual)}: look under System "
        "administration > Batch jobs at the recurring data job (is its recurrence set?) and at its batch group "
        "(are its threads busy?)"
    )


def saturated(pace: ActivityPace, now: datetime) -> ActivityPace:
    """The pace once the queue is known to stand still; the same object if that was known."""
    return pace if pace.saturated_at else replace(pace, saturated_at=now)


def moving(pace: ActivityPace, now: datetime) -> ActivityPace:
    """The pace once a file that had waited for long has begun."""
    return replace(pace, saturated_at=None, moved_at=now)


def _age(job: Job, now: datetime) -> timedelta:
    return now - (job.sent_at or job.changed_at)


def _usual(seconds: tuple[int, ...]) -> timedelta | None:
    return timedelta(seconds=median(seconds)) if len(seconds) >= LEAST else None


def _appended(seconds: tuple[int, ...], span: timedelta) -> tuple[int, ...]:
    return (*seconds, max(int(span.total_seconds()), 0))[-KEPT:]
