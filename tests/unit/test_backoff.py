"""Delays grow, are spread, and never undercut what the remote asked for."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.backoff import FIRST_RETRY, LONGEST_RETRY, poll_delay, retry_delay

chances = st.floats(0, 1)


@given(attempt=st.integers(-1, 10_000), chance=chances)
def test_a_retry_comes_within_its_bounds(attempt: int, chance: float) -> None:
    assert FIRST_RETRY / 2 <= retry_delay(attempt, chance) <= LONGEST_RETRY


@given(attempt=st.integers(1, 50), chance=chances, asked=st.timedeltas(timedelta(0), timedelta(days=1)))
def test_what_the_remote_asked_for_is_the_least(attempt: int, chance: float, asked: timedelta) -> None:
    assert retry_delay(attempt, chance, asked) >= asked


@given(st.integers(1, 20))
def test_a_later_attempt_never_comes_sooner(attempt: int) -> None:
    assert retry_delay(attempt + 1, 0.5) >= retry_delay(attempt, 0.5)


@given(st.timedeltas(timedelta(0), timedelta(days=30)))
def test_status_is_asked_often_at_first_and_rarer_with_age_within_bounds(age: timedelta) -> None:
    shortest, longest = timedelta(seconds=10), timedelta(minutes=15)
    assert shortest <= poll_delay(age, shortest, longest) <= longest
