"""How fast the ERP may be called: what all instances share, and how it changes. Pure; the store keeps what is here.

A pause and the bucket of sends belong to the environment, for F&O counts all calls of a client together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.pacing.circuit import CLOSED, Circuit
from shared.domain.watching.history import NO_HISTORY, History

#: No pause is longer, whatever F&O asks for: after it one call finds out whether the pause still holds.
LONGEST_PAUSE = timedelta(hours=1)
#: A 429 without Retry-After; Microsoft's sample for service protection limits waits as long.
UNTOLD_PAUSE = timedelta(seconds=30)
#: A pause that would grow by less is not worth a write: many calls in flight are told the same.
_NOT_NEWS = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
#: Times are kept to the microsecond, so a bucket may miss a send by what was rounded away.
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentPace:
    """What binds every call to one F&O environment.

    `paused_until` is when it may be called again, None when it never asked for a pause. `tokens` is how many sends
    the bucket held at `filled_at`; a bucket without a time is full. Until `crowded_until` files wait for a place under
    the caps named in `crowded`: one that has just landed goes behind them.
    """

    paused_until: datetime | None = None
    pause_why: str = ""
    tokens: float = 0.0
    filled_at: datetime | None = None
    crowded: frozenset[str] = frozenset()
    crowded_until: datetime | None = None

    def crowd_at(self, now: datetime) -> frozenset[str]:
        """The caps under which files wait for a place."""
        return self.crowded if self.crowded_until and self.crowded_until > now else frozenset()

    def pause_at(self, now: datetime) -> datetime | None:
        """Until when the environment is to be left alone; None when it may be called."""
        return self.paused_until if self.paused_until and self.paused_until > now else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPace:
    """What all instances share about one feed. `stopped_at`: since when a person has paused it."""

    circuit: Circuit = CLOSED
    history: History = NO_HISTORY
    stopped_at: datetime | None = None
    stopped_why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The pace of the environment and of one feed, as one read finds them."""

    environment: EnvironmentPace
    feed: FeedPace


def paused(pace: EnvironmentPace, asked: timedelta | None, why: str, now: datetime) -> EnvironmentPace:
    """The pace after F&O asked to be left alone for `asked`; a pause never becomes shorter."""
    until = now + min(UNTOLD_PAUSE if asked is None else asked, LONGEST_PAUSE)
    if until < (pace.paused_until or now) + _NOT_NEWS:
        return pace
    return replace(pace, paused_until=until, pause_why=why)


#: How long a run of the timer that found files waiting for a place speaks for them; each run says it again.
CROWD_LASTS = timedelta(minutes=3)


def crowded(pace: EnvironmentPace, caps: frozenset[str], now: datetime) -> EnvironmentPace:
    """The pace after files were seen waiting under these caps; the same object while that is known for long enough."""
    if pace.crowded == caps and pace.crowded_until and pace.crowded_until - now > CROWD_LASTS / 2:
        return pace
    return replace(pace, crowded=caps, crowded_until=now + CROWD_LASTS)


def in_bucket(pace: EnvironmentPace, now: datetime, per_minute: int) -> float:
    """Sends that the bucket holds at `now`. It holds one minute's worth and fills evenly.

    So no minute sees more than twice `per_minute`, and no hour more than an hour's worth and one minute's.
    """
    if pace.filled_at is None:
        return float(per_minute)
    since = max(now - pace.filled_at, timedelta(0))
    return min(pace.tokens + since / MINUTE * per_minute, float(per_minute))


def after_send(pace: EnvironmentPace, now: datetime, per_minute: int) -> EnvironmentPace:
    """The pace with one send taken out of the bucket; the same object when the bucket holds none."""
    held = in_bucket(pace, now, per_minute)
    if held < 1 - _ROUNDING:
        return pace
    return replace(pace, tokens=max(held - 1, 0.0), filled_at=max(now, pace.filled_at or now))


def next_send_at(pace: EnvironmentPace, now: datetime, per_minute: int) -> datetime:
    """When the bucket holds a send again; `now` when it does."""
    missing = 1 - in_bucket(pace, now, per_minute)
    return now if missing <= _ROUNDING else now + missing / per_minute * MINUTE
