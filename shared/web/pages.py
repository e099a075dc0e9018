"""Templates become pages. Jinja2 is loaded with the first of them, for the triggers must not pay for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.web.http import Answer, Refused

if TYPE_CHECKING:
    from jinja2 import Environment

_PLACE = Path(__file__).parent
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_STATIC = {path.name: path for path in (_PLACE / "static").iterdir()}


def html(name: str, told: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A page of a template; all that is put into it is escaped."""
    text = _templates().get_template(name).render(told)
    return Answer(status=status, body=text.encode(), content_type="text/html; charset=utf-8", headers=headers or {})


def static_file(name: str) -> Answer:
    """A file of the page's own; any other name is refused."""
    path = _STATIC.get(name)
    if path is None:
        raise Refused(404, "there is no such file")
    headers = {"Cache-Control": "private, max-age=3600"}
    return Answer(body=path.read_bytes(), content_type=_KINDS[path.suffix], headers=headers)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_PLACE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(at=_at, ago=_ago, hours=_hours, spark=_spark)
    return made


def _at(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else "-"


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g} h"


def _ago(at: datetime | None, now: datetime) -> str:
    """How long ago, in the unit that says it shortest."""
    if at is None:
        return "-"
    minutes = max(0, (now - at) // timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _spark(counts: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Bars of a sparkline 20 high: (x, y, height), a day each; a day without files has none."""
    most = max(counts, default=0) or 1
    heights = [max(1, round(20 * count / most)) if count else 0 for count in counts]
    return [(6 * number, 20 - height, height) for number, height in enumerate(heights) if height]
