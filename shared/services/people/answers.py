"""What people ask: how is today, did the 14th's invoices load, where is this file, when did an export last come?

Every answer costs what it shows: keys and few columns of the partitions of a day, never the history (docs/ledger.md).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TypeVar

from shared.domain.export import DeliveryState, Export
from shared.domain.feed import FeedBook
from shared.domain.job import Job, JobState
from shared.domain.listing import JobLine, line_of
from shared.domain.naming import UNROUTED, date_in_name
from shared.domain.routing import made_sure_of
from shared.domain.watching.promises import PromiseRecord
from shared.ports import Clock, ExportLedger, Ledger, LedgerView, PaceLedger, WatchLedger
from shared.services.watching.timers import TIMER

_A = TypeVar("_A")
_B = TypeVar("_B")
#: A file is looked for by its name among what landed within so many days.
SEARCHED_DAYS = 14
#: Of many files a day, no more are looked for once so many were looked at; a fifth of a second, as measured.
MOST_SEARCHED = 3000
MOST_FOUND = 100
SPARK_DAYS = 14
_NEWEST_EXPORTS = 5
#: Partitions that are read at the same time.
_AT_ONCE = 8
#: What no ID of F&O has, and no key of a table may have.
_NO_ID = frozenset("/\\#?")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDay:
    """One feed on one day of landing (UTC).

    `states` counts what landed that day; `waiting` why files of it wait; `open_before` what landed earlier and has not
    ended. `recent` are the arrivals of the days before, oldest first. `broken` says which promises are not kept.
    """

    feed: str
    arrived: int
    states: Mapping[JobState, int]
    waiting: Mapping[str, int]
    overdue: int
    open_before: int
    oldest_open_at: datetime | None
    recent: tuple[int, ...]
    broken: tuple[str, ...]
    paused_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportStanding:
    """One export: its last delivery, how often one is expected, what is stored and not acknowledged, the newest."""

    name: str
    last_at: datetime | None
    every: timedelta | None
    is_late: bool
    open_deliveries: int
    unacknowledged: int
    newest: tuple[Export, ...]


@dataclass(slots=True)
class _Landed:
    """What landed of a feed: those that succeeded as a number, all others as lines."""

    lines: list[JobLine] = field(default_factory=list)
    succeeded: int = 0


@dataclass(frozen=True, slots=True)
class Answers:
    """Questions to the ledger. All raise Transient when it cannot be reached; none changes anything."""

    ledger: Ledger
    view: LedgerView
    watch: WatchLedger
    exports: ExportLedger
    pace: PaceLedger
    feeds: FeedBook
    clock: Clock

    def job(self, job_id: str) -> Job | None:
        """One job, with its timeline."""
        found = self.ledger.read(job_id) if job_id.count(".") == 2 else None
        return found.job if found else None

    def jobs(self, business_date: date, feed: str = "", states: Iterable[JobState] = ()) -> list[JobLine]:
        """The jobs of a business date, of one feed or of all, newest first; in these states, if some are named.

        Raises NoSuchFeed when there is no such feed, nor a file of it from when there was.
        """
        wanted, names = frozenset(states), [feed] if feed else [*self.feeds.feeds, UNROUTED]
        lines = _side_by_side(lambda name: list(self.view.listed(name, business_date)), names)
        self._made_sure_of(feed, lines)
        return _newest_first(line for line in lines if not wanted or line.state in wanted)

    def landed(self, day: date, feed: str = "", states: Iterable[JobState] = ()) -> list[JobLine]:
        """The jobs that landed on a day (UTC), whatever their business date, newest first."""
        wanted = frozenset(states)
        arrived = {job_id for job_id in self.view.arrived(day) if not feed or _of(job_id)[0] == feed}
        lines = [line for place in _places(arrived) for line in self.view.listed(*place) if line.job_id in arrived]
        self._made_sure_of(feed, lines)
        return _newest_first(line for line in lines if not wanted or line.state in wanted)

    def _made_sure_of(self, feed: str, lines: list[JobLine]) -> None:
        """A feed that is gone has its history still; a name that never was one is no answer "nothing"."""
        if feed and not lines:
            made_sure_of(self.feeds, feed)

    def find(self, text: str) -> list[JobLine]:
        """By job ID, message ID, execution ID, or a part of a file's name; the newest MOST_FOUND.

        A name is looked for among the business date that it holds, and what landed in the last SEARCHED_DAYS, or
        fewer where MOST_SEARCHED landed in a part of them.
        """
        text = text.strip()
        if job := self.job(text):
            return [line_of(job)]
        if text and not _NO_ID & set(text) and (owner := self.ledger.by_message(text)) and (job := self.job(owner)):
            return [line_of(job)]
        return _newest_first(self._named(text.casefold()))[:MOST_FOUND] if text else []

    def today(self, day: date) -> list[FeedDay]:
        """Every feed on a day of landing, those with trouble as well as those without a file."""
        arrived = set(self.view.arrived(day))
        landed, earlier = self._landed(arrived), self._open_besides(arrived)
        recent, broken = self._recent(day), self._broken()
        names = sorted({*self.feeds.feeds, *landed, *earlier} - {UNROUTED}) + [n for n in (UNROUTED,) if n in landed]
        return [self._feed_day(name, landed[name], earlier[name], recent[name], broken[name]) for name in names]

    def export_standings(self) -> list[ExportStanding]:
        """Every export of feeds.yaml."""
        seen = self.watch.seen()
        return [self._export(name, seen.get(f"export.{name}")) for name in self.feeds.exports]

    def _feed_day(
        self, name: str, landed: _Landed, earlier: list[str], recent: list[int], broken: list[str]
    ) -> FeedDay:
        lines = landed.lines
        unended = [line.landed_at for line in lines if line.state in _OPEN]
        stopped = self.pace.standing(name).feed if name in self.feeds.feeds else None
        return FeedDay(
            feed=name,
            arrived=len(lines) + landed.succeeded,
            states=Counter(line.state for line in lines) + Counter({JobState.SUCCEEDED: landed.succeeded}),
            waiting=Counter(line.waits_for for line in lines if line.waits_for),
            overdue=sum(line.overdue for line in lines),
            open_before=len(earlier),
            oldest_open_at=min(unended, default=None),
            recent=tuple(recent),
            broken=tuple(broken),
            paused_why=stopped.stopped_why if stopped and stopped.stopped_at else "",
        )

    def timers(self) -> dict[str, datetime]:
        """When each timer last ended a run in order, by its name; one that never has is not there."""
        seen = self.watch.seen()
        return {name.removeprefix(TIMER): at for name, at in sorted(seen.items()) if name.startswith(TIMER)}

    def _landed(self, arrived: Set[str]) -> dict[str, _Landed]:
        """By feed what became of these. Of most there is nothing to tell but that they succeeded: those are counted."""
        found: dict[str, _Landed] = defaultdict(_Landed)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for (feed, _), (lines, succeeded) in pool.map(
                lambda place: (place, self._looked_at(*place)), _places(arrived)
            ):
                found[feed].lines += [line for line in lines if line.job_id in arrived]
                found[feed].succeeded += sum(job_id in arrived for job_id in succeeded)
        return found

    def _looked_at(self, feed: str, business_date: date) -> tuple[list[JobLine], list[str]]:
        """The ones that succeeded are read last, so one that succeeds meanwhile is not left out."""
        lines = list(self.view.listed(feed, business_date, besides=JobState.SUCCEEDED))
        seen = {line.job_id for line in lines}
        succeeded = self.view.in_state(feed, business_date, JobState.SUCCEEDED)
        return lines, [job_id for job_id in succeeded if job_id not in seen]

    def _open_besides(self, arrived: Set[str]) -> dict[str, list[str]]:
        """Open jobs by feed that are none of these: their entries say so without a look at their rows."""
        found: dict[str, list[str]] = defaultdict(list)
        for job_id, feed in {(entry.job_id, entry.feed) for entry in self.view.open_entries()}:
            if job_id not in arrived:
                found[feed].append(job_id)
        return found

    def _recent(self, day: date) -> dict[str, list[int]]:
        first = day - timedelta(days=SPARK_DAYS)
        found: dict[str, list[int]] = defaultdict(lambda: [0] * SPARK_DAYS)
        for sums in self.watch.days(first):
            if sums.day < day:
                found[sums.feed][(sums.day - first).days] = sums.arrived
        return found

    def _broken(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for record in self.watch.promises():
            if record.broken:
                found[record.feed].append(_promise_text(record))
        return found

    def _named(self, text: str) -> Iterator[JobLine]:
        dated = date_in_name(text)
        named = [line for line in self.jobs(dated) if text in line.path.casefold()] if dated else []
        if named:
            yield from named
            return  # whatever holds this date in its name is of that business date
        found = list(islice(self._arrived_as(text), MOST_FOUND))
        yield from (line_of(job) for job in _side_by_side(lambda job_id: [self.job(job_id)], found) if job)

    def _arrived_as(self, text: str) -> Iterator[str]:
        """The newest first, until enough files were looked at: each costs, whether it is found or not."""
        today, looked_at = self.clock().date(), 0
        days = [today - timedelta(days=back) for back in range(SEARCHED_DAYS)]
        for first in range(0, SEARCHED_DAYS, _AT_ONCE):
            for arrival in _side_by_side(lambda day: list(self.view.arrivals(day)), days[first : first + _AT_ONCE]):
                looked_at += 1
                if text in arrival.path.casefold():
                    yield arrival.job_id
            if looked_at >= MOST_SEARCHED:
                return

    def _export(self, name: str, last_at: datetime | None) -> ExportStanding:
        feed, open_ones = self.feeds.exports[name], [delivery for delivery, _ in self.exports.open_deliveries(name)]
        return ExportStanding(
            name=name,
            last_at=last_at,
            every=feed.every,
            is_late=bool(feed.every and last_at and self.clock() - last_at > feed.every),
            open_deliveries=len(open_ones),
            unacknowledged=sum(delivery.state is DeliveryState.STORED for delivery in open_ones),
            newest=tuple(islice(self.exports.exports(name), _NEWEST_EXPORTS)),
        )


#: States that a file passes through on its way; what is in doubt waits for a person and counts as open, too.
_OPEN = frozenset(
    {
        JobState.COLLECTING,
        JobState.RECEIVED,
        JobState.WAITING,
        JobState.SENDING,
        JobState.ENQUEUED,
        JobState.RUNNING,
        JobState.IN_DOUBT,
    }
)


def _side_by_side(ask: Callable[[_A], list[_B]], places: Iterable[_A]) -> list[_B]:
    """What is found in several partitions, in the order of these."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [found for batch in pool.map(ask, places) for found in batch]


def _newest_first(lines: Iterable[JobLine]) -> list[JobLine]:
    """Files of one second, as blobs tell it, by their paths."""
    return sorted(sorted(lines, key=lambda line: line.path), key=lambda line: line.landed_at, reverse=True)


def _places(job_ids: Iterable[str]) -> list[tuple[str, date]]:
    """The feeds and business dates of jobs, each once."""
    return sorted({_of(job_id) for job_id in job_ids})


def _of(job_id: str) -> tuple[str, date]:
    feed, day, _ = job_id.split(".")
    return feed, datetime.strptime(f"{day}+0000", "%Y%m%d%z").date()


def _promise_text(record: PromiseRecord) -> str:
    what = {"expect": "no file has arrived", "loaded_by": "not loaded", "every": "no delivery"}[record.kind]
    return f"{what} by its time on {record.day.isoformat()}"
