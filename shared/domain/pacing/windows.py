"""When files may be sent: a feed's hours of the day, and the environment's maintenance. Pure; zones come in as tzinfo.

Hours are wall-clock times of a zone. Where clocks go forward, a time that does not exist is taken as late as it would
have been; where they go back, an opening is the first of the two and a closing the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = r"([01][0-9]|2[0-3]):([0-5][0-9])"
HOURS_PATTERN = re.compile(rf"^{_HOURS}-{_HOURS}$")
_WEEKLY = re.compile(rf"^({'|'.join(_DAYS)}) ({_HOURS}-{_HOURS})$")
_DATED = re.compile(rf"^(\d{{4}}-\d{{2}}-\d{{2}}) {_HOURS} to (\d{{4}}-\d{{2}}-\d{{2}}) {_HOURS}$")
#: A chain of windows and maintenance that is longer than this is looked at again at the time found so far.
_LONGEST_CHAIN = 30

#: From, until: aware UTC, the end not included.
Span = tuple[datetime, datetime]


class Spans(Protocol):
    """Times that come again, or once."""

    def around(self, at: datetime) -> Iterator[Span]:
        """The spans near `at`, in order: the one that covers it, if any, and the next."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The same hours each day, or on one day of the week (0 is Monday); over midnight if they end before they begin."""

    opens: time
    closes: time
    zone: tzinfo
    weekday: int | None = None

    def around(self, at: datetime) -> Iterator[Span]:
        """See Spans. Days of the zone, not of UTC."""
        today = at.astimezone(self.zone).date()
        days = (today + timedelta(days=number) for number in range(-2, 9))
        for day in days:
            if self.weekday in {None, day.weekday()}:
                last = day if self.opens < self.closes else day + timedelta(days=1)
                yield _begin(day, self.opens, self.zone), _end(last, self.closes, self.zone)


@dataclass(frozen=True, slots=True)
class Dated:
    """One span, named by its dates."""

    begins_at: datetime
    ends_at: datetime

    def around(self, at: datetime) -> Iterator[Span]:
        """See Spans."""
        yield self.begins_at, self.ends_at


def opening(now: datetime, hours: Hours | None, closures: Iterable[Spans]) -> datetime:
    """The first time from `now` on (UTC) at which `hours`, if given, are open and no closure runs."""
    shut, at = tuple(closures), now
    for _ in range(_LONGEST_CHAIN):
        later = _out_of(shut, _into(hours, at))
        if later == at:
            return at
        at = later
    return at


def parse_hours(text: str, zone: tzinfo, weekday: int | None = None) -> Hours:
    """`22:00-05:00`. Raises ValueError when it is not of that form, or begins when it ends."""
    found = HOURS_PATTERN.match(text)
    if not found or found[1] + found[2] == found[3] + found[4]:
        raise ValueError(f"{text!r} is no span of hours such as 22:00-05:00")
    return Hours(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])), zone, weekday)


def parse_closure(text: str, zone: tzinfo) -> Spans:
    """`sun 02:00-06:00`, or `2026-11-28 20:00 to 2026-11-29 04:00`. Raises ValueError for anything else."""
    if weekly := _WEEKLY.match(text):
        return parse_hours(weekly[2], zone, _DAYS.index(weekly[1]))
    dated = _DATED.match(text)
    if not dated:
        raise ValueError(f"{text!r} is neither like 'sun 02:00-06:00' nor '2026-11-28 20:00 to 2026-11-29 04:00'")
    begins = _begin(date.fromisoformat(dated[1]), time(int(dated[2]), int(dated[3])), zone)
    ends = _end(date.fromisoformat(dated[4]), time(int(dated[5]), int(dated[6])), zone)
    if ends <= begins:
        raise ValueError(f"{text!r} ends before it begins")
    return Dated(begins, ends)


def _into(hours: Hours | None, at: datetime) -> datetime:
    if hours is None:
        return at
    return next((max(at, begins) for begins, ends in hours.around(at) if ends > at), at)


def _out_of(closures: tuple[Spans, ...], at: datetime) -> datetime:
    covering = (ends for closure in closures for begins, ends in closure.around(at) if begins <= at < ends)
    return max(covering, default=at)


def _begin(day: date, wall: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, wall, zone).astimezone(UTC)


def _end(day: date, wall: time, zone: tzinfo) -> datetime:
    return max(datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
