"""What feeds promised, judged by a timer: a broken promise is told once for each of its days, and so is its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from shared.domain.feed import ExportFeed, Feed, FeedBook
from shared.domain.job import JobState
from shared.domain.pacing.admission import time_text
from shared.domain.sizes import duration_text
from shared.domain.watching.balance import is_loaded
from shared.domain.watching.promises import (
    Deadline,
    Due,
    PromiseKind,
    PromiseRecord,
    Verdict,
    counts_from,
    judged,
    judged_cadence,
    needs_look,
)
from shared.errors import CourierError
from shared.ports import Arrival, Clock, LedgerView, WatchLedger
from shared.services.exports.export_gauges import seen_as
from shared.telemetry import Event, emit


def arrival_seen_as(feed: str) -> str:
    """The name under which the last arrival of a feed is remembered, beyond the days that are read."""
    return f"arrival.{feed}"


@dataclass(slots=True)
class Tally:
    """What one round judged, and how many promises stand broken."""

    judged: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Promises:
    """Judges the promises of feeds.yaml. Arrivals are read only when a deadline has passed or trouble lasts."""

    view: LedgerView
    watch: WatchLedger
    feeds: FeedBook
    clock: Clock

    def judge(self) -> Tally:
        """One round over all promises; what cannot be read for one is told, and the others are judged."""
        tally, landed = Tally(), Landed(self.view, self.watch)
        records = {(record.kind, record.feed): record for record in self.watch.promises()}
        for feed, kind, deadline in _deadlines(self.feeds):
            self._guarded(tally, records.get((kind, feed.name)), _Look(feed.name, kind, deadline), landed)
        for export in self.feeds.exports.values():
            if export.every:
                self._cadence(tally, records.get((PromiseKind.EVERY, export.name)), export, landed.seen)
        return tally

    def _guarded(self, tally: Tally, record: PromiseRecord | None, look: _Look, landed: Landed) -> None:
        due = look.deadline.latest(self.clock())
        if record is None:  # watched from the next deadline on
            self.watch.note_promise(PromiseRecord(feed=look.feed, kind=look.kind, day=due.day, since=due.since))
        elif needs_look(record, due):
            try:
                record = self._looked(record, due, landed)
            except CourierError as failure:
                emit(Event.TICK_STEP_FAILED, error=f"promise {look.kind} of {look.feed}: {failure}")
            tally.judged += 1
            tally.broken += record.broken

    def _looked(self, record: PromiseRecord, due: Due, landed: Landed) -> PromiseRecord:
        now = self.clock()
        until = now if record.broken and due.day == record.day else due.at
        files = landed.between(record.feed, counts_from(record, due), until)
        kept, why = self._kept(record, due, files)
        after, verdict = judged(record, due, kept, now)
        event = Event.FEED_EXPECTED_MISSING if record.kind is PromiseKind.EXPECT else Event.FEED_LATE
        last = landed.last(record.feed)
        if verdict is Verdict.BROKEN:
            emit(event, feed=record.feed, promise=record.kind, due_at=time_text(due.at), last_arrival=last, why=why)
        elif verdict is Verdict.RECOVERED:
            emit(Event.FEED_RECOVERED, feed=record.feed, promise=record.kind, last_arrival=last)
        if after != record:
            self.watch.note_promise(after)
        return after

    def _kept(self, record: PromiseRecord, due: Due, files: list[Arrival]) -> tuple[bool, str]:
        """Whether the promise is kept by these files, and a sentence in case it is not."""
        if not files:
            return False, f"no file since {time_text(counts_from(record, due))}"
        if record.kind is PromiseKind.EXPECT:
            return True, ""
        states = self._states(record.feed, files)
        on_their_way = sorted(job_id for job_id, state in states.items() if state in _ON_THEIR_WAY)
        example = f", e.g. {on_their_way[0]}" if on_their_way else ""
        return is_loaded(states.values()), f"of {len(files)} files {len(on_their_way)} are on their way{example}"

    def _states(self, feed: str, files: list[Arrival]) -> dict[str, JobState]:
        """Where the jobs of these files stand; one without a row has just been received."""
        dates = {_business_date(file.job_id) for file in files}
        found = {each.job_id: each.state for day in dates for each in self.view.standings(feed, day)}
        return {file.job_id: found.get(file.job_id, JobState.RECEIVED) for file in files}

    def _cadence(
        self, tally: Tally, record: PromiseRecord | None, export: ExportFeed, seen: Mapping[str, datetime]
    ) -> None:
        now = self.clock()
        if record is None or export.every is None:
            first = PromiseRecord(feed=export.name, kind=PromiseKind.EVERY, day=now.date(), since=now)
            return self.watch.note_promise(first)
        last_at = seen.get(seen_as(export.name))
        after, verdict = judged_cadence(record, last_at, export.every, now)
        if verdict is not Verdict.NOTHING:
            _tell_cadence(export, after, last_at, now)
            self.watch.note_promise(after)
        tally.judged += 1
        tally.broken += after.broken
        return None


_ON_THEIR_WAY = frozenset(
    {
        JobState.COLLECTING,
        JobState.RECEIVED,
        JobState.WAITING,
        JobState.SENDING,
        JobState.IN_DOUBT,
        JobState.ENQUEUED,
        JobState.RUNNING,
    }
)


@dataclass(frozen=True, slots=True)
class _Look:
    """One promise of one feed."""

    feed: str
    kind: PromiseKind
    deadline: Deadline


def _deadlines(feeds: FeedBook) -> Iterator[tuple[Feed, PromiseKind, Deadline]]:
    for feed in feeds.feeds.values():
        for kind, deadline in ((PromiseKind.EXPECT, feed.expect), (PromiseKind.LOADED_BY, feed.loaded_by)):
            if deadline:
                yield feed, kind, deadline


def _tell_cadence(export: ExportFeed, record: PromiseRecord, last_at: datetime | None, now: datetime) -> None:
    last = time_text(last_at) if last_at else ""
    if not record.broken:
        emit(Event.FEED_RECOVERED, feed=export.name, promise=record.kind, last_arrival=last)
        return
    silent = duration_text(now - (last_at or record.since))
    why = (
        f"nothing was delivered for {silent}, expected every {duration_text(export.every or timedelta(0))}. Did the "
        "export run in F&O? What incremental push has lost comes again with a full push of the data project"
    )
    emit(Event.FEED_EXPECTED_MISSING, feed=export.name, promise=record.kind, last_arrival=last, why=why)


def _business_date(job_id: str) -> date:
    return datetime.strptime(f"{job_id.split('.')[1]}+0000", "%Y%m%d%z").date()


@dataclass(frozen=True, slots=True)
class Landed:
    """Arrivals, each day read once in a round and only when asked for."""

    view: LedgerView
    watch: WatchLedger
    _days: dict[date, dict[str, list[Arrival]]] = field(default_factory=dict)
    _seen: dict[str, datetime] = field(default_factory=dict)

    def between(self, feed: str, after: datetime, until: datetime) -> list[Arrival]:
        """What landed later than `after` and not later than `until`."""
        first, last = after.astimezone(UTC).date(), until.astimezone(UTC).date()
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return [file for day in days for file in self._on(day).get(feed, ()) if after < file.landed_at <= until]

    def last(self, feed: str) -> str:
        """When a file of the feed landed last, as far as is known; empty when none ever did."""
        known = [file.landed_at for day in self._days.values() for file in day.get(feed, ())]
        before = self.seen.get(arrival_seen_as(feed))
        times = known + ([before] if before else [])
        return time_text(max(times)) if times else ""

    @property
    def seen(self) -> Mapping[str, datetime]:
        """What went well last, read once."""
        if not self._seen:
            self._seen.update(self.watch.seen())
        return self._seen

    def _on(self, day: date) -> dict[str, list[Arrival]]:
        if day not in self._days:
            by_feed: dict[str, list[Arrival]] = defaultdict(list)
            for arrival in self.view.arrivals(day):
                by_feed[arrival.feed].append(arrival)
            self._days[day] = by_feed
        return self._days[day]
