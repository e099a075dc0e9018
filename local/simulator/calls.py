"""One call: its fault if one is queued, its effect, its answer, and the note of it in the world's list of calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

from aiohttp import web

from .faults import Fault
from .world import World

WORLD = web.AppKey("world", World)
#: The fault that a call met, for those that change the effect itself.
FAULT = web.RequestKey("fault", Fault)
_SIGN_IN_PAGE = "<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body></body></html>"
_LOGIN = "https://login.microsoftonline.com/common/oauth2/authorize"


async def answered(
    request: web.Request, call: str, effect: Callable[[], web.StreamResponse], **about: str
) -> web.StreamResponse:
    """Answer a call. `effect` does what the call is for; faults decide whether it happens and what is said of it."""
    world = request.app[WORLD]
    fault = world.faults.take(call, about)
    if fault:
        request[FAULT] = fault
    response = await _with_fault(request, fault, effect) if fault else effect()
    world.calls.append((request.method, request.path, response.status))
    return response


async def _with_fault(  # noqa: PLR0911 - a table of faults, a line each
    request: web.Request, fault: Fault, effect: Callable[[], web.StreamResponse]
) -> web.StreamResponse:
    match fault.name:
        case "answer_lost_before_commit":
            return _hang_up(request)
        case "answer_lost_after_commit":
            effect()
            return _hang_up(request)
        case "hang":
            await asyncio.sleep(float(fault.params.get("seconds", 3600)))
            return _hang_up(request)
        case "slow":
            await asyncio.sleep(float(fault.params.get("seconds", 1)))
            return effect()
        case "truncated_body":
            return await _truncated(request, effect(), int(fault.params.get("keep_bytes", 10)))
        case "expired_token":
            return web.json_response({"Message": "Authorization has been denied for this request."}, status=401)
        case _:
            return _said_instead(request, fault) or effect()


def _said_instead(  # noqa: PLR0911 - a table of faults, a line each
    request: web.Request, fault: Fault
) -> web.Response | None:
    """The answer that a fault gives in place of the effect; None for faults that change the effect itself."""
    match fault.name:
        case "throttle":
            return web.json_response({"Message": "Too many requests"}, status=429, headers=_retry(request, fault))
        case "status":
            code = int(fault.params.get("code", 500))
            kind = str(fault.params.get("content_type", "application/json"))
            return web.Response(status=code, text=str(fault.params.get("body", "")), content_type=kind)
        case "html":
            return web.Response(text=_SIGN_IN_PAGE, content_type="text/html")
        case "redirect":
            return redirect()
        case "broken_json":
            return web.Response(text='{"DataJobStatus": {"DataJobState": ', content_type="application/json")
        case "empty_200":
            return web.Response()
        case "null_200":
            return web.Response(text="null", content_type="application/json")
        case _:
            return None


def redirect() -> web.Response:
    """To the sign-in page, as a wrong host or an on-premises environment answers."""
    return web.Response(status=302, headers={"Location": _LOGIN})


def _retry(request: web.Request, fault: Fault) -> dict[str, str]:
    """Retry-After as seconds (a number), as an HTTP date (`as_date`), or absent."""
    seconds = fault.params.get("retry_after")
    if seconds is None:
        return {}
    if fault.params.get("as_date"):
        at = request.app[WORLD].clock.now() + timedelta(seconds=float(seconds))
        return {"Retry-After": format_datetime(at, usegmt=True)}
    return {"Retry-After": str(int(seconds))}


def _hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=599)


async def _truncated(request: web.Request, whole: web.StreamResponse, keep_bytes: int) -> web.StreamResponse:
    """Announce the whole length, send a part, close."""
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else b""
    cut = web.StreamResponse(status=whole.status, headers={"Content-Length": str(len(body))})
    await cut.prepare(request)
    await cut.write(body[: min(keep_bytes, max(0, len(body) - 1))])
    if request.transport is not None:
        request.transport.close()
    return cut
