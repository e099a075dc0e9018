"""Hours and maintenance, in zones whose clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.pacing.windows import Dated, Hours, opening, parse_closure, parse_hours

BERLIN = ZoneInfo("Europe/Berlin")
A_YEAR, A_NIGHT = timedelta(days=364), timedelta(hours=6)
#: The nights in which Berlin's clocks change in 2026, and any other time of that year.
instants = st.one_of(
    st.timedeltas(timedelta(0), A_YEAR).map(lambda span: datetime(2026, 1, 1, tzinfo=UTC) + span),
    st.timedeltas(timedelta(0), A_NIGHT).map(lambda span: datetime(2026, 3, 28, 22, tzinfo=UTC) + span),
    st.timedeltas(timedelta(0), A_NIGHT).map(lambda span: datetime(2026, 10, 24, 22, tzinfo=UTC) + span),
)
minutes = st.integers(0, 24 * 60 - 1).map(lambda n: time(n // 60, n % 60))
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]).map(
    ZoneInfo
)


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    """Hours of any day, never empty."""
    opens, closes = draw(minutes), draw(minutes)
    return Hours(opens, closes if closes != opens else time((opens.hour + 1) % 24, opens.minute), draw(zones))


def _is_open(window: Hours, at: datetime) -> bool:
    return any(begins <= at < ends for begins, ends in window.around(at))


def _wall_says_open(window: Hours, at: datetime) -> bool:
    wall = at.astimezone(window.zone).time()
    if window.opens < window.closes:
        return window.opens <= wall < window.closes
    return wall >= window.opens or wall < window.closes


def _clocks_are_steady(window: Hours, at: datetime) -> bool:
    around = {(at + timedelta(hours=h)).astimezone(window.zone).utcoffset() for h in (-26, -3, 0, 3, 26)}
    return len(around) == 1


@given(window=hours(), now=instants)
def test_the_opening_found_is_open_and_within_two_days(window: Hours, now: datetime) -> None:
    at = opening(now, window, ())
    # Hours that lie in the hour which daylight-saving time leaves out do not open on that day.
    assert now <= at <= now + timedelta(hours=48)
    assert _is_open(window, at)


@given(window=hours(), now=instants, part=st.floats(0, 0.999))
def test_nothing_is_open_between_now_and_the_opening_found(window: Hours, now: datetime, part: float) -> None:
    at = opening(now, window, ())
    if at > now:
        assert not _is_open(window, now + (at - now) * part)


@given(window=hours(), now=instants)
def test_away_from_a_change_the_window_is_what_a_clock_on_the_wall_says(window: Hours, now: datetime) -> None:
    if _clocks_are_steady(window, now):
        assert (opening(now, window, ()) == now) is _wall_says_open(window, now)


@given(window=hours(), now=instants, length=st.timedeltas(timedelta(minutes=1), timedelta(days=3)))
def test_maintenance_is_never_sent_into(window: Hours, now: datetime, length: timedelta) -> None:
    closure = Dated(now - timedelta(minutes=1), now + length)
    at = opening(now, window, [closure])
    assert at >= closure.ends_at
    assert _is_open(window, at)


@pytest.mark.parametrize(
    ("text", "now", "opens"),
    [
        ("22:00-05:00", "2026-11-14T20:59:59", "2026-11-14T21:00:00"),  # winter: an hour ahead of UTC
        ("22:00-05:00", "2026-07-14T19:00:00", "2026-07-14T20:00:00"),  # summer: two
        ("22:00-05:00", "2026-10-25T03:59:59", "2026-10-25T03:59:59"),  # the night with an hour more is open to its end
        ("22:00-05:00", "2026-10-25T04:00:00", "2026-10-25T21:00:00"),
        ("22:00-05:00", "2026-03-29T02:59:59", "2026-03-29T02:59:59"),  # the night with an hour less
        ("22:00-05:00", "2026-03-29T03:00:00", "2026-03-29T20:00:00"),
        ("02:30-04:00", "2026-03-29T00:30:00", "2026-03-29T01:30:00"),  # half past two does not exist: half past three
        ("02:15-02:45", "2026-03-29T00:30:00", "2026-03-29T01:15:00"),
        ("02:30-03:00", "2026-10-25T00:29:00", "2026-10-25T00:30:00"),  # it comes twice: opens at the first
        ("02:30-03:00", "2026-10-25T01:45:00", "2026-10-25T01:45:00"),  # and is open through the second
        ("00:00-02:30", "2026-10-25T01:29:00", "2026-10-25T01:29:00"),  # closes at the second
        ("00:00-02:30", "2026-10-25T01:30:00", "2026-10-25T23:00:00"),
    ],
)
def test_hours_around_a_change_of_clocks(text: str, now: str, opens: str) -> None:
    at = opening(datetime.fromisoformat(f"{now}+00:00"), parse_hours(text, BERLIN), ())
    assert at == datetime.fromisoformat(f"{opens}+00:00")


def test_weekly_and_dated_maintenance_chain_with_the_hours() -> None:
    closures = [parse_closure("sun 02:00-06:00", BERLIN), parse_closure("2026-11-29 06:00 to 2026-11-29 23:00", BERLIN)]
    now = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)  # a Sunday, 03:00 in Berlin
    assert opening(now, None, closures) == datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
    assert opening(now, parse_hours("02:00-05:00", BERLIN), closures) == datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
    assert opening(now - timedelta(days=1), None, closures) == now - timedelta(days=1)


def test_maintenance_that_never_ends_gives_a_time_to_look_again() -> None:
    always = [parse_closure(f"{day} 00:00-23:59", BERLIN) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
    shut = parse_hours("10:00-11:00", BERLIN)
    now = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
    assert opening(now, shut, always) > now


@pytest.mark.parametrize("text", ["22:00-22:00", "24:00-05:00", "22-05", "", "22:00-05:00 "])
def test_what_is_no_span_of_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no span of hours"):
        parse_hours(text, BERLIN)


@pytest.mark.parametrize(
    "text", ["sunday 02:00-06:00", "2026-11-30 04:00 to 2026-11-29 04:00", "2026-13-01 00:00 to 2026-13-02 00:00"]
)
def test_what_is_no_maintenance_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_closure(text, BERLIN)
