"""`/data/...`: the DMF actions and DataManagementExecutionJobDetails. Parameter names are as documented, by case."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from aiohttp import web

from . import error_files, package_api, summaries
from .calls import WORLD, answered, denied
from .executions import ActionRefused
from .imports import EntityResult
from .messages import Message
from .tokens import bearer_of
from .world import World

_PREFIX = "/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities."
_FILTER = re.compile(
    r"^\s*(?P<field>JobId|DefinitionGroupId) eq '(?P<wanted>(?:[^']|'')*)'"
    r"(?: and StagingStartDateTime ge (?P<since>\S+))?\s*$"
)
_ACTIONS = summaries.ACTIONS | error_files.ACTIONS | package_api.ACTIONS


def routes() -> list[web.RouteDef]:
    """Actions and details."""
    return [
        web.post(_PREFIX + "{action}", action),
        web.get("/data/DataManagementExecutionJobDetails", details),
    ]


async def action(request: web.Request) -> web.StreamResponse:
    """One action by its name."""
    name = request.match_info["action"]
    told = _body(await request.text())

    def effect() -> web.StreamResponse:
        status, _ = bearer_of(request)
        if status:
            return denied(status)
        if name not in _ACTIONS:
            return _failure(404, f"No HTTP resource was found that matches the action {name}")
        if told is None:
            return _failure(400, "The body is no JSON object")
        try:
            return _value(_ACTIONS[name](request, told))
        except KeyError as missing:
            return _failure(400, f"The parameter {missing} is missing")
        except ActionRefused as refusal:
            return _failure(400, f"Exception occurred while executing action {name}: {refusal}")

    about = {key: value for key, value in (told or {}).items() if isinstance(value, str)}
    return await answered(request, f"action:{name}", effect, about)


async def details(request: web.Request) -> web.StreamResponse:
    """Counts per entity of an execution, or of all executions of a data project."""

    def effect() -> web.StreamResponse:
        status, _ = bearer_of(request)
        found = _FILTER.match(request.query.get("$filter", ""))
        if status or not found:
            return denied(status) if status else _failure(400, "the filter is not understood")
        field, wanted = found["field"], found["wanted"].replace("''", "'")
        world = request.app[WORLD]
        rows = [
            _detail_row(world, message, result) for message in world.messages.values() for result in message.entities
        ]
        return _value([row for row in rows if row[field] == wanted and _began(row, found["since"])])

    return await answered(request, "details", effect)


def _began(row: dict[str, Any], since: str | None) -> bool:
    """True when no time is asked for, or the row began then or later."""
    began = row["StagingStartDateTime"]
    return since is None or (began is not None and datetime.fromisoformat(began) >= datetime.fromisoformat(since))


def _body(text: str) -> dict[str, Any] | None:
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _value(value: Any) -> web.Response:
    return web.json_response({"@odata.context": "simulated", "value": value})


def _failure(status: int, words: str) -> web.Response:
    """The OData envelope of an error (seen in a documented answer)."""
    inner = {"message": words, "type": "System.InvalidOperationException", "stacktrace": ""}
    error = {"code": "", "message": "An error has occurred.", "innererror": inner}
    return web.json_response({"error": error}, status=status)


def _detail_row(world: World, message: Message, result: EntityResult) -> dict[str, Any]:
    return {
        "DefinitionGroupId": world.jobs[message.activity_id].data_project,
        "JobId": message.execution_id,
        "EntityName": result.entity,
        "ExecutionUnit": result.unit,
        "LevelInExecutionUnit": result.level,
        "SequenceInLevel": result.sequence,
        "StagingStatus": "Error" if result.staging_errors else "Finished",
        "TargetStatus": "Error" if result.target_errors else "Finished",
        "StagingRecordsToBeProcessedCount": result.total,
        "StagingRecordsCreatedCount": result.staged,
        "TargetRecordsCreatedCount": result.written - result.updated,
        "TargetRecordsUpdatedCount": result.updated,
        "StagingStartDateTime": message.started_at.isoformat() if message.started_at else None,
        "TargetEndDateTime": message.ended_at.isoformat() if message.ended_at else None,
        "FilePath": result.file,
        "SourceFormat": result.file.rpartition(".")[2].upper(),
    }
