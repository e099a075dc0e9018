"""Gathers the facts by which a job is let through to be sent, or waits and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from shared.domain.feed import Feed, FeedBook
from shared.domain.job import Job
from shared.domain.pacing.admission import Facts, Hold, WaitKind, caps_of, circuit_hold, full_caps, held, rate_hold
from shared.domain.pacing.circuit import CLOSED, Circuit, after_claim, after_refusal
from shared.domain.pacing.pace import EnvironmentPace, FeedPace, after_send, crowded
from shared.domain.watching.history import first_look
from shared.errors import Conflict, CourierError
from shared.ports import Clock, PaceLedger
from shared.services.intake.ordering import Ordering
from shared.telemetry import Event, emit


@dataclass(frozen=True, slots=True)
class Admission:
    """The doors before and behind the caps. A feed that uses none of them costs one read of the table.

    `troubled` names the feeds at which the last read found refusals: only their sends look at the circuit again.
    `first_looks` says, from the same read, how long after sending a file of the feed is first asked for.
    """

    pace: PaceLedger
    feeds: FeedBook
    ordering: Ordering
    clock: Clock
    troubled: set[str] = field(default_factory=set)
    first_looks: dict[str, timedelta] = field(default_factory=dict)

    def held(self, job: Job, feed: Feed) -> Hold | None:
        """What keeps a job from being sent now. Raises Transient when the store cannot be reached."""
        standing = self.pace.standing(feed.name)
        self.first_looks[feed.name] = first_look(standing.feed.history)
        if standing.feed.circuit == CLOSED:
            self.troubled.discard(feed.name)
        else:
            self.troubled.add(feed.name)
        return held(job, feed, self.feeds, Facts(now=self.clock(), standing=standing)) or self.ordering.hold(job, feed)

    def note_crowd(self, feeds: Iterable[str], used: Mapping[str, int]) -> None:
        """Files of these feeds wait for a place: what lands now goes behind them, until the next run says more."""
        found = filter(None, map(self.feeds.feeds.get, sorted(feeds)))
        caps = frozenset(name for feed in found for name in full_caps(caps_of(feed, self.feeds), used))
        now = self.clock()
        if caps:
            self.pace.change_environment(lambda pace: crowded(pace, caps, now))

    def begin_send(self, feed: Feed) -> Hold | None:
        """The last doors: one send out of the environment's bucket, and the try of an open circuit.

        A send taken in vain is back within seconds, a try taken in vain after a quarter of an hour: so it comes last.
        """
        per_minute = self.feeds.sends_per_minute
        if per_minute is not None and (hold := self._take_token(per_minute)):
            return hold
        return self._take_try(feed) if feed.name in self.troubled else None

    def accepted(self, feed: Feed) -> None:
        """F&O took a file of the feed: its circuit closes. What cannot be kept is told; the next file says it again."""
        if feed.name in self.troubled:
            before = self._move_circuit(feed, lambda _: CLOSED)
            if before and before.opened_at:
                emit(Event.CIRCUIT_CLOSED, feed=feed.name, refusals=before.refusals, opened_at=before.opened_at)

    def refused(self, feed: Feed, why: str) -> None:
        """F&O refused a file of the feed for good."""
        now = self.clock()
        before = self._move_circuit(feed, lambda circuit: after_refusal(circuit, why, now))
        after = after_refusal(before, why, now) if before else None
        if before and after and after.opened_at and not before.opened_at:
            emit(Event.CIRCUIT_OPENED, feed=feed.name, refusals=after.refusals, why=why, try_at=after.try_at)

    def _move_circuit(self, feed: Feed, move: Callable[[Circuit], Circuit]) -> Circuit | None:
        """Apply a move to the feed's circuit: what it was before; None where it could not be kept."""
        seen: list[Circuit] = []

        def change(pace: FeedPace) -> FeedPace:
            seen[:] = [pace.circuit]
            moved = move(pace.circuit)
            return pace if moved == pace.circuit else replace(pace, circuit=moved)

        try:
            self.pace.change_feed(feed.name, change)
        except CourierError as failure:
            emit(Event.CIRCUIT_UNNOTED, feed=feed.name, error=str(failure))
            return None
        return seen[0]

    def _take_try(self, feed: Feed) -> Hold | None:
        """Of all senders that see a try due, one has it; the others see the next."""
        now = self.clock()
        before = self._move_circuit(feed, lambda circuit: after_claim(circuit, now))
        if before is None:
            return Hold(kind=WaitKind.CIRCUIT, why="the ledger cannot tell whether a file may be tried")
        return circuit_hold(before, now)

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
