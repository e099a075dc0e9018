"""Gathers the facts by which a job is let through to be sent, or waits and says why."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.admission import Facts, Hold, WaitKind, held, rate_hold
from shared.domain.feed import Feed, FeedBook
from shared.domain.pace import EnvironmentPace, after_send
from shared.errors import Conflict
from shared.ports import Clock, PaceLedger


@dataclass(frozen=True, slots=True)
class Admission:
    """The doors before and behind the caps. A feed that uses none of them costs one read of the table."""

    pace: PaceLedger
    feeds: FeedBook
    clock: Clock

    def held(self, feed: Feed) -> Hold | None:
        """What keeps a job from being sent now. Raises Transient when the store cannot be reached."""
        return held(feed, self.feeds, Facts(now=self.clock(), environment=self.pace.environment()))

    def begin_send(self) -> Hold | None:
        """The last door: takes one send out of the environment's bucket. None when it may go out at once."""
        per_minute = self.feeds.sends_per_minute
        return None if per_minute is None else self._take_token(per_minute)

    def _take_token(self, per_minute: int) -> Hold | None:
        """Two who meet at the last token are told apart by the store: the change is applied to what it really holds."""
        now = self.clock()
        refused: list[Hold] = []

        def take(pace: EnvironmentPace) -> EnvironmentPace:
            refused[:] = filter(None, [rate_hold(pace, per_minute, now)])
            return pace if refused else after_send(pace, now, per_minute)

        try:
            self.pace.change_environment(take)
        except Conflict:
            return Hold(kind=WaitKind.RATE, why=f"{per_minute} sends a minute, and many senders at this moment")
        return refused[0] if refused else None
