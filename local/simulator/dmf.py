"""`/data/...`: the DMF actions and DataManagementExecutionJobDetails. Parameter names are as documented."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from .calls import FAULT, WORLD, answered, redirect
from .tokens import bearer_of
from .world import EMPTY_GUID, IN_PROCESS, PRE_PROCESS_ERROR, PROCESSED, WITH_ERRORS, Message, World

_PREFIX = "/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities."
_FILTER = re.compile(r"^(JobId|DefinitionGroupId) eq '(.*)'$")


def routes() -> list[web.RouteDef]:
    """Actions, details, and the blob store that signed URLs point to."""
    return [
        web.post(_PREFIX + "{action}", action),
        web.get("/data/DataManagementExecutionJobDetails", details),
        web.get("/blobs/{name}", read_blob),
        web.put("/blobs/{name}", write_blob),
    ]


async def action(request: web.Request) -> web.StreamResponse:
    """One action by its name."""
    name = request.match_info["action"]
    body = await request.text()

    def effect() -> web.StreamResponse:
        refused = _refused(request)
        if refused is not None:
            return refused
        chosen = _ACTIONS.get(name)
        if chosen is None:
            return _failure(404, f"No HTTP resource was found that matches the action {name}")
        try:
            return _value(chosen(request, json.loads(body or "{}")))
        except KeyError as missing:
            return _failure(400, f"The parameter {missing} is missing or was not found")

    return await answered(request, f"action:{name}", effect)


def _refused(request: web.Request) -> web.Response | None:
    status, _ = bearer_of(request)
    if status == 302:
        return redirect()
    return web.json_response({"Message": "Authorization has been denied."}, status=status) if status else None


def _value(value: Any) -> web.Response:
    return web.json_response({"@odata.context": "simulated", "value": value})


def _failure(status: int, words: str) -> web.Response:
    inner = {"message": words, "type": "System.InvalidOperationException", "stacktrace": ""}
    error = {"code": "", "message": "An error has occurred.", "innererror": inner}
    return web.json_response({"error": error}, status=status)


def _by_execution(world: World, execution_id: str) -> Message:
    for message in world.messages.values():
        if message.execution_id == execution_id and execution_id:
            return message
    raise KeyError(execution_id)


def _message_status(request: web.Request, told: dict[str, Any]) -> str:
    world = request.app[WORLD]
    words = {
        0: "Enqueued",
        1: "Dequeued",
        4: "Processing",
        5: "Processed",
        6: "ProcessedWithErrors",
        7: world.post_process_word,
        8: "PreProcessingError",
    }
    return words[world.messages[str(told["messageId"]).strip('"').lower()].state]


def _execution_id(request: web.Request, told: dict[str, Any]) -> str:
    return request.app[WORLD].messages[str(told["_messageId"]).lower()].execution_id or EMPTY_GUID


def _summary(request: web.Request, told: dict[str, Any]) -> str:
    """400 "were not found" until the execution's record exists."""
    message = _by_execution(request.app[WORLD], str(told["executionId"]))
    if not message.ended:
        return "Executing" if message.state == IN_PROCESS else "NotRun"
    if message.state == PROCESSED:
        return "Succeeded"
    return "PartiallySucceeded" if message.state == WITH_ERRORS and message.rows_written else "Failed"


def _entity_statuses(request: web.Request, told: dict[str, Any]) -> list[str]:
    message = _by_execution(request.app[WORLD], str(told["executionId"]))
    return [f"{r.entity}: {'Error' if r.errors else 'Finished'}" for r in message.entities]


def _errors(request: web.Request, told: dict[str, Any]) -> str:
    """A string that holds JSON; unescaped quotes make it invalid where the fault says so (measured on 10.0.48)."""
    message = _by_execution(request.app[WORLD], str(told["executionId"]))
    if message.state == PRE_PROCESS_ERROR or message.silent:
        return "[]"
    listed = [
        {"RecordId": error.record_id, "Field": error.field, "ErrorMessage": error.message}
        for result in message.entities
        for error in result.errors
    ]
    text = json.dumps(listed)
    fault = request.get(FAULT)
    return text.replace("'", '"') if fault and fault.name == "broken_inner_json" else text


def _page(request: web.Request, told: dict[str, Any]) -> str:
    return f"{request.scheme}://{request.host}/?mi=DM_DataManagementWorkspaceMenuItem&execution={told['executionId']}"


def _make_keys_file(request: web.Request, told: dict[str, Any]) -> bool:
    result = _entity_result(request, told)
    world = request.app[WORLD]
    if not result.errors:
        return False
    world.blobs[_file_name(told, "keys")] = "\r\n".join(
        ["RecordId", *(error.record_id for error in result.errors)]
    ).encode()
    world.blobs.setdefault(f"polls-{_file_name(told, 'keys')}", b"")
    return True


def _keys_file_url(request: web.Request, told: dict[str, Any]) -> str:
    """Empty while the file is being made: for so many polls."""
    world, name = request.app[WORLD], _file_name(told, "keys")
    polls = world.blobs.get(f"polls-{name}")
    if name not in world.blobs or polls is None:
        return ""
    world.blobs[f"polls-{name}"] = polls + b"."
    return _signed(request, name) if len(polls) >= world.error_file_polls else ""


def _staging_file_url(request: web.Request, told: dict[str, Any]) -> str:
    result = _entity_result(request, told)
    if not result.staging_errors:
        return ""
    name = _file_name(told, "staging")
    lines = [f"{error.record_id},{error.message}" for error in result.errors]
    request.app[WORLD].blobs[name] = "\r\n".join(["RecordId,Error", *lines]).encode()
    return _signed(request, name)


def _entity_result(request: web.Request, told: dict[str, Any]) -> Any:
    message = _by_execution(request.app[WORLD], str(told["executionId"]))
    return next((r for r in message.entities if r.entity == told["entityName"]), None) or _missing(told)


def _missing(told: dict[str, Any]) -> Any:
    raise KeyError(told["entityName"])


def _file_name(told: dict[str, Any], kind: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{kind} {told['executionId']} {told['entityName']}").hex


def _write_url(request: web.Request, told: dict[str, Any]) -> str:
    blob = uuid.uuid5(uuid.NAMESPACE_URL, str(told["uniqueFileName"])).hex
    return json.dumps({"BlobId": f"{{{uuid.UUID(blob)}}}", "BlobUrl": _signed(request, blob)})


def _signed(request: web.Request, name: str) -> str:
    ends = int((request.app[WORLD].clock.now() + timedelta(hours=1)).timestamp())
    return f"{request.scheme}://{request.host}/blobs/{name}?sv=2024-11-04&se={ends}&sig=simulated"


def _import_from_package(request: web.Request, told: dict[str, Any]) -> str:
    """The package is fetched from the signed URL of GetAzureWriteUrl. `overwrite` and `execute` change nothing."""
    world = request.app[WORLD]
    name = urlsplit(str(told["packageUrl"])).path.rsplit("/", 1)[-1]
    project, legal_entity = str(told["definitionGroupId"]), str(told["legalEntityId"])
    return world.import_package(project, str(told["executionId"]), legal_entity, world.blobs[name]).execution_id


def _export_to_package(request: web.Request, told: dict[str, Any]) -> str:
    exports = request.app[WORLD].package_exports
    return exports.ask(str(told["definitionGroupId"]), str(told["executionId"]))


def _exported_package_url(request: web.Request, told: dict[str, Any]) -> str:
    """Empty until the package is ready."""
    world = request.app[WORLD]
    content = world.package_exports.content(str(told["executionId"]))
    if content is None:
        return ""
    name = uuid.uuid5(uuid.NAMESPACE_URL, str(told["executionId"])).hex
    world.blobs[name] = content
    return _signed(request, name)


def _delete_history(request: web.Request, told: dict[str, Any]) -> bool:
    message = _by_execution(request.app[WORLD], str(told["executionId"]))
    message.entities = []
    return True


_ACTIONS: dict[str, Callable[[web.Request, dict[str, Any]], Any]] = {
    "GetMessageStatus": _message_status,
    "GetExecutionIdByMessageId": _execution_id,
    "GetExecutionSummaryStatus": _summary,
    "GetEntityExecutionSummaryStatusList": _entity_statuses,
    "GetExecutionErrors": _errors,
    "GetExecutionSummaryPageUrl": _page,
    "GenerateImportTargetErrorKeysFile": _make_keys_file,
    "GetImportTargetErrorKeysFileUrl": _keys_file_url,
    "GetImportStagingErrorFileUrl": _staging_file_url,
    "GetAzureWriteUrl": _write_url,
    "ImportFromPackage": _import_from_package,
    "ImportFromPackageAsync": _import_from_package,
    "ExportToPackage": _export_to_package,
    "ExportToPackageAsync": _export_to_package,
    "ExportToPackagePreview": _export_to_package,
    "ExportToPackagePreviewAsync": _export_to_package,
    "ExportFromPackage": _import_from_package,
    "GetExportedPackageUrl": _exported_package_url,
    "DeleteExecutionHistoryJob": _delete_history,
}


async def details(request: web.Request) -> web.StreamResponse:
    """Counts per entity of an execution, or of all executions of a data project."""

    def effect() -> web.StreamResponse:
        found = _FILTER.match(request.query.get("$filter", ""))
        refused = _refused(request)
        if refused is not None or not found:
            return refused or _failure(400, "the filter is not understood")
        world = request.app[WORLD]
        rows = [
            _detail_row(world, message, index)
            for message in world.messages.values()
            if message.execution_id and found[2] in {message.execution_id, world.jobs[message.activity_id].data_project}
            for index in range(len(message.entities))
        ]
        return _value(rows)

    return await answered(request, "details", effect)


def _detail_row(world: World, message: Message, index: int) -> dict[str, Any]:
    result = message.entities[index]
    started = message.started_at.isoformat() if message.started_at else None
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
        "StagingStartDateTime": started,
        "FilePath": result.file,
        "SourceFormat": "CSV",
    }


async def read_blob(request: web.Request) -> web.StreamResponse:
    """A file by its signed URL: no bearer wanted, 403 when the signature has ended."""

    def effect() -> web.StreamResponse:
        status = _blob_refused(request)
        name = request.match_info["name"]
        if status or name not in request.app[WORLD].blobs:
            return web.Response(status=status or 404)
        return web.Response(body=request.app[WORLD].blobs[name], content_type="application/octet-stream")

    return await answered(request, "blob", effect)


async def write_blob(request: web.Request) -> web.StreamResponse:
    """Put a package where GetAzureWriteUrl said."""
    body = await request.read()

    def effect() -> web.StreamResponse:
        status = _blob_refused(request)
        if not status:
            request.app[WORLD].blobs[request.match_info["name"]] = body
        return web.Response(status=status or 201)

    return await answered(request, "blob", effect)


def _blob_refused(request: web.Request) -> int:
    if "Authorization" in request.headers:
        return 400
    ends = request.query.get("se", "0")
    good = request.query.get("sig") == "simulated" and ends.isdecimal()
    return 0 if good and int(ends) > request.app[WORLD].clock.now().timestamp() else 403
