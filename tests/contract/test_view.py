"""What every view of a ledger keeps to: the open ones are all there, and what landed is counted without its job."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.adapters.tables.ledger import TableLedger
from shared.domain.job import JobState, Lane, advance
from shared.domain.listing import line_of
from shared.domain.outcomes.outcome import RowCounts
from shared.ports import DueEntry, Ledger, LedgerView
from tests.builders import START, a_job, a_source

DAY = timedelta(days=1)


def _open(view: LedgerView) -> set[str]:
    return {entry.job_id for entry in view.open_entries()}


def test_a_job_is_listed_as_open_whenever_it_is_due_and_also_when_only_a_person_moves_it(
    ledger: Ledger, view: LedgerView
) -> None:
    soon, _ = ledger.open(a_job(a_source("a/b/soon.csv"), due_at=START))
    far, _ = ledger.open(a_job(a_source("a/b/far.csv"), due_at=START + 400 * DAY))
    held, _ = ledger.open(a_job(a_source("a/b/held.csv"), due_at=START))
    ledger.forget(entry for entry in _due(ledger) if entry.job_id == held.job.job_id)
    waiting = replace(advance(held.job, JobState.WAITING, START, "duplicate: of x"), due_at=None)
    ledger.write(waiting, held.version)
    assert _open(view) == {soon.job.job_id, far.job.job_id, held.job.job_id}
    [parked] = [entry for entry in view.open_entries() if entry.is_parked]
    assert (parked.job_id, parked.feed, parked.replaces) == (held.job.job_id, "customer-groups", held.version.token)


def _due(ledger: Ledger) -> list[DueEntry]:
    return list(ledger.due(Lane.SEND, START))


def test_a_job_at_its_end_that_is_never_due_again_is_not_noted(ledger: Ledger, view: LedgerView) -> None:
    stored, _ = ledger.open(a_job(due_at=START))
    rejected = replace(advance(stored.job, JobState.REJECTED, START, "unfit"), due_at=None)
    ledger.write(rejected, stored.version)
    ledger.forget(_due(ledger))
    assert _open(view) == set()


def test_a_note_of_a_parked_job_is_dropped_and_dropping_it_again_is_no_fault(ledger: Ledger, view: LedgerView) -> None:
    stored, _ = ledger.open(a_job(due_at=START))
    ledger.write(replace(advance(stored.job, JobState.WAITING, START, "order: x"), due_at=None), stored.version)
    parked = [entry for entry in view.open_entries() if entry.is_parked]
    view.unpark(parked)
    view.unpark(parked)
    assert [entry for entry in view.open_entries() if entry.is_parked] == []


def test_what_landed_on_a_day_is_told_by_its_arrivals_whatever_its_business_date(
    ledger: Ledger, view: LedgerView
) -> None:
    before_midnight = a_source("customer-groups/USMF/2026-01-31.csv", landed_at=START.replace(hour=23, minute=59))
    ledger.open(a_job(before_midnight))
    ledger.open(a_job(before_midnight))
    ledger.open(a_job(replace(before_midnight, etag="0x8DE2", landed_at=START + DAY)))
    other = a_job(a_source("x/y.csv"), feed="other")
    ledger.open(other)
    found = sorted((arrival.feed, arrival.job_id, arrival.landed_at) for arrival in view.arrivals(START.date()))
    assert found == sorted(
        [
            ("customer-groups", a_job(before_midnight).job_id, before_midnight.landed_at),
            ("other", other.job_id, START),
        ]
    )


def test_standings_tell_the_state_of_every_job_of_a_business_date(ledger: Ledger, view: LedgerView) -> None:
    job = a_job()
    stored, _ = ledger.open(job)
    ledger.write(advance(stored.job, JobState.SENDING, START, "attempt 1"), stored.version)
    [found] = view.standings("customer-groups", job.business_date)
    assert (found.job_id, found.state, found.landed_at) == (job.job_id, JobState.SENDING, START)
    assert list(view.standings("customer-groups", job.business_date + DAY)) == []


def test_a_list_has_what_it_shows_of_every_job_of_a_business_date(ledger: Ledger, view: LedgerView) -> None:
    job = a_job()
    stored, _ = ledger.open(job)
    sent = replace(
        advance(stored.job, JobState.SENDING, START, "attempt 1"), rows=RowCounts(rows_in=3, rows_ok=2, rows_bad=1)
    )
    ledger.write(replace(sent, causes="2 causes", overdue=True, message_id="m-1"), stored.version)
    assert list(view.listed("customer-groups", job.business_date)) == [
        line_of(replace(sent, causes="2 causes", overdue=True, message_id="m-1"))
    ]


def test_an_arrival_says_under_which_path_the_file_landed(ledger: Ledger, view: LedgerView) -> None:
    ledger.open(a_job(a_source("customer-groups/USMF/größe 1.csv")))
    assert [arrival.path for arrival in view.arrivals(START.date())] == ["customer-groups/USMF/größe 1.csv"]


def test_a_file_whose_worker_died_before_the_claim_has_arrived_and_is_opened_once_by_the_next(
    ledger: Ledger, view: LedgerView, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(ledger, TableLedger):
        pytest.skip("in memory nothing falls between the two")
    with monkeypatch.context() as dying:
        dying.setattr(ledger, "_claim", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ledger.open(a_job())
    assert [arrival.job_id for arrival in view.arrivals(START.date())] == [a_job().job_id]
    assert ledger.open(a_job())[1]
    assert not ledger.open(a_job())[1]
    assert [arrival.job_id for arrival in view.arrivals(START.date())] == [a_job().job_id]


def test_an_arrival_is_of_the_job_that_owns_the_file_also_when_the_feeds_have_changed_since(
    ledger: Ledger, view: LedgerView
) -> None:
    first, _ = ledger.open(a_job())
    ledger.open(a_job(feed="renamed"))
    assert [arrival.job_id for arrival in view.arrivals(START.date())] == [first.job.job_id]


def test_the_many_that_succeeded_can_be_counted_and_the_others_listed(ledger: Ledger, view: LedgerView) -> None:
    states = {}
    for name, state in (("one", JobState.SUCCEEDED), ("two", JobState.SUCCEEDED), ("three", JobState.FAILED)):
        stored, _ = ledger.open(a_job(a_source(f"customer-groups/USMF/{name} 2026-11-14.csv")))
        sending = advance(stored.job, JobState.SENDING, START, "sending")
        ended = advance(advance(sending, JobState.ENQUEUED, START, "taken"), state, START, "ended")
        ledger.write(ended, stored.version)
        states[stored.job.job_id] = state
        day = stored.job.business_date
    well = {job_id for job_id, state in states.items() if state is JobState.SUCCEEDED}
    assert set(view.in_state("customer-groups", day, JobState.SUCCEEDED)) == well
    others = list(view.listed("customer-groups", day, besides=JobState.SUCCEEDED))
    assert {line.job_id for line in others} == set(states) - well
    assert set(view.arrived(START.date())) == set(states)


def test_a_name_that_is_no_feeds_is_a_name_and_not_a_question(ledger: Ledger, view: LedgerView) -> None:
    stored, _ = ledger.open(a_job())
    forged = "x' or PartitionKey ne 'x"
    assert list(view.listed(forged, stored.job.business_date)) == []
    assert list(view.in_state(forged, stored.job.business_date, JobState.RECEIVED)) == []
