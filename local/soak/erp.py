"""`python -m local.soak.erp`: the simulator on the soak's clock, with a witness at the door of acknowledgements."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError
from azure.storage.blob import ContainerClient

from local.app_settings import LAKE
from local.simulator import World
from local.simulator.exports import ExportMessage, ExportQueue
from local.simulator.server import close, keep_ticking, serve
from local.soak.fast_clock import FastClock, FollowingClock
from local.soak.lake import LakeReader
from local.soak.plan import EXPORTS, FEEDS

#: Real time between two recurrences: a minute of the soak's. A message needs four of them and more when many wait, so a
#: file whose answer was lost may be at work in F&O for as long as its sender doubts.
_RECURRENCE = timedelta(seconds=0.5)
_AT_ONCE = 12


class Witness:
    """Looks into the lake when an acknowledgement comes in, before F&O takes it, and writes down what it saw."""

    def __init__(self, lake: LakeReader, notes: Path) -> None:
        self._lake = lake
        self._notes = notes

    def saw(self, message: ExportMessage, sha256: str) -> None:
        """One line: the message, and whether its content was complete in the lake (null: the lake was down)."""
        try:
            stored = sha256 in self._lake.complete()
        except AzureError:
            stored = None
        with self._notes.open("a", encoding="utf-8") as notes:
            notes.write(json.dumps({"blob_id": message.blob_id, "stored": stored}) + "\n")


class WitnessedQueue(ExportQueue):
    """Export queues of which every acknowledgement with content is witnessed."""

    witness: Witness

    def acknowledge(self, activity_id: str, correlation_id: str, pop_receipt: str) -> None:
        """See ExportQueue. What it refuses is no acknowledgement, and still must not have come early."""
        for message in self.messages:
            if message.pop_receipt == pop_receipt and message.content is not None:
                self.witness.saw(message, hashlib.sha256(message.content).hexdigest())
        super().acknowledge(activity_id, correlation_id, pop_receipt)


def soak_world(clock: FastClock, witness: Witness, correlation_survives: bool) -> World:
    """F&O with the plan's recurring data jobs."""
    world = World(FollowingClock(clock))
    queue = WitnessedQueue(world.clock, world)
    queue.witness = witness
    world.queue = queue
    world.correlation_survives = correlation_survives
    world.auto_tick, world.batch_capacity, world.long_walk = _RECURRENCE, _AT_ONCE, True
    for feed in FEEDS:
        world.add_import_job(
            feed.activity_id, feed.data_project, "file" if feed.entity else "package", feed.entity or None
        )
    for name, activity_id in EXPORTS.items():
        world.add_export_job(activity_id, name)
    return world


def main(arguments: Sequence[str]) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--began-at", type=datetime.fromisoformat, required=True)
    parser.add_argument("--notes", type=Path, required=True, help="where the witness writes")
    parser.add_argument("--new-correlation", action="store_true", help="a redelivery has a new correlation ID")
    told = parser.parse_args(arguments)
    # The simulator waits while the witness looks, so a lake that is down must answer so at once.
    patience: Any = {"retry_total": 0, "connection_timeout": 2, "read_timeout": 5}
    container = ContainerClient.from_connection_string(os.environ["LAKE"], LAKE, **patience)
    witness = Witness(LakeReader(container, EXPORTS), told.notes)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(soak_world(FastClock(told.began_at), witness, not told.new_correlation)))
    return 0


async def _serve(world: World) -> None:
    runner, url = await serve(world, 0)
    ticking = asyncio.create_task(keep_ticking(world))
    try:
        print(f"F&O simulator ready: {url}", flush=True)
        await asyncio.Event().wait()
    finally:
        ticking.cancel()
        await close(runner)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
