"""The alert rules of infra/monitor: what each means, and its query."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

MONITOR = Path(__file__).parents[2] / "infra" / "monitor"
_FIELD = re.compile(r"Properties(?:\.(\w+)|\[\"(\w+)\"\])")
_EVENT = re.compile(r'"([a-z]+\.[a-z_]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One alert rule, as infra/monitor/alerts.json has it. `query` is the text of its .kql file."""

    name: str
    title: str
    severity: int
    every_minutes: int
    window_minutes: int
    split_by: tuple[str, ...]
    meaning: str
    first_step: str
    query: str


def rules() -> list[Rule]:
    """Every alert rule."""
    told = json.loads((MONITOR / "alerts.json").read_text(encoding="utf-8"))
    return [
        Rule(**{**rule, "split_by": tuple(rule["split_by"])}, query=query_named("queries", rule["name"]))
        for rule in told
    ]


def query_named(folder: str, name: str) -> str:
    """The text of a query of `queries` or `tiles`."""
    return (MONITOR / folder / f"{name}.kql").read_text(encoding="utf-8")


def all_queries() -> dict[str, str]:
    """Every query under infra/monitor by its path there."""
    return {str(path.relative_to(MONITOR)): path.read_text(encoding="utf-8") for path in sorted(MONITOR.rglob("*.kql"))}


def events_in(query: str) -> set[str]:
    """Event names that a query speaks of."""
    return {name for name in _EVENT.findall(query) if not name.endswith(".com")}


def fields_in(query: str) -> set[str]:
    """Fields of events that a query reads."""
    return {first or second for first, second in _FIELD.findall(query)} - {"event"}
