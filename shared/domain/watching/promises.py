"""What a feed promises: a file by a time of day, loaded by a time of day, an export every so often. Pure.

A deadline is a wall-clock time of a zone, once a day on its days. Where clocks go forward, a time that does not exist
is taken as late as it would have been; where they go back, it is the second of the two: nobody is told too early.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMED = {"daily": frozenset(range(7)), "weekdays": frozenset(range(5))}
_FORM = re.compile(r"^(?:by )?([01][0-9]|2[0-3]):([0-5][0-9])(?: ([a-z ]+))?$")
_A_DAY = timedelta(days=1)


class PromiseKind(StrEnum):
    """What was promised: that a file arrives, that it is loaded, that an export is delivered."""

    EXPECT = "expect"
    LOADED_BY = "loaded_by"
    EVERY = "every"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One day's deadline: what counts for it came after `since` and until `at` (aware UTC). `day` is the zone's."""

    day: date
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time of day in a zone, on some days of the week (0 is Monday)."""

    wall: time
    days: frozenset[int]
    zone: tzinfo

    def latest(self, now: datetime) -> Due:
        """The deadline that passed last; one that is due at `now` has passed."""
        today = now.astimezone(self.zone).date()
        days = (today + timedelta(days=number) for number in range(1, -9, -1))
        return next(due for day in days if day.weekday() in self.days and (due := self._on(day)).at <= now)

    def following(self, now: datetime) -> Due:
        """The next deadline after `now`."""
        today = now.astimezone(self.zone).date()
        days = (today + timedelta(days=number) for number in range(-1, 9))
        return next(due for day in days if day.weekday() in self.days and (due := self._on(day)).at > now)

    def _on(self, day: date) -> Due:
        """What came since the same time on the day before counts, also where that day has no deadline."""
        return Due(day=day, since=self._instant(day - _A_DAY), at=self._instant(day))

    def _instant(self, day: date) -> datetime:
        walls = (datetime.combine(day, self.wall.replace(fold=fold), self.zone) for fold in (0, 1))
        return max(wall.astimezone(UTC) for wall in walls)


def parse_deadline(text: str, zone: tzinfo) -> Deadline:
    """`by 06:00 weekdays`, `07:00`, `07:00 mon thu`; every day where none is named. Raises ValueError otherwise."""
    found = _FORM.match(text)
    days = _days(found[3] or "daily") if found else None
    if not found or not days:
        raise ValueError(f"{text!r} is no deadline such as 'by 06:00 weekdays', '07:00' or '07:00 mon thu'")
    return Deadline(time(int(found[1]), int(found[2])), days, zone)


def _days(words: str) -> frozenset[int] | None:
    if words in _NAMED:
        return _NAMED[words]
    named = words.split(" ")
    return frozenset(map(_DAYS.index, named)) if set(named) <= set(_DAYS) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRecord:
    """What is remembered of one promise: the `day` judged last and whether it stands broken.

    `since`: when the watch began, or what kept the promise too late. What came until then counts for no later day.
    """

    feed: str
    kind: PromiseKind
    day: date
    broken: bool = False
    since: datetime


class Verdict(StrEnum):
    """What there is to tell. Each is told once: a broken promise for each of its days, and its end."""

    NOTHING = "nothing"
    BROKEN = "broken"
    RECOVERED = "recovered"


def needs_look(record: PromiseRecord, due: Due) -> bool:
    """True when the feed must be looked at: a new deadline has passed, or the last one stands broken."""
    return record.broken or due.day > record.day


def counts_from(record: PromiseRecord, due: Due) -> datetime:
    """What came after this time counts for the deadline: a file that was late for one day is not early for the next."""
    return max(due.since, record.since)


def judged(record: PromiseRecord, due: Due, kept: bool, now: datetime) -> tuple[PromiseRecord, Verdict]:
    """The record after a look at the feed, and what to tell."""
    if kept:
        verdict = Verdict.RECOVERED if record.broken else Verdict.NOTHING
        since = now if record.broken else record.since
        return replace(record, day=due.day, broken=False, since=since), verdict
    is_news = due.day > record.day
    return replace(record, day=due.day, broken=True), Verdict.BROKEN if is_news else Verdict.NOTHING


def judged_cadence(
    record: PromiseRecord, last_at: datetime | None, every: timedelta, now: datetime
) -> tuple[PromiseRecord, Verdict]:
    """The same for an export that is expected `every` so often; before its first delivery the watch's begin counts."""
    silent = now - (last_at or record.since) > every
    if silent == record.broken:
        return record, Verdict.NOTHING
    return replace(record, broken=silent), Verdict.BROKEN if silent else Verdict.RECOVERED


def outside_band(rows: int | None, rows_min: int | None, rows_max: int | None) -> str:
    """A sentence when the rows lie outside what a feed expects; empty when they do not or cannot be told."""
    if rows is None:
        return ""
    if rows_min is not None and rows < rows_min:
        return f"{rows} rows, fewer than the expected {rows_min}"
    if rows_max is not None and rows > rows_max:
        return f"{rows} rows, more than the expected {rows_max}"
    return ""
