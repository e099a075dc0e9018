"""The keys of feeds.yaml that promise something: what is wrong with them, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain.watching.promises import Deadline, parse_deadline
from shared.feeds.pacing import DEFAULT_ZONE

_DEADLINES = ("expect", "loaded_by")


def promise_faults(feed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong). Values of a wrong type are the schema's to report."""
    for key in _DEADLINES:
        if isinstance(feed.get(key), str | int):
            try:
                parse_deadline(_text(feed[key]), ZoneInfo(DEFAULT_ZONE))
            except ValueError as error:
                yield key, str(error)
    band = feed.get("rows")
    if isinstance(band, dict) and {"min", "max"} <= set(band) and not _in_order(band["min"], band["max"]):
        yield "rows", f"min {band['min']} is above max {band['max']}; no file could lie between"


def deadline_of(key: str, feed: Mapping[str, Any], document: Mapping[str, Any]) -> Deadline | None:
    """The deadline under `key`, in the feed's own time zone, else in the environment's."""
    if key not in feed:
        return None
    return parse_deadline(_text(feed[key]), ZoneInfo(feed.get("time_zone", document.get("time_zone", DEFAULT_ZONE))))


def _text(value: str | int) -> str:
    """YAML 1.1 reads 17:00 without quotes as a number to base 60; 07:00 it leaves alone."""
    return f"{value // 60:02}:{value % 60:02}" if isinstance(value, int) else value


def _in_order(least: object, most: object) -> bool:
    return not (isinstance(least, int) and isinstance(most, int)) or least <= most
