"""Files that belong together are collected in one job, and carried on as one when the last of them has landed.

Each file is first listed on the job's row and then claimed for it, so a crash between the two is found by the next
event or by the sweep. A job leaves COLLECTING with files that are claimed for it alone, so no file is sent in two
bundles. docs/ledger.md has the crash windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from shared import tracing
from shared.domain.bundle import Bundle
from shared.domain.checks.findings import found
from shared.domain.decisions import TAKE_OVER_AFTER
from shared.domain.feed import Feed, FeedBook
from shared.domain.job import Job, JobState, LandedFile, Source, advance, opened, remarked
from shared.domain.naming import business_date_of, job_id_of, source_key
from shared.domain.pacing.ordering import order_key
from shared.domain.routing import Route, path_of, route
from shared.errors import Conflict, SourceLost
from shared.ports import Clock, FileStore, Ledger, Stored
from shared.services.outcomes.archiving import Archiving
from shared.telemetry import Event, emit

#: A bundle whose feed is not in feeds.yaml any more is looked at again after this long.
CONFIGURATION_RETRY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Joined:
    """A bundle's job after a look at it. `is_complete` tells the one caller who found it complete first."""

    stored: Stored
    is_complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a landed file belongs: feed, bundle, legal entity and key."""

    feed: Feed
    bundle: Bundle
    legal_entity: str
    key: str


@dataclass(frozen=True, slots=True)
class Bundling:
    """Collects the files of bundles."""

    ledger: Ledger
    files: FileStore
    feeds: FeedBook
    archiving: Archiving
    clock: Clock

    def join(self, source: Source, actor: str) -> Joined | None:
        """Put a landed file into its bundle; None when it is of none, and then nothing has been done.

        Any number of calls for one content version, by any number of workers, list it once. Raises Conflict when
        others kept changing the bundle; the sweep finds the file, if its event does not come again.
        """
        place = self._place_of(source)
        if place is None:
            return None
        claimed_by = self.ledger.by_source(source)
        if claimed_by:
            stored = self.ledger.read(claimed_by)
            return self.look(stored) if stored else None
        stored = self._listed(place, source, actor)
        self.ledger.claim(source, stored.job.job_id)
        return self.look(stored)

    def look(self, stored: Stored) -> Joined:
        """Complete a collecting bundle whose files are all there, reject one whose time is over, leave the others."""
        job = stored.job
        feed = self.feeds.feeds.get(job.feed)
        if job.state is not JobState.COLLECTING:
            return Joined(stored)
        if feed is None or feed.bundle is None:
            return Joined(self._due_again(stored, f"feed {job.feed} has no bundle in feeds.yaml"))
        missing = feed.bundle.missing(job.source.name, _names(job))
        if not missing:
            return self._completed(stored, feed.bundle)
        if self.clock() >= job.created_at + feed.bundle.wait:
            return Joined(
                self.archiving.reject(stored, [found("bundle-incomplete", name, job.feed) for name in missing])
            )
        return Joined(stored)

    def _place_of(self, source: Source) -> _Place | None:
        routed = route(source.path, self.feeds.feeds.values())
        bundle = routed.feed.bundle if isinstance(routed, Route) else None
        if bundle is None or not isinstance(routed, Route):
            return None
        key = bundle.key_of(source.name)
        return _Place(feed=routed.feed, bundle=bundle, legal_entity=routed.legal_entity, key=key) if key else None

    def _listed(self, place: _Place, source: Source, actor: str) -> Stored:
        """The first bundle of this key that lists the file or takes it; bundles that went on or ended take none."""
        for number in count(1):
            stored, is_new = self.ledger.open(self._draft(place, number, source, actor))
            if is_new:
                emit(Event.JOB_RECEIVED, stored.job, path=source.path, size_bytes=source.size_bytes, actor=actor)
                return stored
            taker = self._added(place, stored, source, actor)
            if taker is not None:
                return taker
        raise AssertionError("count() does not end")

    def _added(self, place: _Place, stored: Stored, source: Source, actor: str) -> Stored | None:
        """The bundle with the file on its row; None when it takes it no more."""
        while not _lists(stored.job, source):
            there = next((file for file in stored.job.members if file.source.name == source.name), None)
            if stored.job.state is not JobState.COLLECTING:
                return None
            if there is not None and self._still_lies(there.source):
                return stored if there.source.path == source.path else None  # our version is the older one
            try:
                return self._written(place, stored, source, actor)
            except Conflict:
                stored = self._read_again(stored)
        return stored

    def _written(self, place: _Place, stored: Stored, source: Source, actor: str) -> Stored:
        job = stored.job
        others = tuple(file for file in job.members if file.source.name != source.name)
        members = (*others, LandedFile(source=source, entity=place.bundle.entity_of(source.name)))
        job = replace(job, members=members)
        missing = place.bundle.missing(place.key, _names(job))
        job = remarked(job, self.clock(), f"{source.name} landed; {_still_to_come(missing)}", actor)
        job = replace(job, due_at=self._due_at(job, place.bundle))
        stored = Stored(job, self.ledger.write(job, stored.version))
        emit(Event.JOB_COLLECTING, job, path=source.path, missing=len(missing))
        return stored

    def _completed(self, stored: Stored, bundle: Bundle) -> Joined:
        """All are there: claimed for this job, and the job carried on. One of several who see this wins the row."""
        job, now = stored.job, self.clock()
        own = tuple(file for file in job.members if self.ledger.claim(file.source, job.job_id) == job.job_id)
        try:
            if len(own) < len(job.members):  # a worker that died, or was slow, has taken a file into an earlier bundle
                job = replace(job, members=own)
                job = replace(job, due_at=job.created_at + bundle.wait)
                return Joined(Stored(job, self.ledger.write(job, stored.version)))
            size_bytes = sum(file.source.size_bytes for file in own)
            job = advance(job, JobState.RECEIVED, now, f"the bundle is complete: {', '.join(_names(job))}")
            job = replace(job, source=replace(job.source, size_bytes=size_bytes), due_at=now + TAKE_OVER_AFTER)
            return Joined(Stored(job, self.ledger.write(job, stored.version)), is_complete=True)
        except Conflict:
            return Joined(self._read_again(stored))

    def _draft(self, place: _Place, number: int, source: Source, actor: str) -> Job:
        """The bundle as it would be if this file were its first. `number` counts the bundles of one key.

        Its source is no blob: it names what the files have in common, and claims it like any other.
        """
        feed, now = place.feed, self.clock()
        common = Source(
            container=source.container,
            path=path_of(feed, place.legal_entity, place.key),
            etag=f"bundle.{number}",
            size_bytes=source.size_bytes,
            landed_at=source.landed_at,
        )
        business_date = business_date_of(place.key, source.landed_at)
        job = Job(
            job_id=job_id_of(feed.name, business_date, common),
            feed=feed.name,
            legal_entity=place.legal_entity,
            activity_id=feed.activity_id,
            entity="",
            source=common,
            business_date=business_date,
            created_at=now,
            changed_at=now,
            state=JobState.COLLECTING,
            members=(LandedFile(source=source, entity=place.bundle.entity_of(source.name)),),
            order_key=order_key(feed.order_by, common),
            feeds_version=self.feeds.version,
            trace=tracing.here(),
        )
        missing = place.bundle.missing(place.key, _names(job))
        job = replace(job, due_at=self._due_at(job, place.bundle))
        return opened(job, f"{source.name} landed; {_still_to_come(missing)}", actor)

    def _due_at(self, job: Job, bundle: Bundle) -> datetime:
        """When a tick must look: at the end of the wait, or soon where a worker should have completed it by now."""
        is_whole = not bundle.missing(job.source.name, _names(job))
        return self.clock() + TAKE_OVER_AFTER if is_whole else job.created_at + bundle.wait

    def _still_lies(self, source: Source) -> bool:
        try:
            self.files.open(source).close()
        except SourceLost:
            return False
        return True

    def _due_again(self, stored: Stored, why: str) -> Stored:
        job = replace(stored.job, reason=why, due_at=self.clock() + CONFIGURATION_RETRY)
        return Stored(job, self.ledger.write(job, stored.version))

    def _read_again(self, stored: Stored) -> Stored:
        found_now = self.ledger.read(stored.job.job_id)
        if found_now is None:
            raise Conflict(f"job {stored.job.job_id} is gone")
        return found_now


def _names(job: Job) -> list[str]:
    return [file.source.name for file in job.members]


def _lists(job: Job, source: Source) -> bool:
    return source_key(source) in {source_key(file.source) for file in job.members}


def _still_to_come(missing: list[str]) -> str:
    return f"waiting for {', '.join(missing)}" if missing else "the last one"
