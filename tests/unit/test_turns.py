"""Who goes first: priority gives a head start and no more, a feed keeps its own order, and no cap is overdrawn."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.pacing.admission import caps_of
from shared.domain.pacing.turns import in_turn, with_room
from tests.builders import START, a_book, a_feed

#: What docs/feeds.md promises: nine steps of 15 minutes.
BOUND = timedelta(hours=2, minutes=15)
BOOK = a_book(
    a_feed(name="urgent", activity_id="a", priority=9, max_in_flight=3),
    a_feed(name="usual", activity_id="b", serial_key="x"),
    a_feed(name="low", activity_id="c", priority=0, serial_key="x"),
    max_in_flight=5,
)


@dataclass(frozen=True)
class Entry:
    """A waiting file."""

    feed: str
    landed_at: datetime
    order_key: str


entries = st.lists(
    st.builds(
        Entry,
        feed=st.sampled_from([*BOOK.feeds, "gone"]),
        landed_at=st.timedeltas(timedelta(0), timedelta(hours=8)).map(lambda span: START + span),
        order_key=st.text("abc012", min_size=1, max_size=4),
    ),
    max_size=60,
)


@given(entries)
def test_nobody_is_lost_or_doubled(waiting: list[Entry]) -> None:
    assert Counter(in_turn(waiting, BOOK)) == Counter(waiting)


@given(entries)
def test_a_feed_keeps_its_own_order(waiting: list[Entry]) -> None:
    for feed in {entry.feed for entry in waiting}:
        keys = [entry.order_key for entry in in_turn(waiting, BOOK) if entry.feed == feed]
        assert keys == sorted(keys)


@given(waiting=entries, ahead=st.integers(0, 50))
def test_the_lowest_is_overtaken_by_nothing_that_landed_two_and_a_quarter_hours_later(
    waiting: list[Entry], ahead: int
) -> None:
    patient = Entry("low", START, "")
    crowd = [Entry("urgent", START + BOUND + timedelta(seconds=n + 1), "") for n in range(ahead)]
    turn = in_turn([*crowd, patient], BOOK)
    assert turn[0] == patient


def test_of_two_that_landed_together_the_higher_priority_goes_first() -> None:
    low, urgent = Entry("low", START, "1"), Entry("urgent", START + timedelta(hours=2), "2")
    assert in_turn([low, urgent], BOOK) == [urgent, low]


@given(waiting=entries, used=st.fixed_dictionaries({"env": st.integers(0, 5), "act.a": st.integers(0, 3)}))
def test_those_with_room_fit_under_every_cap_and_who_is_left_out_does_not(
    waiting: list[Entry], used: dict[str, int]
) -> None:
    fitting, others = with_room(waiting, BOOK, used)
    assert Counter(fitting + others) == Counter(waiting)
    taken = Counter(used)
    for entry in fitting:
        if entry.feed in BOOK.feeds:
            taken.update(caps_of(BOOK.feeds[entry.feed], BOOK).keys())
    for feed in BOOK.feeds.values():
        for name, cap in caps_of(feed, BOOK).items():
            assert taken[name] <= max(cap, used.get(name, 0))
    for entry in others:
        assert any(taken[name] >= cap for name, cap in caps_of(BOOK.feeds[entry.feed], BOOK).items())
