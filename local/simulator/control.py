"""The control surface under /_sim/: every knob that a test in another process needs, as JSON.

A body that does not fit is answered with 400 and {"error": a sentence}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from aiohttp import web

from .calls import WORLD
from .entities import CATALOGUE
from .faults import FAULTS, UnknownFault
from .knobs import UnknownSetting
from .messages import Message

_Answer = Callable[[web.Request], Awaitable[Any]]


def routes() -> list[web.RouteDef]:
    """All of /_sim/."""
    asked: dict[str, _Answer] = {
        "state": state,
        "messages": messages,
        "imports": imports,
        "exports": exports,
        "calls": calls,
        "rows": rows,
    }
    told: dict[str, _Answer] = {
        "clock/advance": advance,
        "tick": tick,
        "faults": faults,
        "faults/clear": clear_faults,
        "faults/release": release_faults,
        "settings": settings,
        "clients": add_client,
        "jobs/import": add_import,
        "jobs/export": add_export,
        "exports/{activity}": produce,
        "reset": reset,
    }
    return [
        *(web.get(f"/_sim/{path}", _as_json(answer)) for path, answer in asked.items()),
        *(web.post(f"/_sim/{path}", _as_json(answer)) for path, answer in told.items()),
    ]


def _as_json(answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def respond(request: web.Request) -> web.Response:
        try:
            told, status = await answer(request), 200
        except (UnknownFault, UnknownSetting, ValueError, KeyError, TypeError) as error:
            told, status = {"error": f"{type(error).__name__}: {error}"}, 400
        return web.json_response(told, status=status, dumps=lambda value: json.dumps(value, default=_plain))

    return respond


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


# --- asked -----------------------------------------------------------------------------------------------------------


async def state(request: web.Request) -> Any:
    """Clients, jobs, settings, clock, counts, faults to come, and the faults that there are."""
    world = request.app[WORLD]
    return {
        "now": world.clock.now().isoformat(),
        "tenant_id": world.tenant_id,
        "client_id": world.client_id,
        "client_secret": world.client_secret,
        "managed_identity_client_id": world.managed_identity_client_id,
        "import_jobs": sorted(world.jobs),
        "export_jobs": sorted(world.queue.jobs),
        "messages": len(world.messages),
        "unfinished": len(world.unfinished()),
        "most_in_flight": {key or "all": world.most_in_flight(key) for key in ["", *world.jobs]},
        "settings": world.settings(),
        "faults_to_come": [asdict(fault) for fault in world.faults.to_come],
        "faults_met": list(world.faults.met),
        "faults": {name: kind.says for name, kind in FAULTS.items()},
    }


async def messages(request: web.Request) -> Any:
    """Every message, oldest first, without its content."""
    return [_message(message) for message in list(request.app[WORLD].messages.values())]


async def imports(request: web.Request) -> Any:
    """Messages of one content that wrote rows: `?sha256=`."""
    return [_message(message) for message in request.app[WORLD].imports_of(request.query["sha256"])]


async def exports(request: web.Request) -> Any:
    """Every export message, oldest first, with its content's length and hash in its place."""
    listed = [asdict(message) for message in request.app[WORLD].exports]
    return [
        {key: value for key, value in told.items() if key != "content"} | _content(told["content"]) for told in listed
    ]


async def calls(request: web.Request) -> Any:
    """Every call so far: [method, path without its query, status], in order; 599 where no answer was given."""
    return list(request.app[WORLD].calls)


async def rows(request: web.Request) -> Any:
    """What the environment holds: `?legal_entity=&entity=`."""
    label = request.query["entity"]
    if label not in CATALOGUE:
        raise ValueError(f"unknown entity {label!r}; known: {', '.join(CATALOGUE)}")
    return request.app[WORLD].rows(request.query["legal_entity"], label)


def _message(message: Message) -> dict[str, Any]:
    told = asdict(message)
    del told["body"]
    return told | {"rows_written": message.rows_written, "ended": message.ended}


def _content(content: bytes | None) -> dict[str, Any]:
    digest = None if content is None else hashlib.sha256(content).hexdigest()
    return {"size_bytes": len(content or b""), "content_sha256": digest}


# --- told ------------------------------------------------------------------------------------------------------------


async def advance(request: web.Request) -> Any:
    """Let time pass: {"seconds": n}."""
    clock = request.app[WORLD].clock
    clock.advance(timedelta(seconds=float((await request.json())["seconds"])))
    return {"now": clock.now()}


async def tick(request: web.Request) -> Any:
    """One recurrence."""
    request.app[WORLD].recurrence_tick()
    return {}


async def faults(request: web.Request) -> Any:
    """Queue a fault {"call", "name", "times", "match", ...its parameters}, or a rate {"rate", "seed", "kinds"}."""
    told, world = await request.json(), request.app[WORLD]
    if "rate" in told:
        kinds = [
            kind if isinstance(kind, str) else (*kind[:2], kind[2] if kind[2:] else {})
            for kind in told.get("kinds", [])
        ]
        world.fault_rate(int(told.get("seed", 0)), float(told["rate"]), kinds)
    else:
        world.faults.add(told.pop("call"), told.pop("name"), **told)
    return {}


async def clear_faults(request: web.Request) -> Any:
    """Forget all faults to come, and let go what hangs."""
    request.app[WORLD].faults.clear()
    return {}


async def release_faults(request: web.Request) -> Any:
    """Let go every call that hangs or is slow now."""
    request.app[WORLD].faults.release()
    return {}


async def settings(request: web.Request) -> Any:
    """Change settings, named as in `state`; `follows_real_time` is the clock's."""
    world, told = request.app[WORLD], await request.json()
    if "follows_real_time" in told:
        world.clock.follows_real_time = bool(told.pop("follows_real_time"))
    for name, value in told.items():
        world.change(name, value)
    return world.settings()


async def add_client(request: web.Request) -> Any:
    """Add a client; the keys are those of World.add_client."""
    request.app[WORLD].add_client(**await request.json())
    return {}


async def add_import(request: web.Request) -> Any:
    """Add a recurring import; the keys are those of World.add_import_job."""
    request.app[WORLD].add_import_job(**await request.json())
    return {}


async def add_export(request: web.Request) -> Any:
    """Add a recurring export; the keys are those of World.add_export_job."""
    request.app[WORLD].add_export_job(**await request.json())
    return {}


async def produce(request: web.Request) -> Any:
    """An export was made: the body is its package. `?no_file=1`: a message without one; `?correlation=`: its ID."""
    content = None if request.query.get("no_file") else await request.read()
    activity, correlation = request.match_info["activity"], request.query.get("correlation")
    return {"correlation_id": request.app[WORLD].export(activity, content, correlation)}


async def reset(request: web.Request) -> Any:
    """Forget messages, rows, exports, blobs, faults and calls; jobs, clients and settings stay."""
    request.app[WORLD].reset()
    return {}
