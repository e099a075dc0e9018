"""May this job be sent now; if not, why, and when to ask again. Pure: from facts that the services gathered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.domain.job import Job, JobState
from shared.domain.pace import EnvironmentPace


class WaitKind(StrEnum):
    """What keeps a job from being sent. A waiting row's reason begins with it, so that backlogs are counted by it."""

    CAP = "cap"
    PAUSE = "pause"


#: While one of these holds a job, it holds every job of the environment.
_OF_THE_ENVIRONMENT = frozenset({WaitKind.PAUSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a job waits. `until` is when to look again; None where every tick should."""

    kind: WaitKind
    why: str
    until: datetime | None = None

    @property
    def reason(self) -> str:
        """What the waiting row says."""
        return f"{self.kind}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known at `now` of all that may hold a job of one feed."""

    now: datetime
    environment: EnvironmentPace


def held(facts: Facts) -> Hold | None:
    """The first thing that keeps a job from being sent, before it asks for a place; None when nothing does."""
    return next(_holds(facts), None)


def wait_kind(job: Job) -> WaitKind | None:
    """What a waiting job waits for; None for one that does not wait, or only for its next try."""
    kind = job.reason.partition(": ")[0]
    return WaitKind(kind) if job.state is JobState.WAITING and kind in set(WaitKind) else None


def holds_the_environment(kind: WaitKind | None) -> bool:
    """True when no other job of the environment can be sent either."""
    return kind in _OF_THE_ENVIRONMENT


def pause_hold(pace: EnvironmentPace, now: datetime) -> Hold | None:
    """The pause that F&O asked for, if it still runs."""
    until = pace.pause_at(now)
    if until is None:
        return None
    return Hold(kind=WaitKind.PAUSE, why=f"paused by F&O until {time_text(until)} ({pace.pause_why})", until=until)


def time_text(at: datetime) -> str:
    """A time for people: `2026-11-14 06:00:30 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _holds(facts: Facts) -> Iterator[Hold]:
    if pause := pause_hold(facts.environment, facts.now):
        yield pause
