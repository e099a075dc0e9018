"""Sizes and durations as people write them in feeds.yaml: `100MB`, `2h`."""

from __future__ import annotations

import re
from datetime import timedelta

_SIZE_UNITS = {"KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
_TIME_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
SIZE_PATTERN = r"^[1-9][0-9]*(KB|MB|GB)$"
DURATION_PATTERN = r"^[1-9][0-9]*(s|m|h|d)$"


def parse_size(text: str) -> int:
    """`100MB` as bytes (10^6, not 2^20). Raises ValueError for anything that SIZE_PATTERN does not match."""
    if not re.match(SIZE_PATTERN, text):
        raise ValueError(f"{text!r} is no size such as 100MB")
    return int(text[:-2]) * _SIZE_UNITS[text[-2:]]


def parse_duration(text: str) -> timedelta:
    """`90m` as a timedelta. Raises ValueError for anything that DURATION_PATTERN does not match."""
    if not re.match(DURATION_PATTERN, text):
        raise ValueError(f"{text!r} is no duration such as 90m")
    return timedelta(**{_TIME_UNITS[text[-1]]: int(text[:-1])})


def size_text(size_bytes: int) -> str:
    """Bytes as a person reads them, e.g. `12.3 MB`."""
    for unit, factor in reversed(_SIZE_UNITS.items()):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} bytes"


def duration_text(span: timedelta) -> str:
    """A duration as a person reads it, e.g. `2 h 5 min`; under a minute in seconds."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"
