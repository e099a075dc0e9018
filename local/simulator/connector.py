"""`/api/connector/...`: the five calls, their paths and their authorization."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from aiohttp import web

from .calls import WORLD, answered, denied, fault_name
from .exports import StaleReceipt
from .job_status import job_status
from .messages import Upload
from .offers import offer
from .tokens import bearer_of
from .uploads import received

_AN_ERROR = "An error has occurred."
#: Faults of an enqueue that decide how its message goes.
_FATES = frozenset({"stuck", "conflict", "post_process_error", "empty_log"})
_ECHOED = ("CorrelationId", "PopReceipt", "DownloadLocation")
_ANY_CASE_CONNECTOR = "{_:[aA][pP][iI]}/{__:[cC][oO][nN][nN][eE][cC][tT][oO][rR]}/{tail:.*}"


def routes() -> list[web.RouteDef]:
    """The connector, in any case of letters, bare and behind a language."""
    return [web.route("*", path + _ANY_CASE_CONNECTOR, connector) for path in ("/", "/{language}/")]


async def connector(request: web.Request) -> web.StreamResponse:
    """Every connector call; the activity ID stands bare or in braces."""
    call, activity = _parts(request.path)
    upload = await received(request.content.iter_any(), request.app[WORLD].keep_bodies or call != "enqueue")
    query = {key.casefold(): value for key, value in request.query.items()}
    about = {
        "activity_id": activity,
        "message_id": query.get("jobid", "").strip('"'),
        "external_id": _external_id(request),
        "entity": query.get("entity", ""),
    }

    def effect() -> web.StreamResponse:
        refused = _refusal(request, activity)
        chosen = _CALLS.get((request.method, call))
        if refused is not None or chosen is None:
            return refused or web.Response(status=404)
        return chosen(request, activity, query, upload)

    return await answered(request, call, effect, about)


def _parts(path: str) -> tuple[str, str]:
    """(call, activity ID) of a path such as /en/api/connector/enqueue/%7B...%7D."""
    segments = unquote(path).strip("/").split("/")
    at = next(index for index, segment in enumerate(segments) if segment.casefold() == "connector")
    call, activity, *_ = [*segments[at + 1 :], "", ""]
    return call.casefold(), activity.strip("{}").lower()


def _refusal(request: web.Request, activity: str) -> web.Response | None:
    """The auth matrix. An unknown activity is answered with 500, not 404 (Microsoft's client expects it)."""
    world = request.app[WORLD]
    status, client = bearer_of(request)
    if status:
        return denied(status)
    job = world.jobs.get(activity) or world.queue.jobs.get(activity)
    if job is None:
        return _an_error()
    return denied(401) if job.policy is not None and client not in job.policy else None


def _an_error() -> web.Response:
    return web.json_response({"Message": _AN_ERROR}, status=500)


def _external_id(request: web.Request) -> str:
    return request.headers.get("x-ms-dyn-externalidentifier", "")


def _enqueue(request: web.Request, activity: str, query: Mapping[str, str], upload: Upload) -> web.Response:
    world = request.app[WORLD]
    if world.refuse_chunked and "Content-Length" not in request.headers:
        return web.Response(status=411)
    if activity not in world.jobs:
        return _an_error()
    message = world.enqueue(activity, query.get("entity", ""), query.get("company", ""), _external_id(request), upload)
    message.fate = fault_name(request) if fault_name(request) in _FATES else ""
    quoted = world.message_id_form == "quoted"
    return web.json_response(message.message_id if quoted else {"value": message.message_id})


def _job_status(request: web.Request, activity: str, query: Mapping[str, str], _: Upload) -> web.Response:
    world = request.app[WORLD]
    message = world.known_message(query.get("jobid", ""))
    if message is None or message.activity_id != activity:
        return _an_error()
    return web.json_response(job_status(request, message))


def _dequeue(request: web.Request, activity: str, _: Mapping[str, str], __: Upload) -> web.Response:
    found = request.app[WORLD].queue.dequeue(activity)
    return web.json_response(offer(request, *found)) if found else web.Response(status=204)


def _download(request: web.Request, activity: str, query: Mapping[str, str], _: Upload) -> web.StreamResponse:
    message = request.app[WORLD].queue.find(activity, query.get("blob", ""))
    if message is None or message.content is None:
        return _an_error()
    message.downloads.append(len(message.content))
    return web.Response(body=message.content, content_type="application/octet-stream")


def _ack(request: web.Request, activity: str, _: Mapping[str, str], upload: Upload) -> web.Response:
    """The dequeue's answer, echoed; its first three fields are enough (Microsoft's client)."""
    try:
        told = json.loads(upload.body or b"")
        correlation_id, receipt, _location = (told[name] for name in _ECHOED)
        request.app[WORLD].queue.acknowledge(activity, correlation_id, receipt)
    except (ValueError, KeyError, TypeError, StaleReceipt):
        return _an_error()
    return web.Response()


_Call = Callable[[web.Request, str, Mapping[str, str], Upload], web.StreamResponse]
_CALLS: dict[tuple[str, str], _Call] = {
    ("POST", "enqueue"): _enqueue,
    ("GET", "jobstatus"): _job_status,
    ("GET", "dequeue"): _dequeue,
    ("GET", "download"): _download,
    ("POST", "ack"): _ack,
}
