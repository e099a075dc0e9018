"""Executions by their ID, as the DMF actions address them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from .imports import EntityResult
from .messages import Message
from .world import World

#: An action: the call and its body -> the value of its answer. Raises KeyError for a missing parameter.
Action = Callable[[web.Request, Mapping[str, Any]], Any]


class ActionRefused(Exception):
    """The action answers 400, for this reason."""


def execution(world: World, execution_id: str) -> Message:
    """The message of an execution. Raises ActionRefused until its record exists, and after its deletion."""
    for message in world.messages.values():
        if execution_id and message.execution_id == execution_id and not message.history_deleted:
            return message
    raise ActionRefused(f"The execution records for '{execution_id}' were not found")


def result_of(world: World, told: Mapping[str, Any]) -> EntityResult:
    """The result of `entityName` in `executionId`. Raises ActionRefused when either is not known."""
    message = execution(world, str(told["executionId"]))
    for result in message.entities:
        if result.entity == told["entityName"]:
            return result
    raise ActionRefused(f"Entity '{told['entityName']}' was not found in the execution")
