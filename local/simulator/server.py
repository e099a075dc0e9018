"""The simulator as a server on loopback: in a thread of its own, or in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType

from aiohttp import web

from . import blobs, connector, control, dmf, tokens
from .calls import WORLD
from .world import World, default_world

CONNECTIONS: web.AppKey[weakref.WeakSet[asyncio.Transport]] = web.AppKey("connections", weakref.WeakSet)
#: Of what is read whole; uploads to the connector are not, and have no limit.
_LARGEST_BODY_BYTES = 1024**3
_WAIT_FOR_CALLS_SECONDS = 1.0


def application(world: World) -> web.Application:
    """All routes over one world."""
    app = web.Application(client_max_size=_LARGEST_BODY_BYTES, middlewares=[_note_connection])
    app[WORLD] = world
    app[CONNECTIONS] = weakref.WeakSet()
    for part in (control, dmf, blobs, tokens, connector):
        app.add_routes(part.routes())
    return app


async def serve(world: World, port: int, tls: tuple[str, str] | None = None) -> tuple[web.AppRunner, str]:
    """Start listening; (runner to clean up, address)."""
    runner = web.AppRunner(application(world), access_log=None, shutdown_timeout=_WAIT_FOR_CALLS_SECONDS)
    await runner.setup()
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context)
    await site.start()
    bound = runner.addresses[0][1]
    return runner, f"{'https' if tls else 'http'}://127.0.0.1:{bound}"


async def close(runner: web.AppRunner) -> None:
    """Let go what hangs, stop listening and drop every connection: a TLS one would else wait for its peer's goodbye."""
    runner.app[WORLD].faults.release()
    connections = runner.app[CONNECTIONS]
    held = list(connections)
    await runner.cleanup()
    for transport in held:
        with suppress(AttributeError):  # Python 3.11 forgets the protocol of a TLS connection that has closed
            transport.abort()
    await asyncio.sleep(0)


@web.middleware
async def _note_connection(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if isinstance(request.transport, asyncio.Transport):
        request.app[CONNECTIONS].add(request.transport)
    return await handler(request)


async def keep_ticking(world: World) -> None:
    """Recurrences by real time, for as long as the world wants them."""
    while True:
        pause = world.auto_tick
        await asyncio.sleep(pause.total_seconds() if pause else 0.2)
        if pause:
            await asyncio.to_thread(world.recurrence_tick)


class Simulator:
    """A simulated F&O environment: `with Simulator() as sim: sim.url, sim.world`."""

    def __init__(self, world: World | None = None, port: int = 0, tls: tuple[str, str] | None = None) -> None:
        self.world = world or default_world()
        self.url = ""
        self._port = port
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="fo-simulator", daemon=True)

    def __enter__(self) -> Simulator:
        self._thread.start()
        self._started.wait(30)
        if self._failure is not None:
            raise RuntimeError("the simulator did not start") from self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop = self._stop
        if stop is not None:
            self._loop.call_soon_threadsafe(stop.set)
        self._thread.join(30)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
        except OSError as failure:
            self._failure = failure
        finally:
            self._started.set()
            self._loop.close()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        runner, self.url = await serve(self.world, self._port, self._tls)
        ticking = asyncio.create_task(keep_ticking(self.world))
        self._started.set()
        await self._stop.wait()
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        await close(runner)
