"""Intake burst: many files land at once, a cap lets few of them be at F&O, and one host or three take the events.

There is no naive side, for the naive script knows no cap. Latency is from the burst to the row that says ENQUEUED.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from local.bench.engines import fresh_table, warm_engine
from local.bench.ground import Ground
from local.bench.imports import landed
from local.bench.meter import Run
from local.bench.sides import SideProcess

if TYPE_CHECKING:
    from shared.domain.job import Job
    from shared.wiring import Engine

_FILE_BYTES = 10_000


class _Burst:
    hosts = 1

    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        self._ground = ground
        self._files: int = told["files"]
        self._ends = ExitStack()
        self._running: list[SideProcess] = []

    def prepare(self) -> None:
        """New files in landing, an empty ledger, and warm hosts that share the events."""
        self._ends.close()
        paths = landed(self._ground, self._files, _FILE_BYTES, "capped")
        table = fresh_table(self._ground)
        self._onlooker = warm_engine(self._ground, table)
        told = {"table": table, "files": self._files}
        self._running = [
            self._ends.enter_context(
                SideProcess(
                    "hosts",
                    "host",
                    told | {"paths": paths[number :: self.hosts], "has_timer": number == 0},
                    self._ground,
                )
            )
            for number in range(self.hosts)
        ]
        for host in self._running:
            host.prepare()

    def run(self) -> dict[str, float]:
        """All events at once."""
        began_at = datetime.now(UTC)
        with ThreadPoolExecutor(self.hosts) as pool:
            runs = list(pool.map(SideProcess.run, self._running))
        return _latencies(jobs(self._onlooker), began_at) | _told_by(runs)


def _told_by(runs: list[Run]) -> dict[str, float]:
    return {"host_cpu_seconds": sum(run.cpu_seconds for run in runs), "ticks": runs[0].counts["ticks"]}


def _latencies(found: list[Job], began_at: datetime) -> dict[str, float]:
    """Seconds from the burst to ENQUEUED at the 50th, 95th and 99th hundredth of the files."""
    sent = [next(entry.at for entry in job.timeline if entry.to_state == "ENQUEUED") for job in found]
    cuts = quantiles([(at - began_at).total_seconds() for at in sent], n=100, method="inclusive")
    return {"p50_seconds": cuts[49], "p95_seconds": cuts[94], "p99_seconds": cuts[98]}


def jobs(engine: Engine) -> list[Job]:
    """All jobs of today's burst."""
    return list(engine.ledger.on_date("capped", datetime.now(UTC).date()))


class Ours(_Burst):
    """Three hosts."""

    hosts = 3


class OneHost(_Burst):
    """One host."""


SIDES = {"ours": Ours, "one host": OneHost}
