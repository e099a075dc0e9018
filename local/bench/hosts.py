"""Hosts of the app: each a process with an engine, which takes the events that it is given and may have the timer."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.bench.engines import warm_engine
from local.bench.ground import Ground

#: As host.json bounds the blob trigger.
EVENTS_AT_ONCE = 8
_PAUSE_SECONDS = 0.02


class Host:
    """One host. The platform gives a timer to one host only: the one told `has_timer`."""

    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        self._told = told
        self._engine = warm_engine(ground, told["table"])

    def prepare(self) -> None:
        """Nothing: it is warm."""

    def run(self) -> dict[str, float]:
        """Every event, then ticks until the last file of all hosts was sent."""
        began = time.monotonic()
        with ThreadPoolExecutor(EVENTS_AT_ONCE) as pool:
            list(pool.map(lambda path: self._engine.file_landed("landing", path), self._told["paths"]))
        took = time.monotonic() - began
        ticks = self._tick() if self._told["has_timer"] else 0
        return {"ticks": ticks, "events_seconds": took}

    def _tick(self) -> int:
        from local.bench.bursts import jobs

        ticks = 0
        while True:
            ticks += 1
            self._engine.poll()
            found = jobs(self._engine)
            if len(found) == self._told["files"] and all(job.message_id for job in found):
                return ticks
            time.sleep(_PAUSE_SECONDS)


SIDES = {"host": Host}
