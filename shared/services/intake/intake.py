"""A landed blob becomes a job: claimed, routed, checked, and sent on if there is room."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared import tracing
from shared.domain.checks.findings import Finding, check_bundled, check_size
from shared.domain.decisions import TAKE_OVER_AFTER
from shared.domain.feed import FeedBook, OrderBy
from shared.domain.job import Job, JobState, Source, opened
from shared.domain.naming import UNROUTED, business_date_of, job_id_of
from shared.domain.pacing.ordering import check_number, order_key
from shared.domain.routing import Route, route
from shared.ports import Clock, Ledger, Stored
from shared.services.intake.bundling import Bundling
from shared.services.intake.ordering import Ordering
from shared.services.outcomes.archiving import Archiving
from shared.services.submission import Submission
from shared.telemetry import Event, about, emit


@dataclass(frozen=True, slots=True)
class Intake:
    """What happens to a file on arrival, and what a tick repeats when an arrival was cut short."""

    ledger: Ledger
    feeds: FeedBook
    ordering: Ordering
    submission: Submission
    bundling: Bundling
    archiving: Archiving
    clock: Clock

    def receive(self, source: Source, actor: str) -> Stored:
        """Record a landed file and carry it on. Any number of calls for one content version make one job.

        A file of a bundle joins the bundle's job, which goes on with the last of them.

        Raises Transient when the ledger cannot be reached; then nothing has been claimed that a later call
        or the sweep would not find.
        """
        if joined := self.bundling.join(source, actor):
            return self.carry_on(joined.stored) if joined.is_complete else joined.stored
        draft = self._draft(source, actor)
        if feed := self.feeds.feeds.get(draft.feed):
            self.ordering.join(draft, feed)
        stored, is_new = self.ledger.open(self._with_lineage(draft))
        if not is_new:
            return stored
        emit(Event.JOB_RECEIVED, stored.job, path=source.path, size_bytes=source.size_bytes, actor=actor)
        return self.carry_on(stored)

    def carry_on(self, stored: Stored) -> Stored:
        """Check a RECEIVED job and send it, or reject it with every finding; look at a COLLECTING one.

        A bundle that is found complete here goes on at a next look, in its turn.
        """
        with about(stored.job):
            if stored.job.state is JobState.COLLECTING:
                return self.bundling.look(stored).stored
            findings = self._findings(stored.job)
            if findings:
                return self.archiving.reject(stored, findings)
            return self.submission.submit(stored)

    def _draft(self, source: Source, actor: str) -> Job:
        """The job as it would be if this call were the first to see the file."""
        routed = route(source.path, self.feeds.feeds.values())
        now = self.clock()
        feed = routed.feed if isinstance(routed, Route) else self.feeds.feeds.get(routed.feed)
        name = feed.name if feed else UNROUTED
        business_date = business_date_of(source.name, source.landed_at)
        job = Job(
            job_id=job_id_of(name, business_date, source),
            feed=name,
            legal_entity=routed.legal_entity if isinstance(routed, Route) else "",
            activity_id=feed.activity_id if feed else "",
            entity=feed.entity if feed else "",
            source=source,
            business_date=business_date,
            created_at=now,
            changed_at=now,
            due_at=now + TAKE_OVER_AFTER,
            order_key=order_key(feed.order_by if feed else OrderBy.LANDED, source),
            feeds_version=self.feeds.version,
            trace=tracing.here(),
        )
        return opened(job, f"landed as {source.path}", actor)

    def _with_lineage(self, draft: Job) -> Job:
        """A replay is for its first business date, and neither a duplicate nor out of order: a person wants it."""
        original = self.ledger.read(draft.source.replay_of) if draft.source.replay_of else None
        if original is None or original.job.source.path != draft.source.path:
            return draft
        first = original.job
        return replace(
            draft,
            job_id=job_id_of(draft.feed, first.business_date, draft.source),
            replay_of=first.job_id,
            business_date=first.business_date,
            released_at=draft.created_at,
        )

    def _findings(self, job: Job) -> list[Finding]:
        routed = route(job.source.path, self.feeds.feeds.values())
        if isinstance(routed, Finding):
            return [routed]
        if not job.members and (unknown := check_bundled(routed.feed, job.source.name)):
            return unknown
        return check_size(routed.feed, job.source.size_bytes) + check_number(routed.feed, job.source.name)
