"""When to try again. Pure: randomness comes in as a number between 0 and 1."""

from __future__ import annotations

from datetime import timedelta

FIRST_RETRY = timedelta(seconds=15)
LONGEST_RETRY = timedelta(minutes=15)


def retry_delay(attempt: int, chance: float, asked: timedelta | None = None) -> timedelta:
    """Delay before the next try after `attempt` tries (1 or more) that took nothing.

    Doubles from FIRST_RETRY to LONGEST_RETRY; `chance` (0 to 1) spreads it over the upper half, so that files
    held up together do not come back together. Never shorter than the remote `asked` for.
    """
    doublings = min(max(attempt, 1) - 1, 10)
    bound: timedelta = min(FIRST_RETRY * float(2**doublings), LONGEST_RETRY)
    delay = bound / 2 + bound / 2 * chance
    return max(delay, asked) if asked else delay


def poll_delay(age: timedelta, shortest: timedelta, longest: timedelta) -> timedelta:
    """Delay before the next status call for a message sent `age` ago: a quarter of its age, within bounds."""
    return min(max(age / 4, shortest), longest)
