"""`python -m local.simulator`: the simulator alone."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
from datetime import timedelta
from pathlib import Path

from .server import close, keep_ticking, serve
from .world import World, default_world


def main() -> None:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--auto-tick-seconds", type=float, help="a recurrence every so many seconds of real time")
    parser.add_argument("--world", type=Path, help="JSON with import_jobs and export_jobs")
    parser.add_argument("--ready-file", type=Path, help="gets the address once it is ready")
    told = parser.parse_args()
    world = _world(told.world) if told.world else default_world()
    if told.auto_tick_seconds:
        world.clock.follows_real_time = True
        world.auto_tick = timedelta(seconds=told.auto_tick_seconds)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(world, told.port, told.ready_file))


def _world(path: Path) -> World:
    told = json.loads(path.read_text(encoding="utf-8"))
    world = World()
    for job in told.get("import_jobs", []):
        world.add_import_job(**job)
    for job in told.get("export_jobs", []):
        world.add_export_job(**job)
    return world


async def _run(world: World, port: int, ready_file: Path | None) -> None:
    runner, url = await serve(world, port)
    print(f"F&O simulator ready: {url}", flush=True)
    if ready_file:
        ready_file.write_text(url, encoding="utf-8")
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ticking = asyncio.create_task(keep_ticking(world))
    await stop.wait()
    ticking.cancel()
    await close(runner)


if __name__ == "__main__":
    main()
