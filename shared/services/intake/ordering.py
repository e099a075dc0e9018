"""Feeds with `ordering: strict`: a file goes when all before it in its group were loaded, or a person let them pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.feed import Feed, OrderBy
from shared.domain.job import Job
from shared.domain.pacing.admission import Hold, WaitKind
from shared.domain.pacing.ordering import (
    GHOST_KEPT,
    Member,
    blocker_text,
    came_too_late,
    counts_as_gone,
    number_in,
    number_text,
    passes,
    settles_at,
)
from shared.ports import Clock, Ledger, OrderLedger
from shared.telemetry import Event, emit

#: So many files before one are looked at; who stands further back waits for longer anyhow.
FURTHEST_LOOK = 50
#: A waiting file is looked at again after this long for each file before it, but not rarer than the longest.
A_PLACE = timedelta(seconds=30)
LONGEST_LOOK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Ordering:
    """The queue of each group: a feed's files for one legal entity. Members leave it when others look past them."""

    ledger: Ledger
    order: OrderLedger
    clock: Clock

    def join(self, job: Job, feed: Feed) -> None:
        """Take a place in the queue before the job is opened, so that no later file can overlook it."""
        if feed.is_strict and self.ledger.by_source(job.source) is None:
            self.order.join(job, self.clock())

    def hold(self, job: Job, feed: Feed) -> Hold | None:
        """What before it keeps a file from being sent. Costs two reads where the file before has just been loaded."""
        if not feed.is_strict or job.released_at:
            return None
        queue = self.order.up_to(job, FURTHEST_LOOK)
        if len(queue.members) < FURTHEST_LOOK and all(member.job_id != job.job_id for member in queue.members):
            self.order.join(job, self.clock())
        before = [member for member in queue.members if member.job_id != job.job_id]
        last = queue.last_number
        for place, member in enumerate(before):
            found = self.ledger.read(member.job_id)
            if hold := self._blocks(job, found.job if found else None, member, len(before) - place):
                return hold
            last = self._passed(found.job if found else None, feed, job, member, last)
        return self._hold_at_the_head(job, feed, last)

    def _blocks(self, job: Job, blocker: Job | None, member: Member, places: int) -> Hold | None:
        """The wait for one file before this one, if it does not pass."""
        now = self.clock()
        if blocker is None:
            is_ghost = now - member.joined_at > GHOST_KEPT
            return None if is_ghost else self._wait("a file before it is being taken in", places)
        if passes(blocker):
            return None
        is_held = blocker.is_final and places == 1
        hold = self._wait(blocker_text(blocker), places, WaitKind.HELD if is_held else WaitKind.ORDER)
        if is_held and job.reason != hold.reason:
            emit(Event.ORDER_HELD, job, held_by=blocker.job_id, why=blocker.reason)
        return hold

    def _passed(self, passing: Job | None, feed: Feed, job: Job, member: Member, last: int | None) -> int | None:
        """Note the passing file's number, then take it out of the queue: the highest number that has gone."""
        is_numbered = feed.order_by is OrderBy.NUMBER and passing is not None and counts_as_gone(passing)
        number = number_in(passing.source.name) if is_numbered and passing else None
        if number is not None:
            self.order.note_gone(job.feed, job.legal_entity, number)
            last = max(number, last if last is not None else number)
        self.order.drop(job.feed, job.legal_entity, member)
        return last

    def _hold_at_the_head(self, job: Job, feed: Feed, last: int | None) -> Hold | None:
        if why := number_text(feed, job, last):
            late = came_too_late(job, last)
            return Hold(kind=WaitKind.HELD, why=why, for_a_person=True) if late else self._wait(why, 1)
        settled = settles_at(feed, job, last)
        if settled > self.clock():
            return Hold(kind=WaitKind.ORDER, why="files that landed with it are put in order first", until=settled)
        if feed.order_by is OrderBy.NUMBER and last is None:
            self._begin_at(job)
        return None

    def _begin_at(self, job: Job) -> None:
        """The first number of all begins the row; a lower one that comes later has come too late."""
        number = number_in(job.source.name)
        if number is not None:
            self.order.note_gone(job.feed, job.legal_entity, number - 1)

    def _wait(self, why: str, places: int, kind: WaitKind = WaitKind.ORDER) -> Hold:
        return Hold(kind=kind, why=why, until=self.clock() + min(A_PLACE * places, LONGEST_LOOK))
