"""What all that drops old rows keeps to: all of a file goes, a changed job stays, a call cut short is made again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.adapters.tables.contents import TableContents
from shared.adapters.tables.ledger import TableLedger
from shared.domain.job import Job, JobState, LandedFile, advance
from shared.ports import Ledger, LedgerView, OldArrival, OldRows, Stored
from tests.builders import START, a_job, a_source

DAY = timedelta(days=1)
TOMORROW = (START + DAY).date()


def _ended(ledger: Ledger, job: Job) -> Stored:
    stored, _ = ledger.open(job)
    for file in job.members:
        ledger.claim(file.source, job.job_id)
    ended = replace(stored.job, message_id="M-1", execution_id="E-1", content_sha256="ab" * 32)
    for step in (JobState.SENDING, JobState.ENQUEUED, JobState.SUCCEEDED):
        ended = advance(ended, step, START, "on its way")
    for told in ("M-1", "E-1"):
        ledger.note_message(told, job.job_id)
    return Stored(ended, ledger.write(ended, stored.version))


def _arrival(old: OldRows) -> OldArrival:
    (found,) = old.arrived_before(TOMORROW)
    return found


def test_of_a_dropped_file_nothing_is_left_to_find_it_by(ledger: Ledger, view: LedgerView, old: OldRows) -> None:
    part = a_source("customer-groups/USMF/part.csv")
    stored = _ended(ledger, a_job(members=(LandedFile(source=part, entity="Customer groups"),)))
    job = stored.job
    arrival = _arrival(old)
    assert arrival.job_id == job.job_id
    assert old.drop(arrival, stored)
    assert ledger.read(job.job_id) is None
    assert (ledger.by_source(job.source), ledger.by_source(part)) == (None, None)
    assert (ledger.by_message("M-1"), ledger.by_message("E-1")) == (None, None)
    assert list(old.arrived_before(TOMORROW)) == []
    assert list(view.arrivals(START.date())) == []


def test_a_job_that_has_changed_since_it_was_read_keeps_all_its_rows(ledger: Ledger, old: OldRows) -> None:
    seen = _ended(ledger, a_job())
    ledger.write(replace(seen.job, reason="forgotten"), seen.version)
    assert not old.drop(_arrival(old), seen)
    assert ledger.read(seen.job.job_id) is not None
    assert ledger.by_source(seen.job.source) == ledger.by_message("M-1") == seen.job.job_id
    assert _arrival(old).job_id == seen.job.job_id


def test_what_a_drop_that_was_cut_short_has_left_goes_without_the_job(ledger: Ledger, old: OldRows) -> None:
    stored = _ended(ledger, a_job())
    arrival = _arrival(old)
    assert old.drop(arrival, stored)
    assert old.drop(arrival, stored)
    assert old.drop(arrival, None)
    assert ledger.by_source(stored.job.source) is None


def test_only_days_before_the_given_one_are_listed_the_oldest_first(ledger: Ledger, old: OldRows) -> None:
    for number in (2, 0, 1):
        source = a_source(f"customer-groups/USMF/{number}.csv", landed_at=START + number * DAY)
        ledger.open(a_job(source))
    found = [arrival.job_id for arrival in old.arrived_before((START + 2 * DAY).date())]
    sources = [a_source(f"customer-groups/USMF/{number}.csv", landed_at=START + number * DAY) for number in (0, 1)]
    assert found == [a_job(source).job_id for source in sources]


def test_a_content_that_another_job_has_taken_over_stays_known(ledger: Ledger, old: OldRows) -> None:
    if not isinstance(ledger, TableLedger):
        pytest.skip("the fake keeps contents apart")
    contents, stored = TableContents(ledger._table), _ended(ledger, a_job())
    other = replace(stored.job, job_id="customer-groups.20261115.other")
    claim = contents.claim(stored.job, START)
    assert contents.take_over(other, claim, START)
    assert old.drop(_arrival(old), stored)
    assert contents.claim(stored.job, START).job_id == other.job_id
