"""May this job be sent now: for any facts, a hold has a reason that can be counted, and a time that is not past."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.feed import Feed, FeedBook
from shared.domain.job import JobState
from shared.domain.pacing.admission import (
    Facts,
    Hold,
    WaitKind,
    cap_hold,
    caps_of,
    full_caps,
    held,
    in_use,
    wait_kind,
)
from shared.domain.pacing.circuit import Circuit
from shared.domain.pacing.pace import EnvironmentPace, FeedPace, Standing
from shared.domain.pacing.windows import Dated
from tests.builders import START, a_book, a_feed, a_job_in

HOUR = timedelta(hours=1)
moments = st.none() | st.timedeltas(-HOUR, HOUR).map(lambda span: START + span)
environments = st.builds(
    EnvironmentPace,
    paused_until=moments,
    tokens=st.floats(0, 10),
    filled_at=moments,
    crowded=st.frozensets(st.sampled_from(["env", "act.x"])),
    crowded_until=moments,
)
circuits = st.builds(Circuit, refusals=st.integers(0, 9), opened_at=moments, try_at=moments)
feeds = st.builds(lambda paused: a_feed(paused=paused, activity_id="x"), st.booleans())
states = st.sampled_from([JobState.RECEIVED, JobState.WAITING])


def _book(feed: Feed, closed_until: timedelta | None, per_minute: int | None) -> FeedBook:
    closures = () if closed_until is None else (Dated(START - HOUR, START + closed_until),)
    return replace(a_book(feed), maintenance=closures, sends_per_minute=per_minute)


@given(
    feed=feeds,
    environment=environments,
    circuit=circuits,
    closed=st.none() | st.timedeltas(timedelta(seconds=1), HOUR),
    per_minute=st.none() | st.integers(1, 60),
    state=states,
)
def test_every_hold_can_be_counted_and_names_no_time_that_is_past(
    feed: Feed,
    environment: EnvironmentPace,
    circuit: Circuit,
    closed: timedelta | None,
    per_minute: int | None,
    state: JobState,
) -> None:
    facts = Facts(now=START, standing=Standing(environment, FeedPace(circuit=circuit)))
    hold = held(a_job_in(state), feed, _book(feed, closed, per_minute), facts)
    if hold is None:
        assert not feed.paused
        assert closed is None
        assert environment.pause_at(START) is None
        assert not circuit.holds_at(START)
        return
    assert hold.until is None or hold.until > START
    assert wait_kind(a_job_in(JobState.WAITING, reason=hold.reason)) is hold.kind


def test_with_nothing_in_the_way_a_job_goes() -> None:
    facts = Facts(now=START, standing=Standing(EnvironmentPace(), FeedPace()))
    assert held(a_job_in(JobState.RECEIVED), a_feed(), a_book(), facts) is None


@given(st.text(max_size=30))
def test_a_job_that_only_waits_for_its_next_try_waits_for_none_of_this(why: str) -> None:
    assert wait_kind(a_job_in(JobState.WAITING, reason=f"not taken: {why}")) is None
    assert wait_kind(a_job_in(JobState.ENQUEUED, reason="cap: 2 in flight")) is None


def test_the_caps_of_a_feed_are_the_environments_its_activitys_smallest_and_its_serial_key() -> None:
    feed, other = a_feed(serial_key="General journal / Ü 100%"), a_feed(name="other", max_in_flight=1)
    caps = caps_of(feed, a_book(feed, other))
    assert sorted(caps.values()) == [1, 1, 10]
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") for name in caps)


@given(used=st.dictionaries(st.sampled_from(["env", "act.x"]), st.integers(0, 12)))
def test_the_wait_for_a_place_names_the_caps_that_are_full(used: dict[str, int]) -> None:
    feed = a_feed(activity_id="x")
    caps = caps_of(feed, a_book(feed))
    places = [f"{name}.{number:03}" for name, count in used.items() for number in range(count)]
    hold: Hold = cap_hold(feed, caps, in_use(places))
    assert hold.kind is WaitKind.CAP
    full = full_caps(caps, in_use(places))
    assert ("environment" in hold.why) is ("env" in full)
    assert ("activity" in hold.why) is ("act.x" in full)
