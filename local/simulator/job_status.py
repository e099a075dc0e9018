"""The answer of jobstatus. Fields as in Microsoft's client; numbers or names are a knob, as no raw body is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from .calls import FAULT, WORLD
from .imports import EntityResult
from .messages import Message
from .world import World

#: The enumeration of DataJobState; 2 and 3 are of exports, 9 is in the message table only.
_STATES = {
    0: "Enqueued",
    1: "Dequeued",
    4: "InProcess",
    5: "Processed",
    6: "ProcessedWithErrors",
    7: "PostProcessError",
    8: "PreProcessError",
    9: "PreProcessing",
}
#: The part of EntityExecutionState that an ended import shows.
_ENTITY_STATES = {3: "Error", 4: "Finished"}
_NEVER = "0001-01-01T00:00:00"


def job_status(request: web.Request, message: Message) -> dict[str, Any]:
    """The whole answer; the fault `odd_state` puts a state into it that no source lists."""
    world = request.app[WORLD]
    fault = request.get(FAULT)
    state = _spelled(world, message.state, _STATES)
    if fault and fault.name == "odd_state":
        state = fault.params.get("state", "Postponed")
    return {
        "DataJobStatus": {
            "DataProject": world.jobs[message.activity_id].data_project,
            "DataJobIdentifier": message.message_id,
            "ExternalIdentifier": message.external_id,
            "ExecutionIdentifier": message.execution_id,
            "DataJobStartedDateTime": _time(message.started_at),
            "DataJobCompletedDateTime": _time(message.ended_at),
            "DataJobState": state,
        },
        "ExecutionLog": message.log,
        "ExecutionDetail": _details(world, message),
    }


def _details(world: World, message: Message) -> list[dict[str, Any]] | None:
    hidden = not world.with_detail or message.fate == "empty_log"
    return None if hidden else [_detail(world, message, result) for result in message.entities] or None


def _detail(world: World, message: Message, result: EntityResult) -> dict[str, Any]:
    told = {
        "EntityName": result.entity,
        "Company": message.legal_entity,
        "StagingRecords": result.staged,
        "StagingStatus": _spelled(world, 3 if result.staging_errors else 4, _ENTITY_STATES),
        "StagingErrorCount": result.staging_errors,
        "TargetRecords": result.written,
        "TargetStatus": _spelled(world, 3 if result.target_errors else 4, _ENTITY_STATES),
        "TargetErrorCount": result.target_errors,
        "ExecutionStartedDateTime": _time(message.started_at),
        "ExecutionCompletedDateTime": _time(message.ended_at),
    }
    return told | ({"TotalRecords": result.total} if world.with_total_records else {})


def _spelled(world: World, number: int, names: dict[int, str]) -> int | str:
    return number if world.state_form == "number" else names[number]


def _time(at: datetime | None) -> str:
    """UTC without a zone, as Microsoft's client shows it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}" if at else _NEVER
