"""What every memory of the watchers keeps to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from shared.domain.job import JobState
from shared.domain.watching.balance import DayBalance
from shared.domain.watching.promises import PromiseKind, PromiseRecord
from shared.ports import WatchLedger
from tests.builders import START

RECORD = PromiseRecord(feed="invoices", kind=PromiseKind.LOADED_BY, day=date(2026, 11, 14), broken=True, since=START)
SUMS = DayBalance(
    feed="invoices",
    day=date(2026, 11, 14),
    arrived=5,
    states={JobState.SUCCEEDED: 3, JobState.REJECTED: 1},
    lost=1,
    examples=("invoices.20261114.x",),
)


def test_what_went_well_is_remembered_with_its_latest_time(watch: WatchLedger) -> None:
    assert watch.seen() == {}
    watch.note_seen("timer.poll_jobs", START)
    watch.note_seen("timer.poll_jobs", START + timedelta(minutes=1))
    watch.note_seen("export.groups-out", START)
    assert watch.seen() == {"timer.poll_jobs": START + timedelta(minutes=1), "export.groups-out": START}


def test_a_promise_comes_back_as_it_was_noted_last(watch: WatchLedger) -> None:
    watch.note_promise(RECORD)
    watch.note_promise(replace(RECORD, kind=PromiseKind.EXPECT))
    watch.note_promise(replace(RECORD, broken=False))
    assert sorted(watch.promises(), key=lambda r: r.kind) == [
        replace(RECORD, kind=PromiseKind.EXPECT),
        replace(RECORD, broken=False),
    ]


def test_sums_of_days_come_back_from_a_day_on(watch: WatchLedger) -> None:
    older = replace(SUMS, day=date(2026, 11, 13))
    for sums in (older, SUMS, replace(SUMS, feed="orders")):
        watch.note_day(sums)
    watch.note_day(replace(SUMS, arrived=6, lost=2))
    assert watch.days(SUMS.day) == [replace(SUMS, arrived=6, lost=2), replace(SUMS, feed="orders")]
    assert not SUMS.is_even
