"""What the ends of imports teach: how long a feed's files usually take, and that an activity's queue stands still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.job import Job, JobState
from shared.domain.pacing.pace import FeedPace
from shared.domain.watching.history import (
    ActivityPace,
    may_be_saturated,
    moving,
    saturated,
    saturation_text,
    with_import,
)
from shared.errors import CourierError
from shared.ports import Clock, PaceLedger
from shared.telemetry import Event, emit

#: A process tells of one import of a feed in so long: the median needs no more, and a write each would be too dear.
ONE_IN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Observing:
    """Keeps the history and tells of saturation. It helps people and saves calls: its failures stop nothing."""

    pace: PaceLedger
    clock: Clock
    told_at: dict[str, datetime] = field(default_factory=dict)

    def polled(self, before: Job, after: Job) -> None:
        """One poll led from `before` to `after`."""
        try:
            if after.is_final:
                self._remember(after)
            if may_be_saturated(before, self.clock()):
                self._watch(before, after)
        except CourierError as failure:
            emit(Event.HISTORY_UNNOTED, after, error=str(failure))

    def _remember(self, job: Job) -> None:
        now = self.clock()
        if now - self.told_at.get(job.feed, now - ONE_IN) < ONE_IN:
            return
        self.told_at[job.feed] = now
        self.pace.change_feed(job.feed, lambda pace: _with_import(pace, job))

    def _watch(self, before: Job, after: Job) -> None:
        """Tell once for each activity that its queue stands still, and once that it moves again."""
        now, activity_id = self.clock(), before.activity_id
        if after.state is not JobState.ENQUEUED:
            if self._changed(activity_id, lambda found: moving(found, now)).saturated_at:
                emit(Event.JOB_SATURATION_OVER, after, activity_id=activity_id)
            return
        pace = self.pace.activity(activity_id)
        why = saturation_text(after, self.pace.standing(before.feed).feed.history, pace, now)
        if not why or pace.saturated_at:
            return
        if self._changed(activity_id, lambda found: saturated(found, now)).saturated_at is None:
            emit(Event.JOB_SATURATED, after, activity_id=activity_id, why=why)

    def _changed(self, activity_id: str, change: Callable[[ActivityPace], ActivityPace]) -> ActivityPace:
        """Apply a change: what it was applied to, so that one of all instances sees what it changed."""
        found: list[ActivityPace] = []

        def noting(pace: ActivityPace) -> ActivityPace:
            found[:] = [pace]
            return change(pace)

        self.pace.change_activity(activity_id, noting)
        return found[0]


def _with_import(pace: FeedPace, job: Job) -> FeedPace:
    history = with_import(pace.history, job)
    return pace if history is pace.history else replace(pace, history=history)
