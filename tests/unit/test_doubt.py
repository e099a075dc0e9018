"""Which execution may be the import of a file in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.doubt import CLOCK_SKEW, Execution, may_be_the_import_of, the_one
from shared.domain.job import JobState
from shared.domain.outcomes.outcome import EntityCounts
from tests.builders import START, a_job_in

JOB = replace(a_job_in(JobState.IN_DOUBT), sent_at=START)
COUNTS = EntityCounts(entity="Customer groups", staged=2, written=2, total=2)
FITS = Execution(execution_id="P-1", started_at=START + timedelta(minutes=3), entities=(COUNTS,))


def test_an_execution_after_the_send_of_the_entity_and_as_many_rows_fits() -> None:
    assert may_be_the_import_of(JOB, FITS, 2)
    assert may_be_the_import_of(JOB, FITS, None)


@pytest.mark.parametrize(
    ("other", "rows"),
    [
        (replace(FITS, started_at=None), 2),
        (replace(FITS, started_at=START - CLOCK_SKEW - timedelta(seconds=1)), 2),
        (replace(FITS, entities=(replace(COUNTS, entity="Vendors"),)), 2),
        (FITS, 3),
    ],
    ids=["not begun", "began before the send", "another entity", "another number of rows"],
)
def test_what_speaks_against_an_execution_rules_it_out(other: Execution, rows: int) -> None:
    assert not may_be_the_import_of(JOB, other, rows)


def test_a_clock_of_f_and_o_that_is_slow_does_not_rule_its_execution_out() -> None:
    assert may_be_the_import_of(JOB, replace(FITS, started_at=START - timedelta(minutes=4)), 2)


def test_of_two_that_fit_none_is_chosen() -> None:
    assert the_one(JOB, [FITS, replace(FITS, execution_id="P-2")], 2) is None
    assert the_one(JOB, [FITS, replace(FITS, execution_id="P-2", started_at=None)], 2) == FITS
    assert the_one(JOB, [], 2) is None
