"""What happens to the arena while a soak lasts: files, exports, kills, restarts, faults. All drawn from one chance."""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from local.soak.arena import Arena
from local.soak.plan import FAULT_RATE, fault_kinds
from local.soak.traffic import Drop, Export

#: Real seconds between two kills, from a kill to the host's return, and between two restarts of Azurite.
_KILL_PAUSE_SECONDS = (1.0, 4.0)
_DEAD_SECONDS = (0.1, 1.5)
_RESTART_PAUSE_SECONDS = (20.0, 50.0)
_NAP_SECONDS = 0.02

#: Something to do; it is told how many real seconds after the beginning it is done.
Action = Callable[[float], None]


@dataclass(slots=True)
class Schedule:
    """Things to do, each at its time (real seconds after the beginning)."""

    _due: list[tuple[float, int, Action]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def add(self, at_seconds: float, action: Action) -> None:
        """Do this then."""
        heapq.heappush(self._due, (at_seconds, next(self._order), action))

    def run_next(self, now_seconds: float) -> bool:
        """Do what has been due longest; False when nothing is due."""
        if not self._due or self._due[0][0] > now_seconds:
            return False
        heapq.heappop(self._due)[2](now_seconds)
        return True


@dataclass(slots=True, kw_only=True)
class Chaos:
    """Rages until its time is over and every file has landed, and counts what it did."""

    arena: Arena
    chance: random.Random
    ends_seconds: float
    kills: int = 0
    restarts: int = 0
    landed: int = 0
    _dead: set[int] = field(default_factory=set)
    _schedule: Schedule = field(default_factory=Schedule)

    def rage(self, drops: Sequence[Drop], exports: Sequence[Export], tell: Action) -> None:
        """Everything at once; afterwards no call fails and every host is up. `tell` is called again and again."""
        self._plan(drops, exports)
        faults = {"rate": FAULT_RATE, "seed": self.chance.getrandbits(32), "kinds": fault_kinds()}
        self.arena.erp.tell("faults", faults)
        began = time.monotonic()
        while (now := time.monotonic() - began) < self.ends_seconds or self.landed < len(drops):
            tell(now)
            if not self._schedule.run_next(now):
                time.sleep(_NAP_SECONDS)
        self.arena.erp.tell("faults", {"rate": 0})
        for number in sorted(self._dead):
            self.arena.hosts.start(number)

    def _plan(self, drops: Sequence[Drop], exports: Sequence[Export]) -> None:
        for drop in drops:
            self._schedule.add(drop.at_seconds, partial(self._land, drop))
        for export in exports:
            self._schedule.add(export.at_seconds, partial(self._produce, export))
        self._schedule.add(self.chance.uniform(*_KILL_PAUSE_SECONDS), self._kill)
        self._schedule.add(min(self.ends_seconds / 3, _RESTART_PAUSE_SECONDS[0]), self._restart)

    def _land(self, drop: Drop, _now: float) -> None:
        self.arena.land(drop.file.path, drop.content, drop.event_delays_seconds)
        self.landed += 1

    def _produce(self, export: Export, _now: float) -> None:
        self.arena.erp.export(export.activity_id, export.content)

    def _kill(self, now: float) -> None:
        """Kill one of those that are at work, if any; it comes back, and the next kill follows."""
        living = [n for n in range(len(self.arena.hosts)) if n not in self._dead and self.arena.hosts.is_up(n)]
        if living:
            number = self.chance.choice(living)
            self.arena.hosts.kill(number)
            self.kills += 1
            self._dead.add(number)
            self._schedule.add(now + self.chance.uniform(*_DEAD_SECONDS), partial(self._revive, number))
        self._schedule.add(now + self.chance.uniform(*_KILL_PAUSE_SECONDS), self._kill)

    def _revive(self, number: int, _now: float) -> None:
        self.arena.hosts.start(number)
        self._dead.discard(number)

    def _restart(self, now: float) -> None:
        self.arena.azurite.restart()
        self.restarts += 1
        self._schedule.add(now + self.chance.uniform(*_RESTART_PAUSE_SECONDS), self._restart)
