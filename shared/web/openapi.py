"""The API's description in OpenAPI 3.1, made from its table of routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol


class Described(Protocol):
    """What of a route is described."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def role(self) -> Any: ...
    @property
    def query(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> Mapping[str, str]: ...


_REFUSALS = {
    "401": "nobody is signed in",
    "403": "the role is missing",
    "409": "the job changed meanwhile: look again",
    "422": "it cannot be done; the sentence says what can",
    "503": "a store or F&O cannot be reached: ask again",
}


def described(routes: Iterable[Described]) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(f"/api/v1/{route.path}", {})[route.method.lower()] = _operation(route)
    info = {"title": "F&O Courier", "version": "1", "description": "Times are ISO 8601 in UTC."}
    return {"openapi": "3.1.0", "info": info, "paths": paths}


def _operation(route: Described) -> dict[str, Any]:
    parameters = [_parameter("path", name, "") for name in re.findall(r"\{(\w+)\}", route.path)]
    parameters += [_parameter("query", name, says) for name, says in route.query.items()]
    told: dict[str, Any] = {
        "summary": route.says,
        "description": f"For the app role {route.role.name.capitalize()}.",
        "parameters": parameters,
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": {}}}},
            **{status: {"description": says} for status, says in _REFUSALS.items()},
        },
    }
    if route.method == "POST":
        properties = {name: {"description": says} for name, says in route.body.items()}
        schema = {"type": "object", "properties": properties}
        told["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return told


def _parameter(place: str, name: str, says: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "description": says, "schema": {"type": "string"}}
