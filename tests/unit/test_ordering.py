"""What puts files in order, and which of them lets the next one go."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.checks.findings import Finding
from shared.domain.feed import OrderBy
from shared.domain.job import JobState
from shared.domain.pacing.ordering import number_in, number_text, order_key, passes
from shared.domain.pacing.releasing import NotHeld, released, skipped
from tests.builders import START, a_feed, a_job, a_job_in, a_source

names = st.text(min_size=1, max_size=300).map(lambda text: text.replace("/", "-"))
LATER = START + timedelta(minutes=5)


@given(name=names, order_by=st.sampled_from(OrderBy))
def test_any_name_gives_a_key_that_a_table_takes(name: str, order_by: OrderBy) -> None:
    key = order_key(order_by, a_source(f"f/USMF/{name}"))
    assert 0 < len(key) < 500
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789 -_.=T")


@given(st.integers(0, 10**17), st.integers(0, 10**17))
def test_numbers_sort_by_value(one: int, other: int) -> None:
    for order_by in (OrderBy.NAME, OrderBy.NUMBER):
        keys = [order_key(order_by, a_source(f"f/USMF/orders_{number}.csv")) for number in (one, other)]
        assert (keys[0] < keys[1]) is (one < other)


@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=900)))
def test_what_landed_earlier_sorts_first(span: timedelta) -> None:
    early, late = a_source(landed_at=START), a_source("a.csv", landed_at=START + span)
    assert order_key(OrderBy.LANDED, early) < order_key(OrderBy.LANDED, late)


@pytest.mark.parametrize(
    ("name", "number"),
    [("orders_2026-11-14_0042.csv", 42), ("7.csv", 7), ("a1b2", 2), ("x.v2", None), ("x.csv", None), ("12", 12)],
)
def test_the_number_of_a_file_is_the_last_in_its_name(name: str, number: int | None) -> None:
    assert number_in(name) == number


@pytest.mark.parametrize("state", JobState)
def test_only_what_was_loaded_or_left_out_lets_the_next_go(state: JobState) -> None:
    assert passes(a_job_in(state)) is (state in {JobState.SUCCEEDED, JobState.SKIPPED})


def test_an_overwritten_file_gives_way_to_the_one_that_replaced_it() -> None:
    finding = Finding(rule="overwritten", seen="x", advice="y")
    assert passes(a_job_in(JobState.REJECTED, findings=(finding,)))


def test_a_release_before_the_end_is_not_one_of_the_end() -> None:
    failed = a_job_in(JobState.FAILED, changed_at=START)
    assert not passes(replace(failed, released_at=START - timedelta(seconds=1)))
    assert passes(released(failed, LATER, "entered by hand", "anna"))


@pytest.mark.parametrize(("last", "said"), [(None, ""), (6, ""), (4, "number 5 has not landed"), (7, "after its turn")])
def test_a_number_goes_after_the_one_before_it(last: int | None, said: str) -> None:
    feed, job = a_feed(order_by=OrderBy.NUMBER, is_strict=True), a_job(a_source("f/USMF/o_7.csv"))
    assert said in number_text(feed, job, last)
    assert bool(said) is bool(number_text(feed, job, last))


@pytest.mark.parametrize("state", [JobState.SENDING, JobState.ENQUEUED, JobState.RUNNING, JobState.SUCCEEDED])
def test_what_has_gone_out_is_out_of_a_persons_hand(state: JobState) -> None:
    for act in (released, skipped):
        with pytest.raises(NotHeld, match=state.value):
            act(a_job_in(state), LATER, "why", "anna")


def test_a_released_and_a_skipped_file_say_by_whom_and_why() -> None:
    waiting = a_job_in(JobState.WAITING, due_at=None)
    let_go, left_out = (act(waiting, LATER, "month end", "anna") for act in (released, skipped))
    assert (let_go.state, let_go.released_at, let_go.due_at) == (JobState.WAITING, LATER, LATER)
    assert (left_out.state, left_out.ended_at, left_out.due_at) == (JobState.SKIPPED, LATER, LATER)
    for job, word in ((let_go, "released"), (left_out, "skipped")):
        assert (job.timeline[-1].actor, job.timeline[-1].why) == ("anna", f"{word}: month end")
