"""One call: its fault if one is queued, its effect, its answer, and the note of it in the world's list of calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import format_datetime

from aiohttp import web

from .faults import Fault
from .world import World

WORLD = web.AppKey("world", World)
#: The fault that a call met, for those that change the effect itself.
FAULT = web.RequestKey("fault", Fault)
#: Noted in the list of calls where no answer was given.
NO_ANSWER = 599
_SIGN_IN_PAGE = "<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body></body></html>"
_LOGIN = "https://login.microsoftonline.com/common/oauth2/authorize"
_LOOK_EVERY_SECONDS = 0.02

Effect = Callable[[], web.StreamResponse]


async def answered(
    request: web.Request, call: str, effect: Effect, about: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Answer a call. `effect` does what the call is for; faults decide whether it happens and what is said of it.

    `about` are the particulars that a queued fault may ask for. The effect runs alone: the world is locked.
    """
    world = request.app[WORLD]

    def alone() -> web.StreamResponse:
        with world.lock:
            return effect()

    fault = world.faults.take(call, about or {})
    if fault:
        request[FAULT] = fault
    response = await _with_fault(request, fault, alone) if fault else alone()
    world.calls.append((request.method, request.path, response.status))
    return response


def denied(status: int) -> web.Response:
    """The refusal of a caller: 401, 403, or 302 to the sign-in page."""
    if status == 302:
        return redirect()
    return web.json_response({"Message": "Authorization has been denied for this request."}, status=status)


def redirect() -> web.Response:
    """To the sign-in page, as a wrong host or an on-premises environment answers."""
    return web.Response(status=302, headers={"Location": _LOGIN})


def base_url(request: web.Request) -> str:
    """The address under which the caller reached the simulator."""
    return f"{request.scheme}://{request.host}"


def fault_name(request: web.Request) -> str:
    """The name of the fault that this call met, or empty."""
    fault = request.get(FAULT)
    return fault.name if fault else ""


async def _with_fault(request: web.Request, fault: Fault, effect: Effect) -> web.StreamResponse:
    match fault.name:
        case "answer_lost_before_commit":
            return _hang_up(request)
        case "answer_lost_after_commit":
            effect()
            return _hang_up(request)
        case "hang":
            return await _hanging(request, fault, effect)
        case "slow":
            await _wait(request, float(fault.params.get("seconds", 1)))
            return effect()
        case "truncated_body":
            return await _truncated(request, effect(), int(fault.params.get("keep_bytes", 10)))
        case _:
            said = _SAID_INSTEAD.get(fault.name)
            return said(request, fault) if said else effect()


async def _hanging(request: web.Request, fault: Fault, effect: Effect) -> web.StreamResponse:
    if fault.params.get("commit"):
        effect()
    await _wait(request, float(fault.params.get("seconds", 3600)))
    return _hang_up(request)


async def _wait(request: web.Request, seconds: float) -> None:
    """Wait in real time, until released at the latest."""
    faults, ends_at = request.app[WORLD].faults, time.monotonic() + seconds
    released = faults.releases
    while faults.releases == released and time.monotonic() < ends_at:
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=NO_ANSWER)


async def _truncated(request: web.Request, whole: web.StreamResponse, keep_bytes: int) -> web.StreamResponse:
    """Announce the whole length, send a part, close."""
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else b""
    cut = web.StreamResponse(status=whole.status, headers={"Content-Length": str(len(body))})
    await cut.prepare(request)
    await cut.write(body[: min(keep_bytes, max(0, len(body) - 1))])
    if request.transport is not None:
        request.transport.close()
    return cut


def _throttled(request: web.Request, fault: Fault) -> web.Response:
    """Retry-After as told: seconds, with `as_date` the virtual date so far ahead, a text as it is, or none."""
    told, headers = fault.params.get("retry_after"), {}
    if fault.params.get("as_date"):
        at = request.app[WORLD].clock.now() + timedelta(seconds=float(told or 0))
        headers["Retry-After"] = format_datetime(at, usegmt=True)
    elif told is not None:
        headers["Retry-After"] = told if isinstance(told, str) else str(int(told))
    return web.json_response({"Message": "Too many requests"}, status=429, headers=headers)


def _status(_: web.Request, fault: Fault) -> web.Response:
    kind = str(fault.params.get("content_type", "application/json"))
    return web.Response(
        status=int(fault.params.get("code", 500)), text=str(fault.params.get("body", "")), content_type=kind
    )


#: The answers that are given in place of the effect.
_SAID_INSTEAD: dict[str, Callable[[web.Request, Fault], web.Response]] = {
    "throttle": _throttled,
    "status": _status,
    "expired_token": lambda *_: denied(401),
    "html": lambda *_: web.Response(text=_SIGN_IN_PAGE, content_type="text/html"),
    "redirect": lambda *_: redirect(),
    "refuse_411": lambda *_: web.Response(status=411),
    "broken_json": lambda *_: web.Response(text='{"DataJobStatus": {"DataJobState": ', content_type="application/json"),
    "empty_200": lambda *_: web.Response(),
    "null_200": lambda *_: web.Response(text="null", content_type="application/json"),
}
