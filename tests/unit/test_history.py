"""What a feed's imports usually take, from a bounded history."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.job import JobState, advance
from shared.domain.watching.history import (
    KEPT,
    LATEST_FIRST_LOOK,
    LEAST,
    SATURATION_FLOOR,
    ActivityPace,
    History,
    first_look,
    moving,
    saturated,
    saturation_text,
    with_import,
)
from tests.builders import START, a_job_in

seconds = st.lists(st.integers(0, 100_000), max_size=60)


@given(st.lists(st.integers(0, 100_000), min_size=KEPT - 1, max_size=60))
def test_the_history_is_bounded_and_keeps_the_latest(spans: list[int]) -> None:
    history = History()
    for span in spans:
        job = advance(a_job_in(JobState.RUNNING), JobState.SUCCEEDED, START + timedelta(seconds=span), "done")
        history = with_import(history, job)
    assert history.total_seconds == tuple(spans[-KEPT:])
    assert len(history.queued_seconds) <= KEPT


@given(seconds)
def test_the_first_look_is_at_once_while_little_is_known_and_never_late(spans: list[int]) -> None:
    look = first_look(History(total_seconds=tuple(spans)))
    assert timedelta(0) <= look <= LATEST_FIRST_LOOK
    if len(spans) < LEAST:
        assert look == timedelta(0)


@given(usual=st.integers(0, 7200), age=st.timedeltas(timedelta(0), timedelta(days=3)))
def test_only_an_age_far_above_the_usual_is_saturation(usual: int, age: timedelta) -> None:
    history = History(queued_seconds=(usual,) * LEAST)
    told = saturation_text(a_job_in(JobState.ENQUEUED), history, ActivityPace(), START + age)
    assert bool(told) is (age > max(SATURATION_FLOOR, timedelta(seconds=5 * usual)))


def test_a_queue_that_moves_is_not_saturated_though_its_files_are_old() -> None:
    history, now = History(queued_seconds=(60,) * LEAST), START + timedelta(hours=2)
    job = a_job_in(JobState.ENQUEUED)
    assert saturation_text(job, history, ActivityPace(), now)
    assert not saturation_text(job, history, moving(ActivityPace(), now - timedelta(minutes=5)), now)


def test_saturation_is_noted_once_and_cleared_by_a_move() -> None:
    first = saturated(ActivityPace(), START)
    assert saturated(first, START + timedelta(hours=1)) is first
    assert moving(first, START).saturated_at is None


def test_a_job_that_was_never_sent_teaches_nothing() -> None:
    history = History()
    assert with_import(history, a_job_in(JobState.REJECTED)) is history
    assert with_import(history, replace(a_job_in(JobState.FAILED), message_id="")) is history
