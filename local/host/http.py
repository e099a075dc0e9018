"""The port of the host: HTTP functions, Event Grid's webhook, and the part of the admin API that a laptop needs."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from email.utils import formatdate

from aiohttp import web
from azure.core.exceptions import AzureError

from local.host.blob_trigger import BlobEvents
from local.host.event_grid import delivered_events, validation_answer
from local.host.invoker import Invoker
from local.host.messages import RpcHttp, RpcHttpCookie, TypedData
from local.host.routes import Route, in_order
from local.host.runtime import Call, Function
from local.host.storage import brief
from local.host.timer import Timer
from local.host.work import Work

_log = logging.getLogger("local.host")

_MOST_BYTES = 104_857_600  # host.json, extensions.http.maxRequestBodySize
_LAST_ANSWERS_SECONDS = 2.0


class Http:
    """What answers on the port."""

    def __init__(
        self,
        host_id: str,
        functions: Sequence[Function],
        routes: Sequence[Route],
        timers: Sequence[Timer],
        events: BlobEvents,
        invoker: Invoker,
        work: Work,
    ) -> None:
        """Opens nothing."""
        self._host_id = host_id
        self._functions = {function.name: function for function in functions}
        self._routes = in_order(routes)
        self._timers = {timer.function.name: timer for timer in timers}
        self._events = events
        self._invoker = invoker
        self._work = work
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=_LAST_ANSWERS_SECONDS)

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=_MOST_BYTES)
        app.router.add_get("/admin/host/status", self._status)
        app.router.add_post("/admin/functions/{name}", self._run_now)
        app.router.add_post("/runtime/webhooks/blobs", self._webhook)
        app.router.add_route("*", "/{path:.*}", self._function)
        return app

    async def open(self, port: int) -> str:
        """Listen on loopback; 0 takes a free port. Returns the URL. OSError when the port is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Take no more requests, give out the last answers."""
        await self._runner.cleanup()

    async def _status(self, _: web.Request) -> web.Response:
        state = "Stopping" if self._work.is_stopping else "Running"
        return web.json_response({"id": self._host_id, "state": state, "functions": list(self._functions)})

    async def _run_now(self, request: web.Request) -> web.Response:
        """Run a timer: 202 at once, or with `?wait=true` 200 or 500 when it has ended."""
        name = request.match_info["name"]
        if name not in self._functions:
            return web.json_response({"error": f"there is no function {name}"}, status=404)
        if name not in self._timers:
            return web.json_response({"error": f"{name} is no timer; only timers can be run now"}, status=400)
        if self._work.is_stopping:
            return web.json_response({"error": "the host is stopping"}, status=503)
        run = self._work.start(self._timers[name].run_now(), f"run of {name}")
        if request.query.get("wait", "").lower() != "true":
            return web.json_response({}, status=202)
        outcome = await asyncio.shield(run)
        if outcome.error is None:
            return web.json_response({"invocation_id": outcome.invocation_id})
        failed = {"invocation_id": outcome.invocation_id, "error": outcome.error.message}
        return web.json_response(failed, status=500)

    async def _webhook(self, request: web.Request) -> web.Response:
        """A delivery of Event Grid: 202 when it is in the queue. The keys of the real endpoint are not asked for."""
        full_name = request.query.get("functionName", "")
        if full_name.removeprefix("Host.Functions.") not in self._functions:
            return web.json_response({"error": f"there is no function {full_name!r}"}, status=404)
        try:
            told = await request.json()
            if request.headers.get("aeg-event-type") == "SubscriptionValidation":
                return web.json_response(validation_answer(told))
            events = delivered_events(full_name, told)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            return web.json_response({"error": f"not an Event Grid delivery: {error!r}"}, status=400)
        try:
            for event in events:
                await self._events.tell(event)
        except AzureError as error:
            return web.json_response({"error": brief(error)}, status=503)
        return web.Response(status=202)

    async def _function(self, request: web.Request) -> web.Response:
        if self._work.is_stopping:
            return web.Response(status=503)
        for route in self._routes:
            parameters = route.parameters(request.method, request.rel_url.raw_path)
            if parameters is not None:
                call = Call(await _asked(request, parameters), {}, f"{request.method} {request.path}")
                run = self._work.start(self._invoker.once(route.function, call), f"request to {route.function.name}")
                outcome = await asyncio.shield(run)  # a client that hangs up does not end the function
                return _answer(outcome.returned) if outcome.succeeded else web.Response(status=500)
        return web.Response(status=404)


async def _asked(request: web.Request, parameters: Mapping[str, str]) -> TypedData:
    query = {name: ",".join(request.query.getall(name)) for name in request.query}
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = TypedData(bytes=await request.read())
    return TypedData(http=RpcHttp(request.method, str(request.url), headers, parameters, query, body))


def _answer(returned: TypedData | None) -> web.Response:
    if returned is None or returned.http is None:
        return web.Response(status=204)
    answer = returned.http
    response = web.Response(status=int(answer.status_code), headers=answer.headers, body=_content(answer.body))
    for cookie in answer.cookies or ():
        _set_cookie(response, cookie)
    return response


def _content(body: TypedData | None) -> bytes:
    if body is None:
        return b""
    if body.bytes is not None:
        return body.bytes
    return (body.string if body.string is not None else body.json or json.dumps(body.int)).encode()


def _set_cookie(response: web.Response, cookie: RpcHttpCookie) -> None:
    expires = cookie.expires.value if cookie.expires else None
    response.set_cookie(
        cookie.name,
        cookie.value,
        domain=(cookie.domain.value if cookie.domain else None) or None,
        path=(cookie.path.value if cookie.path else None) or "/",
        expires=formatdate(expires.seconds, usegmt=True) if expires else None,
        max_age=int(cookie.max_age.value) if cookie.max_age and cookie.max_age.value is not None else None,
        secure=bool(cookie.secure and cookie.secure.value),
        httponly=bool(cookie.http_only and cookie.http_only.value),
        samesite=cookie.same_site or None,
    )
