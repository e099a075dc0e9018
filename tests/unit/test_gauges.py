"""What is counted of the open files of a feed; and that a gauge reads only what it does not know."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.job import Job, JobState, advance, lane_of
from shared.domain.watching.gauges import FeedGauge, gauge_of, open_file
from shared.ports import Stored
from shared.services.watching.gauges import IDLE_TOLD_EVERY, MOST_READS, Gauges
from tests.builders import START, ManualClock, a_book, a_job, a_job_in, a_source
from tests.fakes.memory_ledger import MemoryLedger

NOW = START + timedelta(minutes=90)


def test_a_gauge_counts_what_is_open_by_what_it_waits_for() -> None:
    jobs = [
        a_job_in(JobState.RECEIVED),
        a_job_in(JobState.WAITING, reason="cap: 2 in flight"),
        a_job_in(JobState.WAITING, reason="cap: 2 in flight"),
        a_job_in(JobState.WAITING, reason="not taken: 503"),
        a_job_in(JobState.IN_DOUBT, overdue=True),
        a_job_in(JobState.ENQUEUED, sent_at=START + timedelta(minutes=60)),
        a_job_in(JobState.SUCCEEDED),
        a_job_in(JobState.PARTIAL, message_id="m", ended_at=START + timedelta(minutes=80)),
        a_job_in(JobState.PARTIAL, message_id="m", evidence_at=START),
    ]
    files = [file for job in jobs if (file := open_file(job))]
    assert gauge_of(files, 0, NOW) == FeedGauge(
        open=6,
        overdue=1,
        in_doubt=1,
        waiting=3,
        waiting_reasons={"cap": 2, "next-try": 1},
        waiting_minutes=90,
        oldest_minutes=90,
        enqueued_minutes=30,
        evidence_open=1,
        evidence_oldest_minutes=10,
    )


def test_a_wait_that_feeds_yaml_asks_for_is_counted_and_has_no_age() -> None:
    jobs = [
        a_job_in(JobState.WAITING, reason="window: opens at 22:00"),
        a_job_in(JobState.WAITING, reason="off: paused in feeds.yaml"),
    ]
    gauge = gauge_of([file for job in jobs if (file := open_file(job))], 0, NOW)
    assert (gauge.waiting, gauge.waiting_minutes, gauge.oldest_minutes) == (2, 0, 90)


class CountedLedger(MemoryLedger):
    """Counts the rows that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def read(self, job_id: str) -> Stored | None:
        """See Ledger."""
        self.reads += 1
        return super().read(job_id)


class Bench:
    """Gauges over a ledger that counts, and what they told."""

    def __init__(self, told: pytest.LogCaptureFixture) -> None:
        self.clock = ManualClock()
        self.ledger = CountedLedger()
        self.gauges = Gauges(self.ledger, self.ledger, a_book(), self.clock)
        self._told = told

    def tell(self) -> dict[str, Any]:
        """What one tick says of the feed; empty when it says nothing."""
        self._told.clear()
        self.ledger.reads = 0
        with self._told.at_level(logging.INFO), ThreadPoolExecutor(2) as pool:
            self.gauges.tell(pool, self.clock() + timedelta(minutes=4))
        found = [vars(record) for record in self._told.records if vars(record).get("event") == "ledger.gauge"]
        return found[0] if found else {}

    def opened(self, number: int, **changes: Any) -> Stored:
        """A job in the ledger."""
        return self.ledger.open(a_job(a_source(f"customer-groups/USMF/{number}.csv"), **changes))[0]

    def waiting(self, number: int) -> Stored:
        """A job that waits for a place."""
        stored = self.opened(number)
        return self.moved(stored, replace(advance(stored.job, JobState.WAITING, START, "cap: full"), due_at=NOW))

    def moved(self, stored: Stored, job: Job) -> Stored:
        """The same job, written anew."""
        return Stored(job, self.ledger.write(job, stored.version))


@pytest.fixture
def bench(caplog: pytest.LogCaptureFixture) -> Bench:
    return Bench(caplog)


def test_a_row_is_read_once_and_again_only_when_the_job_has_moved(bench: Bench) -> None:
    stored = [bench.waiting(number) for number in range(3)]
    assert (bench.tell()["open"], bench.ledger.reads) == (3, 3)
    assert (bench.tell()["open"], bench.ledger.reads) == (3, 0)
    sent = replace(advance(stored[0].job, JobState.SENDING, START, "attempt 1"), due_at=START + timedelta(minutes=5))
    bench.moved(stored[0], sent)
    assert (bench.tell()["open"], bench.ledger.reads) == (3, 1)


def test_what_the_tick_has_just_looked_at_is_not_read_again(bench: Bench) -> None:
    stored = bench.opened(1)
    waiting = replace(advance(stored.job, JobState.WAITING, START, "window: later"), due_at=NOW)
    bench.gauges.observe(bench.moved(stored, waiting))
    told = bench.tell()
    assert (told["open"], told["waiting_reasons"], bench.ledger.reads) == (1, '{"window": 1}', 0)
    assert bench.tell()["open"] == 1
    assert bench.ledger.reads == 0


def test_an_entry_left_behind_by_a_file_that_has_ended_is_not_counted(bench: Bench) -> None:
    stored = bench.opened(1)
    done = replace(advance(stored.job, JobState.REJECTED, START, "unfit"), due_at=None)
    bench.moved(stored, done)
    assert list(bench.ledger.open_entries()) != []
    assert (bench.tell()["open"], bench.ledger.reads) == (0, 1)


def test_a_job_that_only_a_person_moves_is_open_until_it_was_moved(bench: Bench) -> None:
    stored = bench.opened(1)
    held = bench.moved(stored, replace(advance(stored.job, JobState.WAITING, START, "duplicate: of x"), due_at=None))
    bench.ledger.forget(list(bench.ledger.due(lane_of(stored.job), NOW)))
    assert (bench.tell()["open"], json.loads(bench.tell()["waiting_reasons"])) == (1, {"duplicate": 1})
    bench.moved(held, replace(advance(held.job, JobState.SKIPPED, START, "a person"), due_at=START))
    assert bench.tell()["open"] == 0
    assert not any(entry.is_parked for entry in bench.ledger.open_entries())


def test_a_feed_at_rest_is_told_at_once_and_then_now_and_again(bench: Bench) -> None:
    assert bench.tell()["open"] == 0
    assert bench.tell() == {}
    bench.clock.advance(IDLE_TOLD_EVERY)
    assert bench.tell()["open"] == 0
    stored = bench.opened(1)
    assert bench.tell()["open"] == 1
    assert (bench.tell()["open"], bench.ledger.reads) == (1, 1)
    bench.moved(stored, replace(advance(stored.job, JobState.REJECTED, START, "unfit"), due_at=None))
    assert bench.tell()["open"] == 0
    assert bench.tell() == {}


def test_a_process_that_begins_with_very_many_open_counts_all_and_reads_them_by_and_by(bench: Bench) -> None:
    for number in range(MOST_READS + 20):
        bench.waiting(number)
    told = bench.tell()
    assert (told["open"], told["unread"], bench.ledger.reads) == (MOST_READS + 20, 20, MOST_READS)
    told = bench.tell()
    assert (told["open"], told["unread"], bench.ledger.reads) == (MOST_READS + 20, 0, 20)
