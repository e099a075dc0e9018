"""NCRONTAB schedules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.cron import BadSchedule, Schedule

_LIMITS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


@pytest.mark.parametrize(
    ("text", "after", "due"),
    [
        ("0 */5 * * * *", "2026-11-23T10:04:59", "2026-11-23T10:05:00"),
        ("*/20 * * * * *", "2026-11-23T10:00:40.5", "2026-11-23T10:01:00"),
        ("0 */5 * * * *", "2026-11-23T10:05:00", "2026-11-23T10:10:00"),
        ("*/5 * * * *", "2026-11-23T10:05:00", "2026-11-23T10:10:00"),  # five fields: second 0
        ("30 5 9-17 * * Mon-Fri", "2026-11-20T17:06:00", "2026-11-23T09:05:30"),
        ("0 0 0 13 * friday", "2026-11-23T00:00:00", "2027-08-13T00:00:00"),  # both days, not either
        ("0 0 0 1 jan,July *", "2026-11-23T00:00:00", "2027-01-01T00:00:00"),
        ("0 0 12 * * 0", "2026-11-23T00:00:00", "2026-11-29T12:00:00"),  # Sunday is 0
        ("0 50/4 * * * *", "2026-11-23T10:54:00", "2026-11-23T10:58:00"),  # from 50 to the end
        ("0 0 17-9/4 * * *", "2026-11-23T00:00:00", "2026-11-23T09:00:00"),  # ends the wrong way round
        ("0 0 0 29 2 *", "2096-02-29T00:00:00", "2104-02-29T00:00:00"),  # 2100 is no leap year
        ("59 59 23 31 12 *", "2026-12-31T23:59:58", "2026-12-31T23:59:59"),
    ],
)
def test_the_next_due_time(text: str, after: str, due: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert Schedule.parse(text).next_after(moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("* * * *", "not 4"),
        ("60 * * * * *", "second 60"),
        ("0 0 0 0 * *", "day 0"),
        ("0 0 0 * * 7", "weekday 7"),
        ("0 */0 * * * *", "step"),
        ("0 1/x * * * *", "step"),
        ("0 1- * * * *", "minute"),
        ("0 -1 * * * *", "minute"),
        ("0 0 0 * ja *", "month 'ja'"),
        ("0 0 0 L * *", "day 'L'"),
        ("0 0 0 ? * *", "day"),
        ("0 ² * * * *", "minute"),
        ("00:05:00", "not 1"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_field_at_fault(text: str, told: str) -> None:
    with pytest.raises(BadSchedule, match=told):
        Schedule.parse(text)


def test_a_schedule_that_never_comes_due_is_refused() -> None:
    with pytest.raises(BadSchedule, match="no day"):
        Schedule.parse("0 0 0 31 2 *").next_after(datetime(2026, 11, 23, tzinfo=UTC))


@st.composite
def _fields(draw: st.DrawFn, lowest: int, highest: int) -> tuple[str, set[int]]:
    """A field's text, and the numbers that it names, worked out in another way."""
    numbers = st.integers(lowest, highest)
    kind = draw(st.sampled_from(["any", "list", "range", "step"]))
    if kind == "any":
        return "*", set(range(lowest, highest + 1))
    if kind == "list":
        chosen = draw(st.sets(numbers, min_size=1, max_size=5))
        return ",".join(map(str, chosen)), chosen
    first, last = sorted((draw(numbers), draw(numbers)))
    step = draw(st.integers(1, 20)) if kind == "step" else 1
    text = f"{first}-{last}" + (f"/{step}" if kind == "step" else "")
    return text, {n for n in range(lowest, highest + 1) if first <= n <= last and (n - first) % step == 0}


_moments = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


def _matches(moment: datetime, fields: list[set[int]]) -> bool:
    parts = (moment.second, moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7)
    return all(part in field for part, field in zip(parts, fields, strict=True))


@given(st.tuples(*(_fields(*limits) for limits in _LIMITS)), _moments)
def test_the_next_due_time_is_later_and_matches_every_field(
    drawn: tuple[tuple[str, set[int]], ...], moment: datetime
) -> None:
    schedule = Schedule.parse(" ".join(text for text, _ in drawn))
    try:
        due = schedule.next_after(moment)
    except BadSchedule:
        return
    assert due > moment
    assert due.microsecond == 0
    assert _matches(due, [numbers for _, numbers in drawn])


@given(st.tuples(*(_fields(*limits) for limits in _LIMITS[:2])), _moments)
def test_no_matching_second_lies_before_the_next_due_time(
    drawn: tuple[tuple[str, set[int]], ...], moment: datetime
) -> None:
    every = [set(range(low, high + 1)) for low, high in _LIMITS[2:]]
    due = Schedule.parse(" ".join(text for text, _ in drawn) + " * * * *").next_after(moment)
    second = moment.replace(microsecond=0) + timedelta(seconds=1)
    while not _matches(second, [numbers for _, numbers in drawn] + every):
        second += timedelta(seconds=1)
    assert due == second


def test_times_of_another_zone_are_taken_for_what_they_are() -> None:
    moment = datetime.fromisoformat("2026-11-23T01:30:00+02:00")
    assert Schedule.parse("0 0 0 * * *").next_after(moment).isoformat() == "2026-11-23T00:00:00+00:00"
