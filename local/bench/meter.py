"""What one run took, measured from inside the process that did it."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one side.

    `cpu_seconds` is user and system time of the process and of the children that it waited for. `grown_bytes` is the
    peak of resident memory during the run over what was resident before the first run; None where nobody tells.
    `counts` is what the side counted by itself.
    """

    wall_seconds: float
    cpu_seconds: float
    grown_bytes: int | None
    counts: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For a pipe or a file."""
        return asdict(self)


class Meter:
    """Measures runs of one process, all against its memory at the beginning."""

    def __init__(self) -> None:
        self._resident_at_first: int | None = None

    def measure(self, work: Callable[[], dict[str, float]]) -> Run:
        """Run `work` once."""
        if self._resident_at_first is None:
            self._resident_at_first = _resident("VmRSS")
        _forget_peak()
        cpu, began = _cpu_seconds(), time.perf_counter()
        counts = work()
        wall, cpu = time.perf_counter() - began, _cpu_seconds() - cpu
        peak = _resident("VmHWM")
        grown = None if peak is None or self._resident_at_first is None else peak - self._resident_at_first
        return Run(wall, cpu, grown, counts)


def _cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _resident(line: str) -> int | None:
    """Resident memory now (VmRSS) or at its peak (VmHWM), in bytes; Linux only."""
    if sys.platform != "linux":
        return None
    found = re.search(rf"^{line}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _forget_peak() -> None:
    """Let VmHWM start afresh: proc(5), clear_refs, value 5."""
    if sys.platform == "linux":
        _CLEAR.write_text("5", encoding="ascii")
