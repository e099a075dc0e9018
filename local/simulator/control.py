"""The control surface under /_sim/: every knob that a test in another process needs, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from aiohttp import web

from .calls import WORLD
from .faults import FAULTS, UnknownFault
from .world import Message

#: Plain settings of the world that POST /_sim/settings may change.
SETTINGS = frozenset(
    {
        "state_form",
        "message_id_form",
        "post_process_word",
        "with_total_records",
        "with_log",
        "refuse_chunked",
        "keep_bodies",
        "batch_capacity",
        "error_file_polls",
        "on_premises",
    }
)


def routes() -> list[web.RouteDef]:
    """All of /_sim/."""
    return [
        web.get("/_sim/state", state),
        web.get("/_sim/messages", messages),
        web.get("/_sim/imports", imports),
        web.get("/_sim/exports", exports),
        web.post("/_sim/clock/advance", advance),
        web.post("/_sim/tick", tick),
        web.post("/_sim/faults", faults),
        web.post("/_sim/settings", settings),
        web.post("/_sim/jobs/import", add_import),
        web.post("/_sim/jobs/export", add_export),
        web.post("/_sim/exports/{activity}", produce),
        web.post("/_sim/reset", reset),
    ]


async def state(request: web.Request) -> web.Response:
    """Clients, jobs, clock, counts."""
    world = request.app[WORLD]
    return web.json_response(
        {
            "now": world.clock.now().isoformat(),
            "tenant_id": world.tenant_id,
            "client_id": world.client_id,
            "client_secret": world.client_secret,
            "import_jobs": sorted(world.jobs),
            "export_jobs": sorted(world.queue.jobs),
            "messages": len(world.messages),
            "most_in_flight": {key or "all": world.most_in_flight(key) for key in ["", *world.jobs]},
            "faults": FAULTS,
        }
    )


def _message(message: Message) -> dict[str, Any]:
    told = asdict(message)
    del told["body"]
    return told | {"rows_written": message.rows_written, "ended": message.ended}


def _json(told: Any, status: int = 200) -> web.Response:
    import json

    return web.json_response(told, status=status, dumps=lambda value: json.dumps(value, default=str))


async def messages(request: web.Request) -> web.Response:
    """Every message, without its content."""
    return _json([_message(message) for message in list(request.app[WORLD].messages.values())])


async def imports(request: web.Request) -> web.Response:
    """Messages of one content that wrote rows: `?sha256=`."""
    return _json([_message(message) for message in request.app[WORLD].imports_of(request.query["sha256"])])


async def exports(request: web.Request) -> web.Response:
    """Every export message, without its content."""
    listed = [asdict(message) for message in request.app[WORLD].exports]
    for told in listed:
        told["size_bytes"] = len(told.pop("content") or b"")
    return _json(listed)


async def advance(request: web.Request) -> web.Response:
    """Let time pass: {"seconds": n}."""
    told = await request.json()
    request.app[WORLD].clock.advance(timedelta(seconds=float(told["seconds"])))
    return _json({"now": request.app[WORLD].clock.now()})


async def tick(request: web.Request) -> web.Response:
    """One recurrence."""
    request.app[WORLD].recurrence_tick()
    return _json({})


async def faults(request: web.Request) -> web.Response:
    """Queue a fault {"call", "name", "times", "match", ...}, or a rate {"rate", "seed", "choices": [[call, fault]]}."""
    told = await request.json()
    world = request.app[WORLD]
    try:
        if "rate" in told:
            choices = [(call, name) for call, name in told.get("choices", [])]
            world.faults.at_random(int(told.get("seed", 0)), float(told["rate"]), choices)
        else:
            world.faults.add(told.pop("call"), told.pop("name"), **told)
    except (UnknownFault, KeyError, TypeError) as error:
        return _json({"error": str(error)}, status=400)
    return _json({})


async def settings(request: web.Request) -> web.Response:
    """Change plain settings of the world."""
    told = await request.json()
    unknown = set(told) - SETTINGS
    if unknown:
        return _json({"error": f"unknown: {sorted(unknown)}; known: {sorted(SETTINGS)}"}, status=400)
    for name, value in told.items():
        setattr(request.app[WORLD], name, value)
    return _json({})


async def add_import(request: web.Request) -> web.Response:
    """Add a recurring import; the keys are those of World.add_import_job."""
    request.app[WORLD].add_import_job(**await request.json())
    return _json({})


async def add_export(request: web.Request) -> web.Response:
    """Add a recurring export; the keys are those of World.add_export_job."""
    request.app[WORLD].add_export_job(**await request.json())
    return _json({})


async def produce(request: web.Request) -> web.Response:
    """An export was made: the body is its package, `?no_file=1` makes a message without one."""
    content = None if request.query.get("no_file") else await request.read()
    correlation = request.app[WORLD].export(request.match_info["activity"], content, request.query.get("correlation"))
    return _json({"correlation_id": correlation})


async def reset(request: web.Request) -> web.Response:
    """Forget messages, exports, faults and calls."""
    request.app[WORLD].reset()
    return _json({})
