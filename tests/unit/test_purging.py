"""Which rows go when: never before their files, never of what is open, and no longer than the budget."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.job import Job, JobState, Source, advance
from shared.domain.outcomes.retention import may_go
from shared.services.watching.purging import EVERY, WINDOW, Purging
from tests.builders import START, ManualClock, a_job, a_source
from tests.fakes.memory_ledger import MemoryLedger

DAY = timedelta(days=1)
KEEP = 100 * DAY
_SENT = (JobState.SENDING, JobState.ENQUEUED)


class Landing:
    """What lies in landing."""

    def __init__(self) -> None:
        self.lying: list[Source] = []
        self.on_look = lambda: None

    def landed(self, before: datetime) -> Iterator[Source]:
        """See FileStore."""
        self.on_look()
        yield from self.lying


class Bench:
    """A purge over a ledger in memory."""

    def __init__(self) -> None:
        self.clock, self.ledger, self.landing = ManualClock(START), MemoryLedger(), Landing()
        files: Any = self.landing
        self._purging = Purging(self.ledger, self.ledger, files, self.clock, KEEP, timedelta(minutes=4), 2)

    def at(self, moment: datetime) -> int:
        """One run at that time."""
        self.clock.now = moment
        return self._purging.run()

    def file(self, name: str = "one", state: JobState = JobState.SUCCEEDED, **changes: Any) -> Job:
        """A file that landed at START and came to `state`."""
        stored, _ = self.ledger.open(a_job(a_source(f"customer-groups/USMF/{name}.csv")))
        job = stored.job
        for step in (JobState.SENDING, state) if state is JobState.IN_DOUBT else (*_SENT, state):
            job = advance(job, step, START, "on its way")
        job = replace(job, **({"archived_at": START} | changes if job.is_final else changes))
        self.ledger.write(job, stored.version)
        return job


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_rows_go_when_the_time_of_their_files_is_over_and_not_a_day_before(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    job = bench.file()
    assert bench.at(START + KEEP - DAY) == 0
    assert bench.ledger.read(job.job_id)
    assert bench.at(START + KEEP + DAY) == 1
    assert bench.ledger.read(job.job_id) is None
    assert bench.ledger.by_source(job.source) is None
    [told] = [vars(record) for record in caplog.records if getattr(record, "event", "") == "ledger.purged"]
    assert (told["files"], told["left"]) == (1, 0)


def test_what_is_open_or_not_archived_or_was_written_later_stays(bench: Bench) -> None:
    late = START + 50 * DAY
    kept = [
        bench.file("in doubt", JobState.IN_DOUBT),
        bench.file("not put away", archived_at=None),
        bench.file("archived late", archived_at=late),
        bench.file("forgotten late", forgotten_at=late),
        bench.file("errors to fetch", JobState.PARTIAL, message_id="m", evidence_at=None),
        bench.file("errors fetched late", JobState.PARTIAL, message_id="m", evidence_at=late),
    ]
    gone = bench.file("errors fetched", JobState.PARTIAL, message_id="m", evidence_at=START)
    assert bench.at(START + KEEP + DAY) == 1
    assert bench.ledger.read(gone.job_id) is None
    assert all(bench.ledger.read(job.job_id) for job in kept)


def test_a_file_that_still_lies_in_landing_keeps_its_claim_or_it_would_be_sent_again(bench: Bench) -> None:
    job = bench.file()
    bench.landing.lying = [job.source]
    assert bench.at(START + KEEP + DAY) == 0
    assert bench.ledger.by_source(job.source) == job.job_id
    bench.landing.lying = []
    assert bench.at(START + KEEP + DAY + EVERY) == 1


def test_it_is_looked_for_once_in_an_hour(bench: Bench) -> None:
    assert bench.at(START + KEEP + DAY) == 0
    bench.file()
    assert bench.at(START + KEEP + DAY + EVERY - timedelta(minutes=1)) == 0
    assert bench.at(START + KEEP + DAY + EVERY) == 1


def test_what_does_not_fit_into_the_budget_is_left_to_the_next_run(bench: Bench) -> None:
    for number in range(WINDOW + 1):
        bench.file(str(number))
    bench.landing.on_look = lambda: bench.clock.advance(timedelta(minutes=5))
    assert bench.at(START + KEEP + DAY) == WINDOW
    assert bench.at(START + KEEP + 2 * DAY) == 1


def test_a_file_that_was_replayed_meanwhile_is_not_at_its_end() -> None:
    job = replace(a_job(), archived_at=START)
    assert not may_go(job, START + KEEP)
