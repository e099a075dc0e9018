"""A side of a bench in a process of its own: started once, warmed, then run whenever its turn comes.

The parent writes a line and reads a line, so that only one side runs at a time and imports are outside the clock.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from types import TracebackType
from typing import IO, Any, Protocol

from local.app_settings import ROOT, without_ours
from local.bench.ground import Ground
from local.bench.meter import Meter, Run


class Side(Protocol):
    """One way to do the work of a case."""

    def prepare(self) -> None:
        """Everything that is not to be measured; called before each run."""

    def run(self) -> dict[str, float]:
        """The work; returns what it counted."""


class SideFailed(RuntimeError):
    """A side ended or said something that is no measurement."""


class SideProcess:
    """The parent's end of a side."""

    def __init__(self, bench: str, side: str, told: dict[str, Any], ground: Ground) -> None:
        self.name = side
        self._title = f"{bench}/{side}"
        start = {"bench": bench, "side": side, "told": told, "storage": ground.storage, "erp_url": ground.erp_url}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local.bench.sides"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=without_ours(os.environ),
            text=True,
        )
        self._say(json.dumps(start))

    def prepare(self) -> None:
        """Let it make ready."""
        self._say("prepare")
        self._hear()

    def run(self) -> Run:
        """Let it run once."""
        self._say("run")
        return Run(**json.loads(self._hear()))

    def __enter__(self) -> SideProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()  # the side leaves at the end of its input
        self._process.wait()
        self._process.stdout.close()

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SideFailed(f"{self._title} ended with code {self._process.wait()}")
        return line


def main() -> None:
    """A side's own end: the first line says what it is."""
    heard, said = sys.stdin, os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no measurement
    start = json.loads(heard.readline())
    module = importlib.import_module(f"local.bench.{start['bench']}")
    side: Side = module.SIDES[start["side"]](Ground(start["storage"], start["erp_url"]), start["told"])
    _serve(side, heard, said)


def _serve(side: Side, heard: IO[str], said: IO[str]) -> None:
    meter = Meter()
    for line in heard:
        if line.strip() == "prepare":
            side.prepare()
            said.write("ready\n")
        else:
            said.write(json.dumps(meter.measure(side.run).as_json()) + "\n")
        said.flush()


if __name__ == "__main__":
    main()
