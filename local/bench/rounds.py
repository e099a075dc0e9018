"""Runs the sides of a case in turn: each round runs every side once, in an order of its own."""

from __future__ import annotations

import random
from contextlib import ExitStack
from importlib import import_module
from typing import Any

from local.bench import curl
from local.bench.cases import Case
from local.bench.figures import Measured, Round
from local.bench.ground import Ground, Servers
from local.bench.meter import Run
from local.bench.sides import SideProcess


def measure(case: Case, servers: Servers, chance: random.Random) -> Measured:
    """All rounds of a case, after one run of each side that warms it and is not counted."""
    names = [name for name in case.sides if name != "limit" or curl.PROGRAM]
    told = case.told | _laid_ground(case, servers.ground)
    with ExitStack() as ends:
        sides = [ends.enter_context(SideProcess(case.module, name, told, servers.ground)) for name in names]
        if case.rounds > 1:
            _round(sides, servers)
        rounds = []
        for _ in range(case.rounds):
            chance.shuffle(sides)
            rounds.append(_round(sides, servers))
    return Measured(case, rounds)


def _laid_ground(case: Case, ground: Ground) -> dict[str, Any]:
    """What the sides of a case find on the servers, where its module has something to lay out."""
    lay_ground = getattr(import_module(f"local.bench.{case.module}"), "lay_ground", None)
    return lay_ground(ground, case.told) if lay_ground else {}


def _round(sides: list[SideProcess], servers: Servers) -> Round:
    runs: dict[str, Run] = {}
    server_cores: dict[str, dict[str, float]] = {}
    for side in sides:
        side.prepare()
        before = servers.cpu_seconds()
        run = runs[side.name] = side.run()
        after = servers.cpu_seconds()
        server_cores[side.name] = {name: (after[name] - before[name]) / run.wall_seconds for name in before}
    return Round(runs, server_cores)
