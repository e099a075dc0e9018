"""May this job be sent now; if not, why, and when to ask again. Pure: from facts that the services gathered."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.domain.feed import Feed, FeedBook
from shared.domain.job import Job, JobState
from shared.domain.pacing.circuit import Circuit
from shared.domain.pacing.pace import EnvironmentPace, Standing, next_send_at
from shared.domain.pacing.windows import opening


class WaitKind(StrEnum):
    """What keeps a job from being sent. A waiting row's reason begins with it, so that backlogs are counted by it."""

    CAP = "cap"
    SERIAL = "serial"
    PAUSE = "pause"
    OFF = "off"
    WINDOW = "window"
    RATE = "rate"
    DUPLICATE = "duplicate"
    CIRCUIT = "circuit"
    ORDER = "order"
    #: First in line behind a file that was not loaded, or come too late: until a person acts.
    HELD = "held"


#: While one of these holds a job, it holds every job of the environment.
_OF_THE_ENVIRONMENT = frozenset({WaitKind.PAUSE, WaitKind.RATE})
#: While one of these holds a job, it holds every job of its feed.
_OF_THE_FEED = frozenset({WaitKind.CAP, WaitKind.SERIAL, WaitKind.OFF, WaitKind.CIRCUIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a job waits. `until` is when to look again; None where every tick should, or a person `for_a_person`."""

    kind: WaitKind
    why: str
    until: datetime | None = None
    for_a_person: bool = False

    @property
    def reason(self) -> str:
        """What the waiting row says."""
        return f"{self.kind}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known at `now` of all that may hold a job of one feed."""

    now: datetime
    standing: Standing


def held(job: Job, feed: Feed, book: FeedBook, facts: Facts) -> Hold | None:
    """The first thing that keeps a job of `feed` from being sent, before it asks for a place; None: nothing does."""
    return next(_holds(job, feed, book, facts), None)


def caps_of(feed: Feed, book: FeedBook) -> dict[str, int]:
    """The caps that a send of this feed counts under, by name: environment, activity, and its serial key, if any.

    A serial key is a cap of one: the next file goes when the one before it has come to its end.
    """
    same = [f.max_in_flight for f in book.feeds.values() if f.activity_id == feed.activity_id]
    caps = {"env": book.max_in_flight, f"act.{feed.activity_id}": min(same)}
    return caps | ({_serial_cap(feed.serial_key): 1} if feed.serial_key else {})


def in_use(places: Iterable[str]) -> Counter[str]:
    """Taken places by the name of their cap; a place's key is the cap's name and a number."""
    return Counter(key.rpartition(".")[0] for key in places)


def full_caps(caps: Mapping[str, int], used: Mapping[str, int]) -> frozenset[str]:
    """The names of the caps that have no place left."""
    return frozenset(name for name, cap in caps.items() if used.get(name, 0) >= cap)


def cap_hold(feed: Feed, caps: Mapping[str, int], used: Mapping[str, int]) -> Hold:
    """The wait for a place, saying which cap binds."""
    full = full_caps(caps, used)
    if feed.serial_key and _serial_cap(feed.serial_key) in full:
        return Hold(kind=WaitKind.SERIAL, why=f"one file at a time for {feed.serial_key}, and one is in F&O")
    told = {"env": "for the environment", f"act.{feed.activity_id}": "for the feed's activity"}
    texts = [f"{caps[name]} in flight {told[name]}" for name in sorted(full)]
    return Hold(kind=WaitKind.CAP, why=" and ".join(texts) or "places are being taken by others at this moment")


def _serial_cap(key: str) -> str:
    """A name that may be part of a row key, the same for every spelling that differs in case only."""
    text = key.casefold()
    return f"ser.{re.sub(r'[^a-z0-9]+', '-', text)[:40]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def wait_kind(job: Job) -> WaitKind | None:
    """What a waiting job waits for; None for one that does not wait, or only for its next try."""
    kind = job.reason.partition(": ")[0]
    return WaitKind(kind) if job.state is JobState.WAITING and kind in set(WaitKind) else None


def holds_the_environment(kind: WaitKind | None) -> bool:
    """True when no other job of the environment can be sent either."""
    return kind in _OF_THE_ENVIRONMENT


def holds_the_feed(kind: WaitKind | None) -> bool:
    """True when no other job of the same feed can be sent either."""
    return kind in _OF_THE_FEED


def pause_hold(pace: EnvironmentPace, now: datetime) -> Hold | None:
    """The pause that F&O asked for, if it still runs."""
    until = pace.pause_at(now)
    if until is None:
        return None
    return Hold(kind=WaitKind.PAUSE, why=f"paused by F&O until {time_text(until)} ({pace.pause_why})", until=until)


def time_text(at: datetime) -> str:
    """A time for people: `2026-11-14 06:00:30 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def rate_hold(pace: EnvironmentPace, per_minute: int | None, now: datetime) -> Hold | None:
    """The empty bucket of sends, where the deployment has one."""
    if per_minute is None or (at := next_send_at(pace, now, per_minute)) <= now:
        return None
    return Hold(kind=WaitKind.RATE, why=f"{per_minute} sends a minute; the next at {time_text(at)}", until=at)


def circuit_hold(circuit: Circuit, now: datetime) -> Hold | None:
    """The feed's open circuit, until one file may try it."""
    if circuit.try_at is None or not circuit.holds_at(now):
        return None
    told = f"{circuit.refusals} files in a row were refused; one is tried at {time_text(circuit.try_at)}"
    return Hold(kind=WaitKind.CIRCUIT, why=f"{told}. The last: {circuit.why}", until=circuit.try_at)


def _holds(job: Job, feed: Feed, book: FeedBook, facts: Facts) -> Iterator[Hold]:
    if book.paused or feed.paused:
        yield Hold(kind=WaitKind.OFF, why=f"feeds.yaml says paused for {'all feeds' if book.paused else 'this feed'}")
    if facts.standing.feed.stopped_at is not None:
        since = time_text(facts.standing.feed.stopped_at)
        yield Hold(kind=WaitKind.OFF, why=f"paused by hand since {since}: {facts.standing.feed.stopped_why}")
    opens_at = opening(facts.now, feed.send_between, book.maintenance)
    if opens_at > facts.now:
        yield Hold(kind=WaitKind.WINDOW, why=f"the next opening is {time_text(opens_at)}", until=opens_at)
    environment = facts.standing.environment
    if pause := pause_hold(environment, facts.now):
        yield pause
    if circuit := circuit_hold(facts.standing.feed.circuit, facts.now):
        yield circuit
    if rate := rate_hold(environment, book.sends_per_minute, facts.now):
        yield rate
    if job.state is JobState.RECEIVED and environment.crowd_at(facts.now) & caps_of(feed, book).keys():
        yield Hold(kind=WaitKind.CAP, why="files that landed before it wait for a place")
