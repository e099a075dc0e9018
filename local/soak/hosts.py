"""The app's processes in a soak, as the one sees them who starts and kills them."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from local.app_settings import ROOT
from local.children import Child
from local.soak.app import DEFECT

READY_WITHIN = timedelta(seconds=60)


class Hosts:
    """The app's processes. A killed one is started again as another incarnation, with a log of its own."""

    def __init__(self, count: int, environ: dict[str, str], arguments: list[str], logs: Path) -> None:
        self._environ = environ
        self._arguments = arguments
        self._logs = logs
        self._incarnations = 0
        self._running = [self._start(number) for number in range(count)]

    def __len__(self) -> int:
        return len(self._running)

    def wait_until_ready(self) -> None:
        """Raises ChildFailed when one does not come up."""
        for child in self._running:
            child.wait_for(r"^soak host ready", READY_WITHIN)

    def is_up(self, number: int) -> bool:
        """True once it has said that it is ready."""
        return "soak host ready" in self._running[number].output()

    def kill(self, number: int) -> None:
        """SIGKILL, wherever it is."""
        self._running[number].kill()

    def start(self, number: int) -> None:
        """Start the host of this number again."""
        self._running[number] = self._start(number)

    def stop(self) -> None:
        """End all of them."""
        for child in self._running:
            child.kill()

    def defects(self) -> list[str]:
        """Last line of each exception that an engine let through and that is none of its own errors."""
        texts = [log.read_text(encoding="utf-8", errors="replace") for log in sorted(self._logs.glob("host-*.log"))]
        return [_last_line(story) for text in texts for story in text.split(DEFECT)[1:]]

    def _start(self, number: int) -> Child:
        self._incarnations += 1
        seed = ["--seed", str(self._incarnations)]
        command = tethered("local.soak.app", *self._arguments, *seed)
        log = self._logs / f"host-{number}-{self._incarnations:04}.log"
        return Child(f"host {number}", command, log, self._environ, ROOT)


def tethered(*arguments: str) -> list[str]:
    """The command of a module that ends when this process does."""
    return [sys.executable, "-m", "local.tethered", *arguments]


def _last_line(story: str) -> str:
    """The exception's own line: the last of a traceback, before the log goes on."""
    lines = [line for line in story.splitlines() if line[:1].isalpha()]
    return lines[0] if lines else "an exception without a text"
