"""`/api/connector/...`: enqueue, jobstatus, dequeue, download, ack, as far as they are known."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from .calls import FAULT, WORLD, answered, redirect
from .exports import ExportMessage, StaleReceipt
from .tokens import bearer_of
from .world import Message, World

_NAMES = {
    0: "Enqueued",
    1: "Dequeued",
    4: "InProcess",
    5: "Processed",
    6: "ProcessedWithErrors",
    7: "PostProcessError",
    8: "PreProcessError",
}
_NEVER = "0001-01-01T00:00:00"


async def connector(request: web.Request) -> web.StreamResponse:
    """Every connector call: the path is taken without case, the activity ID bare or in braces, a language before it."""
    call, activity = _parts(request.path)
    body = await request.read()
    about = {"activity_id": activity}
    return await answered(request, call, lambda: _admitted(request, call, activity, body), **about)


def _parts(path: str) -> tuple[str, str]:
    """(call, activity ID) of a path such as /en/api/connector/enqueue/%7B...%7D."""
    segments = unquote(path).strip("/").split("/")
    at = next(index for index, segment in enumerate(segments) if segment.casefold() == "connector")
    call = segments[at + 1].casefold() if len(segments) > at + 1 else ""
    return call, segments[at + 2].strip("{}").lower() if len(segments) > at + 2 else ""


def _admitted(request: web.Request, call: str, activity: str, body: bytes) -> web.StreamResponse:
    """The auth matrix, then the call. An unknown activity is answered with 500, not 404 (seen)."""
    world = request.app[WORLD]
    status, client = bearer_of(request)
    if status == 302:
        return redirect()
    if status:
        return web.json_response({"Message": "Authorization has been denied for this request."}, status=status)
    job = world.jobs.get(activity) or world.queue.jobs.get(activity)
    if job is None:
        return web.json_response({"Message": "An error has occurred."}, status=500)
    if job.policy is not None and client not in job.policy:
        return web.json_response({"Message": "Authorization has been denied for this request."}, status=401)
    chosen = _CALLS.get((request.method, call))
    return chosen(request, activity, body) if chosen else web.Response(status=404)


def _enqueue(request: web.Request, activity: str, body: bytes) -> web.Response:
    world = request.app[WORLD]
    if world.refuse_chunked and "Content-Length" not in request.headers:
        return web.Response(status=411)
    if activity not in world.jobs:
        return web.json_response({"Message": "An error has occurred."}, status=500)
    query = {key.casefold(): value for key, value in request.query.items()}
    external_id = request.headers.get("x-ms-dyn-externalidentifier", "")
    message = world.enqueue(activity, query.get("entity", ""), query.get("company", ""), external_id, body)
    fault = request.get(FAULT)
    if fault is not None:
        message.stuck, message.silent = fault.name == "stuck", fault.name == "empty_log"
    told: Any = message.message_id if world.message_id_form == "quoted" else {"value": message.message_id}
    return web.json_response(told)


def _job_status(request: web.Request, activity: str, _: bytes) -> web.Response:
    world = request.app[WORLD]
    query = {key.casefold(): value for key, value in request.query.items()}
    message = world.messages.get(query.get("jobid", "").strip('"').lower())
    if message is None or message.activity_id != activity:
        return web.json_response({"Message": "An error has occurred."}, status=500)
    return web.json_response(_status(world, message))


def _status(world: World, message: Message) -> dict[str, Any]:
    job = world.jobs[message.activity_id]
    state: Any = message.state if world.state_form == "number" else _NAMES[message.state]
    detail = [_detail(world, message, index) for index in range(len(message.entities))]
    return {
        "DataJobStatus": {
            "DataProject": job.data_project,
            "DataJobIdentifier": message.message_id,
            "ExternalIdentifier": message.external_id,
            "ExecutionIdentifier": message.execution_id,
            "DataJobStartedDateTime": _time(message.started_at),
            "DataJobCompletedDateTime": _time(message.ended_at),
            "DataJobState": state,
        },
        "ExecutionLog": message.log,
        "ExecutionDetail": detail or None,
    }


def _detail(world: World, message: Message, index: int) -> dict[str, Any]:
    result = message.entities[index]
    told: dict[str, Any] = {
        "EntityName": result.entity,
        "Company": message.legal_entity,
        "StagingRecords": result.staged,
        "StagingStatus": 3 if result.staging_errors else 4,
        "StagingErrorCount": result.staging_errors,
        "TargetRecords": result.written,
        "TargetStatus": 3 if result.target_errors else 4,
        "TargetErrorCount": result.target_errors,
        "ExecutionStartedDateTime": _time(message.started_at),
        "ExecutionCompletedDateTime": _time(message.ended_at),
    }
    if world.with_total_records:
        told["TotalRecords"] = result.total
    return told


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}" if at else _NEVER


def _dequeue(request: web.Request, activity: str, _: bytes) -> web.Response:
    world = request.app[WORLD]
    with world.lock:
        found = world.queue.dequeue(activity)
    if found is None:
        return web.Response(status=204)
    message, before = found
    return web.json_response(_offered(request, message, before))


def _offered(request: web.Request, message: ExportMessage, before: datetime | None) -> dict[str, Any]:
    fault = request.get(FAULT)
    name = fault.name if fault else ""
    front = {
        "wrong_host_download": "https://files.evil.example",
        "http_location": f"http://{request.url.host}:80",
    }.get(name, f"{request.scheme}://{request.host}")
    location: str | None = (
        f"{front}/api/connector/download/%7B{message.activity_id}%7D"
        f"?correlation-id={message.correlation_id}&blob={message.blob_id}"
    )
    has_file = message.content is not None and name not in {"no_file", "null_location"}
    if message.content is None or name == "null_location":
        location = None
    return {
        "CorrelationId": message.correlation_id,
        "PopReceipt": message.pop_receipt,
        "DownloadLocation": location,
        "IsDownLoadFileExist": has_file,
        "FileDownLoadErrorMessage": None if has_file else "There are no records to export",
        "LastDequeueDateTime": before.isoformat() if before else None,
    }


def _download(request: web.Request, _: str, __: bytes) -> web.StreamResponse:
    message = request.app[WORLD].queue.find(request.query.get("blob", ""))
    if message is None or message.content is None:
        return web.json_response({"Message": "An error has occurred."}, status=500)
    message.downloads.append(len(message.content))
    return web.Response(body=message.content, content_type="application/octet-stream")


def _ack(request: web.Request, activity: str, body: bytes) -> web.Response:
    world = request.app[WORLD]
    try:
        told = json.loads(body)
        receipt = str(told["PopReceipt"]) if {"CorrelationId", "DownloadLocation"} <= set(told) else ""
        with world.lock:
            world.queue.acknowledge(activity, receipt)
    except (ValueError, KeyError, TypeError, StaleReceipt):
        return web.json_response({"Message": "An error has occurred."}, status=500)
    return web.Response()


_CALLS = {
    ("POST", "enqueue"): _enqueue,
    ("GET", "jobstatus"): _job_status,
    ("GET", "dequeue"): _dequeue,
    ("GET", "download"): _download,
    ("POST", "ack"): _ack,
}
