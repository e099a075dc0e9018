"""Partial or failed: told by counts, then by the summary, never guessed."""

from datetime import timedelta

import pytest

from shared.domain.decisions import PollPolicy, after_report, needs_summary
from shared.domain.job import JobState
from shared.domain.outcomes.outcome import EntityCounts, Outcome, RowCounts, Summary, count_rows, judge_errors
from shared.domain.remote import RemoteReport, RemoteStatus
from tests.builders import START, a_job_in

POLICY = PollPolicy(shortest=timedelta(seconds=10), longest=timedelta(minutes=15), overdue_after=timedelta(hours=1))
GOOD = EntityCounts(entity="Customer groups", staged=10, written=10, total=10)
MIXED = EntityCounts(entity="Customers V3", staged=8, staging_errors=2, written=7, target_errors=1, total=10)
BAD = EntityCounts(entity="Customers V3", staged=0, staging_errors=4, total=4)


@pytest.mark.parametrize(
    ("entities", "expected"),
    [
        ([GOOD], RowCounts(rows_in=10, rows_ok=10, rows_bad=0)),
        ([MIXED], RowCounts(rows_in=10, rows_ok=7, rows_bad=3)),
        ([GOOD, BAD], RowCounts(rows_in=14, rows_ok=10, rows_bad=4)),
        ([EntityCounts(entity="x", written=3, target_errors=1)], RowCounts(rows_in=4, rows_ok=3, rows_bad=1)),
        ([EntityCounts(entity="x", written=4, target_errors=1, total=4)], RowCounts(rows_in=4, rows_ok=3, rows_bad=1)),
    ],
)
def test_rows_are_added_up_over_entities(entities: list[EntityCounts], expected: RowCounts) -> None:
    assert count_rows(entities) == expected


def test_no_counts_are_not_the_same_as_zero_rows() -> None:
    assert count_rows([]) is None


@pytest.mark.parametrize(
    ("rows", "summary", "outcome"),
    [
        (RowCounts(rows_in=10, rows_ok=7, rows_bad=3), Summary.FAILED, Outcome.PARTIAL),
        (RowCounts(rows_in=4, rows_ok=0, rows_bad=4), Summary.PARTIAL, Outcome.FAILED),
        (None, Summary.PARTIAL, Outcome.PARTIAL),
        (None, Summary.FAILED, Outcome.FAILED),
        (None, Summary.UNDECIDED, None),
        (RowCounts(rows_in=0, rows_ok=0, rows_bad=0), Summary.UNDECIDED, None),
    ],
)
def test_counts_decide_and_the_summary_decides_where_they_are_missing(
    rows: RowCounts | None, summary: Summary, outcome: Outcome | None
) -> None:
    assert judge_errors(rows, summary) is outcome


def _after(report: RemoteReport, summary: Summary = Summary.UNDECIDED):
    return after_report(a_job_in(JobState.RUNNING), report, summary, START, POLICY)


def test_errors_without_any_count_wait_for_the_summary() -> None:
    report = RemoteReport(status=RemoteStatus.DONE_WITH_ERRORS, word="6")
    assert needs_summary(report)
    assert _after(report).state is JobState.RUNNING
    assert _after(report, Summary.PARTIAL).state is JobState.PARTIAL


def test_processed_with_zero_rows_says_so() -> None:
    zero = EntityCounts(entity="Customer groups", total=0)
    job = _after(RemoteReport(status=RemoteStatus.DONE, word="5", entities=(zero,)))
    assert job.state is JobState.SUCCEEDED
    assert "zero rows" in job.reason


def test_a_failure_before_staging_without_a_log_names_the_likely_causes() -> None:
    job = _after(RemoteReport(status=RemoteStatus.FAILED_BEFORE_STAGING, word="8"))
    assert job.state is JobState.FAILED
    assert "entity, field mapping, file format and company" in job.reason


def test_the_deadline_makes_a_job_overdue_and_says_where_it_hangs() -> None:
    waiting = RemoteReport(status=RemoteStatus.WAITING, word="0")
    job = after_report(a_job_in(JobState.ENQUEUED), waiting, Summary.UNDECIDED, START + timedelta(hours=2), POLICY)
    assert job.overdue
    assert job.state is JobState.ENQUEUED
    assert "batch group" in job.reason


def test_a_late_end_clears_the_overdue_flag() -> None:
    waiting = RemoteReport(status=RemoteStatus.WAITING, word="0")
    late = START + timedelta(hours=2)
    overdue = after_report(a_job_in(JobState.ENQUEUED), waiting, Summary.UNDECIDED, late, POLICY)
    done = RemoteReport(status=RemoteStatus.DONE, word="5", entities=(GOOD,))
    ended = after_report(overdue, done, Summary.UNDECIDED, late, POLICY)
    assert (ended.state, ended.overdue) == (JobState.SUCCEEDED, False)
