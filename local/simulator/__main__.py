"""`python -m local.simulator`: the simulator alone, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from .server import close, keep_ticking, serve
from .world import World, default_world

_WORLD_KEYS = frozenset({"clients", "import_jobs", "export_jobs", "settings"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted; 2 when it cannot start."""
    told = _parser().parse_args(arguments)
    try:
        world = world_of(json.loads(told.world.read_text(encoding="utf-8"))) if told.world else default_world()
        if told.auto_tick_seconds:
            world.clock.follows_real_time = True
            world.auto_tick = timedelta(seconds=told.auto_tick_seconds)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(world, told.port, told.ready_file))
    except (OSError, ValueError, TypeError) as error:
        print(f"The simulator cannot start: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--auto-tick-seconds", type=float, help="a recurrence every so many seconds of real time")
    parser.add_argument("--world", type=Path, help="JSON with clients, import_jobs, export_jobs, settings")
    parser.add_argument("--ready-file", type=Path, help="gets the address once it is ready")
    return parser


def world_of(told: dict[str, Any]) -> World:
    """A world as a file describes it: lists of the arguments of `add_client` and so on, and settings.

    Raises:
        ValueError, TypeError: a key that is not known.
    """
    if not set(told) <= _WORLD_KEYS:
        raise ValueError(f"unknown in the world: {sorted(set(told) - _WORLD_KEYS)}; known: {sorted(_WORLD_KEYS)}")
    world = World()
    for client in told.get("clients", []):
        world.add_client(**client)
    for job in told.get("import_jobs", []):
        world.add_import_job(**job)
    for job in told.get("export_jobs", []):
        world.add_export_job(**job)
    for name, value in told.get("settings", {}).items():
        world.change(name, value)
    return world


async def _run(world: World, port: int, ready_file: Path | None) -> None:
    stop = asyncio.Event()
    with contextlib.suppress(
        NotImplementedError
    ):  # Windows has no signal handlers on its loop: KeyboardInterrupt ends it
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner, url = await serve(world, port)
    ticking = asyncio.create_task(keep_ticking(world))
    try:
        if ready_file:
            ready_file.write_text(url, encoding="utf-8")
        print(f"F&O simulator ready: {url}", flush=True)
        await stop.wait()
    finally:
        ticking.cancel()
        await close(runner)


if __name__ == "__main__":
    sys.exit(main())
