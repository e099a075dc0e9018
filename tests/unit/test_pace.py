"""The shared pause and the bucket of sends."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.pacing.pace import LONGEST_PAUSE, EnvironmentPace, after_send, next_send_at, paused
from tests.builders import START

spans = st.timedeltas(timedelta(0), timedelta(hours=3))
rates = st.integers(1, 600)


@given(asked=st.lists(st.tuples(spans, st.none() | spans), max_size=8))
def test_a_pause_never_becomes_shorter_and_never_passes_its_ceiling(
    asked: list[tuple[timedelta, timedelta | None]],
) -> None:
    pace, now = EnvironmentPace(), START
    for after, span in asked:
        now += after
        before = pace.pause_at(now)
        pace = paused(pace, span, "429", now)
        assert before is None or (pace.paused_until or now) >= before
        assert (pace.pause_at(now) or now) <= max(before or now, now + LONGEST_PAUSE)


def _sent(moments: list[timedelta], per_minute: int) -> list[datetime]:
    """When sends went out, of those asked for at these moments (deltas from one to the next)."""
    pace, now, sent = EnvironmentPace(), START, []
    for moment in moments:
        now += moment
        after = after_send(pace, now, per_minute)
        if after is not pace:
            sent.append(now)
        pace = after
    return sent


@given(
    moments=st.lists(st.timedeltas(timedelta(0), timedelta(seconds=20)), min_size=1, max_size=200),
    per_minute=st.integers(1, 30),
)
def test_no_minute_sees_more_than_a_full_bucket_and_its_refill(moments: list[timedelta], per_minute: int) -> None:
    sent = _sent(moments, per_minute)
    for at in sent:
        within = [other for other in sent if at <= other < at + timedelta(minutes=1)]
        assert len(within) <= 2 * per_minute
    assert len(sent) <= per_minute * (1 + (sum(moments, timedelta(0)) / timedelta(minutes=1))) + 1e-6


@given(per_minute=rates, already=st.integers(0, 700))
def test_the_time_named_is_the_first_at_which_a_send_is_had(per_minute: int, already: int) -> None:
    pace = EnvironmentPace()
    for _ in range(already):
        pace = after_send(pace, START, per_minute)
    at = next_send_at(pace, START, per_minute)
    assert after_send(pace, at, per_minute) is not pace
    if at > START:
        assert after_send(pace, START + (at - START) * 0.9, per_minute) is pace


@given(per_minute=rates, back=spans)
def test_a_clock_that_lags_behind_fills_no_bucket(per_minute: int, back: timedelta) -> None:
    pace = after_send(EnvironmentPace(), START, per_minute)
    later = after_send(pace, START - back, per_minute)
    assert later.tokens <= pace.tokens
    assert later.filled_at == pace.filled_at
