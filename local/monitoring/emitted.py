"""What the code emits: for each event, the fields of every emit() call in shared/, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from shared.telemetry import Event

_SHARED = Path(__file__).parents[2] / "shared"
#: What a job puts on every line (shared/telemetry.py).
_JOB_FIELDS = {"job_id", "feed", "state", "attempt", "message_id", "execution_id"}


def emitted() -> dict[str, set[str]]:
    """Event name -> every field that some call gives it."""
    found: dict[str, set[str]] = {}
    for path in sorted(_SHARED.rglob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        for events, fields in _calls(module):
            for event in events:
                found.setdefault(event, set()).update(fields)
    return found


def _calls(module: ast.Module) -> Iterator[tuple[set[str], set[str]]]:
    """(event names, fields) of each emit() in a module."""
    for call in ast.walk(module):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "emit" and call.args:
            fields = _JOB_FIELDS if len(call.args) > 1 else set()
            for keyword in call.keywords:
                fields = fields | ({keyword.arg} if keyword.arg else _keys_of(keyword.value, module))
            yield _events(call.args[0], module), fields


def _events(node: ast.expr, module: ast.Module) -> set[str]:
    """The events that an expression may stand for: named there, assigned to its variable, or given as argument."""
    if isinstance(node, ast.Name):
        assigned = [
            each.value
            for each in ast.walk(module)
            if isinstance(each, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in each.targets)
        ]
        return set().union(*(_events(value, module) for value in assigned or _given(module)))
    return {
        Event[each.attr].value
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "Event"
    }


def _given(module: ast.Module) -> list[ast.expr]:
    """Events that calls of the module hand on, to a function that emits what it is given."""
    calls = (each for each in ast.walk(module) if isinstance(each, ast.Call))
    handing = (call for call in calls if not (isinstance(call.func, ast.Name) and call.func.id == "emit"))
    return [argument for call in handing for argument in call.args if isinstance(argument, ast.Attribute)]


def _keys_of(node: ast.expr, module: ast.Module) -> set[str]:
    """The keys of `**fields(...)`: the texts that are keys in the function of that name."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return set()
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef) and function.name == node.func.id:
            keys = (key for each in ast.walk(function) if isinstance(each, ast.Dict) for key in each.keys)
            return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return set()
