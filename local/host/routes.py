"""Routes of HTTP functions: `packages/{id:int}/{rest?}` under the prefix of host.json.

A subset of ASP.NET Core's route templates, which Azure uses: parameters, optional ones, catch-all `{*rest}`, and the
constraints below. As there, a literal segment goes before a parameter, and case does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

from local.host.runtime import AppRefused, Function

_SEGMENT = re.compile(r"\{(?P<star>\*{0,2})(?P<name>\w+)(?::(?P<constraint>[^}?]+))?(?P<optional>\??)\}")
_CONSTRAINTS = {
    "int": r"-?[0-9]+",
    "long": r"-?[0-9]+",
    "alpha": r"[A-Za-z]+",
    "bool": r"true|false",
    "guid": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
}
_LITERAL, _CONSTRAINED, _FREE, _REST = range(4)


@dataclass(frozen=True, slots=True)
class Route:
    """One HTTP function, and the requests that it answers."""

    function: Function
    path: str
    methods: frozenset[str]
    pattern: re.Pattern[str]
    rank: tuple[int, ...]

    @classmethod
    def of(cls, function: Function, prefix: str) -> Self:
        """Read its binding. Raises AppRefused for a template that this host does not know."""
        template = str(function.trigger.get("route") or function.name)
        segments = [segment for segment in f"{prefix}/{template}".split("/") if segment]
        pieces = [_piece(function, segment) for segment in segments]
        return cls(
            function=function,
            path="/" + "/".join(segments),
            methods=frozenset(method.upper() for method in function.trigger.get("methods") or ()),
            pattern=re.compile("".join(piece for piece, _ in pieces) + "/?", re.IGNORECASE),
            rank=tuple(rank for _, rank in pieces),
        )

    def parameters(self, method: str, raw_path: str) -> dict[str, str] | None:
        """The parameters of a request, unquoted; None when the request is not for this route."""
        found = self.pattern.fullmatch(raw_path)
        if found is None or (self.methods and method not in self.methods):
            return None
        return {name: unquote(value) for name, value in found.groupdict().items() if value}


def in_order(routes: Sequence[Route]) -> list[Route]:
    """The routes, the more specific first."""
    return sorted(routes, key=lambda route: route.rank)


def _piece(function: Function, segment: str) -> tuple[str, int]:
    found = _SEGMENT.fullmatch(segment)
    if found is None:
        if "{" in segment:
            raise AppRefused(f"{function.name}: route segment {segment!r} is not played by this host")
        return "/" + re.escape(segment), _LITERAL
    constraint = found["constraint"]
    if constraint and constraint not in _CONSTRAINTS:
        raise AppRefused(f"{function.name}: route constraint {constraint!r} is not played by this host")
    if found["star"]:
        return f"(?:/(?P<{found['name']}>.*))?", _REST
    inner = _CONSTRAINTS[constraint] if constraint else "[^/]+"
    return f"(?:/(?P<{found['name']}>{inner})){found['optional']}", _CONSTRAINED if constraint else _FREE
