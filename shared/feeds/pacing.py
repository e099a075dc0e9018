"""The keys of feeds.yaml that say when and how fast files are sent: what is wrong with them, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.domain.pacing.windows import Hours, Spans, parse_closure, parse_hours

DEFAULT_ZONE = "UTC"


def zone_faults(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong). Values of a wrong type are the schema's to report."""
    name = keys.get("time_zone", DEFAULT_ZONE)
    if isinstance(name, str) and _zone(name) is None:
        yield "time_zone", f"{name!r} is no time zone; write an IANA name such as Europe/Berlin"


def environment_faults(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) at the top of the file."""
    yield from zone_faults(document)
    closures = document.get("maintenance", ())
    for text in closures if isinstance(closures, list) else ():
        if isinstance(text, str) and (fault := _fault_of(parse_closure, text)):
            yield "maintenance", fault


def feed_faults(feed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) of one feed."""
    yield from zone_faults(feed)
    hours = feed.get("send_between")
    if isinstance(hours, str) and (fault := _fault_of(parse_hours, hours)):
        yield "send_between", fault


def maintenance_of(document: Mapping[str, Any]) -> tuple[Spans, ...]:
    """The environment's maintenance, in its own time zone."""
    zone = ZoneInfo(document.get("time_zone", DEFAULT_ZONE))
    return tuple(parse_closure(text, zone) for text in document.get("maintenance", ()))


def hours_of(feed: Mapping[str, Any], document: Mapping[str, Any]) -> Hours | None:
    """The hours in which a feed may send, in its own time zone, else in the environment's."""
    if "send_between" not in feed:
        return None
    return parse_hours(feed["send_between"], ZoneInfo(feed.get("time_zone", document.get("time_zone", DEFAULT_ZONE))))


def serial_key_of(name: str, feed: Mapping[str, Any]) -> str:
    """The written key; with `serial: true` the entity, on which parallel imports collide, or a package's feed."""
    if "serial_key" in feed:
        return str(feed["serial_key"])
    return str(feed.get("entity", name)) if feed.get("serial") else ""


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _fault_of(parse: Callable[[str, ZoneInfo], object], text: str) -> str:
    try:
        parse(text, ZoneInfo(DEFAULT_ZONE))
    except ValueError as error:
        return str(error)
    return ""
