"""A feed's circuit: opens on refusals in a row, tries rarer and rarer, and gives each try to one sender."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.pacing.circuit import CLOSED, FIRST_TRY, LONGEST_TRY, OPENS_AFTER, after_claim, after_refusal
from tests.builders import START


@given(st.integers(0, 60))
def test_it_is_open_from_so_many_refusals_on_and_each_try_comes_within_its_bounds(refusals: int) -> None:
    circuit = CLOSED
    for _ in range(refusals):
        circuit = after_refusal(circuit, "400", START)
    assert circuit.holds_at(START) is (refusals >= OPENS_AFTER)
    if circuit.try_at:
        assert FIRST_TRY <= circuit.try_at - START <= LONGEST_TRY


def test_a_try_that_is_due_is_had_once() -> None:
    circuit = CLOSED
    for _ in range(OPENS_AFTER):
        circuit = after_refusal(circuit, "400", START)
    assert after_claim(circuit, START) is circuit
    due = START + FIRST_TRY
    claimed = after_claim(circuit, due)
    assert claimed is not circuit
    assert claimed.holds_at(due)
    assert after_claim(claimed, due + timedelta(seconds=1)) is claimed


def test_a_closed_circuit_needs_no_claim() -> None:
    assert after_claim(CLOSED, START) is CLOSED
