"""NCRONTAB: the schedules of timer triggers, in UTC.

Six fields, `second minute hour day month weekday`; five are read as a schedule on second 0. A time is due when all
fields match: unlike in Unix cron, day *and* weekday. (Source: the NCrontab library, which the timer extension parses
schedules with; Microsoft Learn, "Timer trigger for Azure Functions".) The cron packages of PyPI join the two days by
"or" or put the seconds last, and take signs which Azure refuses.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Self

_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = tuple(name.lower() for name in calendar.month_name)[1:]
_FEWEST_LETTERS = 3
_HORIZON = timedelta(days=8 * 366)  # 29 February can be eight years away, around a year like 2100


class BadSchedule(ValueError):
    """The text is no NCRONTAB schedule, or one that never comes due."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One place of a schedule: what may stand there."""

    name: str
    lowest: int
    highest: int
    words: Sequence[str] = ()
    first_word: int = 0

    def values(self, text: str) -> frozenset[int]:
        """All numbers that `text`, such as `1,10-20/5`, names."""
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, text: str) -> range:
        span, slash, step = text.partition("/")
        if slash and not (step.isdecimal() and int(step)):
            raise BadSchedule(f"{self.name} {text!r}: the step must be a whole number above 0")
        first, last = self._span(span, open_end=bool(slash))
        return range(first, last + 1, int(step or 1))

    def _span(self, text: str, *, open_end: bool) -> tuple[int, int]:
        if text == "*":
            return self.lowest, self.highest
        first, dash, last = text.partition("-")
        if not dash:
            return self._number(first), self.highest if open_end else self._number(first)
        ends = self._number(first), self._number(last)
        return min(ends), max(ends)  # NCrontab swaps ends that stand the wrong way round

    def _number(self, text: str) -> int:
        number = int(text) if text.isascii() and text.isdecimal() else self._word(text)
        if not self.lowest <= number <= self.highest:
            raise BadSchedule(f"{self.name} {number}: must be from {self.lowest} to {self.highest}")
        return number

    def _word(self, text: str) -> int:
        if len(text) >= _FEWEST_LETTERS:
            for number, word in enumerate(self.words, self.first_word):
                if word.startswith(text.lower()):
                    return number
        raise BadSchedule(f"{self.name} {text!r} is not understood")


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS, 1),
    _Field("weekday", 0, 6, _WEEKDAYS, 0),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a timer is due. Each field holds the numbers that match; weekdays count from Sunday, 0."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `{second} {minute} {hour} {day} {month} {weekday}`.

        Raises:
            BadSchedule: it names the field at fault.
        """
        words = text.split()
        if len(words) == len(_FIELDS) - 1:
            words.insert(0, "0")
        if len(words) != len(_FIELDS):
            raise BadSchedule(f"a schedule has six fields (second first) or five, not {len(words)}")
        return cls(*(field.values(word) for field, word in zip(_FIELDS, words, strict=True)))

    def next_after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`, in whole seconds of UTC.

        Raises:
            BadSchedule: no day of the next eight years matches.
        """
        moment = moment.astimezone(UTC)
        day = moment.date()
        while datetime.combine(day, time.min, UTC) - moment < _HORIZON:
            if self._has_day(day.day, day.month, (day.weekday() + 1) % 7):
                times = (datetime.combine(day, at, UTC) for at in self._times())
                if due := next((at for at in times if at > moment), None):
                    return due
            day += timedelta(days=1)
        raise BadSchedule("no day of the next eight years matches")

    def _has_day(self, day: int, month: int, weekday: int) -> bool:
        return day in self.days and month in self.months and weekday in self.weekdays

    def _times(self) -> Iterator[time]:
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                for second in sorted(self.seconds):
                    yield time(hour, minute, second)
