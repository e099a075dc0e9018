"""A person's hand on what is held: a duplicate, a file behind a failed one, a number that is missing or came late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.feed import FeedBook, OrderBy
from shared.domain.job import Job
from shared.domain.pacing.releasing import NotHeld, released, skipped
from shared.domain.routing import made_sure_of
from shared.ports import Clock, Ledger, OrderLedger, Stored
from shared.services.outcomes.archiving import Archiving
from shared.telemetry import Event, emit


@dataclass(frozen=True, slots=True)
class Releasing:
    """Release and skip, each with a reason and a name on the job's timeline."""

    ledger: Ledger
    order: OrderLedger
    archiving: Archiving
    feeds: FeedBook
    clock: Clock

    def release(self, job_id: str, why: str, actor: str) -> Stored:
        """Let a waiting job go, or let its group go on past one that has ended. Raises NotHeld, Conflict, Transient."""
        return self._moved(job_id, released, why, actor)

    def skip(self, job_id: str, why: str, actor: str) -> Stored:
        """End a job that was not sent; those behind it go on. Raises NotHeld, Conflict, Transient."""
        after = self._moved(job_id, skipped, why, actor)
        return self.archiving.archive(after)

    def skip_number(self, feed: str, legal_entity: str, number: int, why: str, actor: str) -> None:
        """Do not wait for a number that will never land, nor for any before it.

        Raises NoSuchFeed, and NotHeld where nothing waits for numbers: another order, another legal entity.
        """
        made_sure_of(self.feeds, feed)
        of = self.feeds.feeds.get(feed)
        if of is None or not of.is_strict or of.order_by is not OrderBy.NUMBER:
            raise NotHeld(f"feed {feed} waits for no number: it has not both ordering: strict and order_by: number")
        companies = {of.company, *of.companies} - {""}
        if legal_entity not in companies:
            raise NotHeld(f"feed {feed} has no legal entity {legal_entity}; it has {', '.join(sorted(companies))}")
        self.order.note_gone(feed, legal_entity, number)
        emit(Event.ORDER_NUMBER_SKIPPED, feed=feed, legal_entity=legal_entity, number=number, actor=actor, why=why)

    def _moved(self, job_id: str, move: Callable[[Job, datetime, str, str], Job], why: str, actor: str) -> Stored:
        found = self.ledger.read(job_id)
        if found is None:
            raise NotHeld(f"there is no job {job_id}")
        job = move(found.job, self.clock(), why, actor)
        stored = Stored(job, self.ledger.write(job, found.version))
        emit(Event.JOB_RELEASED, replace(job, reason=why), actor=actor, why=why)
        return stored
