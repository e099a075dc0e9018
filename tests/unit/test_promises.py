"""Deadlines over days and clock changes; when a promise is broken, and that it is told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.watching.promises import (
    Deadline,
    PromiseKind,
    PromiseRecord,
    Verdict,
    counts_from,
    judged,
    judged_cadence,
    needs_look,
    outside_band,
    parse_deadline,
)

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")])
DEADLINES = st.builds(
    Deadline, st.times().map(lambda t: t.replace(microsecond=0)), st.frozensets(st.integers(0, 6), min_size=1), ZONES
)
NOWS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is added


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_deadline_of_weekdays_passes_over_the_weekend() -> None:
    deadline = parse_deadline("by 06:00 weekdays", BERLIN)
    saturday = _utc("2026-11-14T12:00")
    assert deadline.latest(saturday).day == date(2026, 11, 13)
    assert deadline.following(saturday).at == _utc("2026-11-16T05:00")
    assert deadline.following(saturday).since == _utc("2026-11-15T05:00")


@pytest.mark.parametrize(
    ("text", "days"),
    [("07:00", range(7)), ("by 07:00 daily", range(7)), ("07:00 mon thu", (0, 3)), ("07:00 weekdays", range(5))],
)
def test_days_are_read(text: str, days: tuple[int, ...]) -> None:
    assert parse_deadline(text, BERLIN).days == frozenset(days)


@pytest.mark.parametrize("text", ["6:00", "24:00", "by noon", "07:00 someday", "07:00  mon", "07:00 weekdays mon", ""])
def test_what_is_no_deadline_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="no deadline such as"):
        parse_deadline(text, BERLIN)


def test_a_time_that_comes_twice_is_the_second_and_one_that_does_not_come_is_late() -> None:
    deadline = parse_deadline("02:30", BERLIN)
    assert deadline.latest(_utc("2026-10-25T12:00")).at == _utc("2026-10-25T01:30")
    assert deadline.latest(_utc("2026-03-29T12:00")).at == _utc("2026-03-29T01:30")


@given(DEADLINES, NOWS)
def test_now_always_lies_between_the_deadline_that_passed_and_the_next(deadline: Deadline, now: datetime) -> None:
    passed, coming = deadline.latest(now), deadline.following(now)
    assert passed.at <= now < coming.at
    assert passed.day < coming.day
    assert deadline.latest(coming.at) == coming


@given(DEADLINES, NOWS)
def test_a_deadline_counts_a_day_whatever_the_clocks_do(deadline: Deadline, now: datetime) -> None:
    due = deadline.latest(now)
    assert timedelta(hours=22) <= due.at - due.since <= timedelta(hours=26)
    assert due.at.astimezone(deadline.zone).date() in {due.day, due.day + timedelta(days=1)}
    assert due.day.weekday() in deadline.days


@given(DEADLINES.map(lambda d: replace(d, days=frozenset(range(7)))), NOWS)
def test_days_of_a_daily_deadline_meet_without_a_gap(deadline: Deadline, now: datetime) -> None:
    assert deadline.following(now).since == deadline.latest(now).at


DEADLINE = parse_deadline("06:00", BERLIN)
NOW = _utc("2026-11-14T05:00")
RECORD = PromiseRecord(feed="f", kind=PromiseKind.EXPECT, day=date(2026, 11, 13), since=_utc("2026-11-01T00:00"))


def test_a_broken_promise_is_told_once_and_its_end_once() -> None:
    due = DEADLINE.latest(NOW)
    assert needs_look(RECORD, due)
    broken, told = judged(RECORD, due, False, NOW)
    assert told is Verdict.BROKEN
    assert needs_look(broken, due)
    again, told = judged(broken, due, False, NOW)
    assert (again, told) == (broken, Verdict.NOTHING)
    kept, told = judged(broken, due, True, NOW + timedelta(hours=1))
    assert told is Verdict.RECOVERED
    assert not needs_look(kept, due)


def test_a_kept_promise_is_looked_at_once_and_says_nothing() -> None:
    due = DEADLINE.latest(NOW)
    kept, told = judged(RECORD, due, True, NOW)
    assert told is Verdict.NOTHING
    assert not needs_look(kept, due)


def test_a_promise_that_stays_broken_is_told_again_on_its_next_day() -> None:
    broken, _ = judged(RECORD, DEADLINE.latest(NOW), False, NOW)
    tomorrow = NOW + timedelta(days=1)
    still, told = judged(broken, DEADLINE.latest(tomorrow), False, tomorrow)
    assert told is Verdict.BROKEN
    assert still.day == date(2026, 11, 15)


def test_a_file_that_was_late_for_one_day_is_not_early_for_the_next() -> None:
    broken, _ = judged(RECORD, DEADLINE.latest(NOW), False, NOW)
    late = NOW + timedelta(hours=1)
    recovered, _ = judged(broken, DEADLINE.latest(late), True, late)
    assert counts_from(recovered, DEADLINE.latest(NOW + timedelta(days=1))) == late


@given(st.lists(st.booleans(), max_size=30))
def test_whatever_happens_broken_and_recovered_are_told_in_turn_within_a_day(looks: list[bool]) -> None:
    record, told = RECORD, []
    for kept in looks:
        if needs_look(record, DEADLINE.latest(NOW)):
            record, verdict = judged(record, DEADLINE.latest(NOW), kept, NOW)
            told += [] if verdict is Verdict.NOTHING else [verdict]
    assert told in ([], [Verdict.BROKEN], [Verdict.BROKEN, Verdict.RECOVERED])


def test_a_silent_export_is_told_once_until_it_delivers() -> None:
    every, record = timedelta(hours=24), replace(RECORD, kind=PromiseKind.EVERY, since=NOW)
    assert judged_cadence(record, None, every, NOW + every)[1] is Verdict.NOTHING
    silent, told = judged_cadence(record, None, every, NOW + every + timedelta(seconds=1))
    assert told is Verdict.BROKEN
    assert judged_cadence(silent, None, every, NOW + 2 * every)[1] is Verdict.NOTHING
    assert judged_cadence(silent, NOW + 2 * every, every, NOW + 2 * every)[1] is Verdict.RECOVERED


def test_rows_outside_the_band_have_a_sentence() -> None:
    assert outside_band(3, 10, None) == "3 rows, fewer than the expected 10"
    assert outside_band(30, 1, 20) == "30 rows, more than the expected 20"
    assert outside_band(None, 1, 20) == outside_band(20, 20, 20) == ""
