"""Child processes that write to a log, tell when they are ready, and end when this process does.

Each child holds the reading end of a pipe as its stdin. Closing the other end asks it to leave; if this process dies,
the system closes that end. So nothing is left behind on any system, and no signal is needed. The children listen to it
by `local/azurite/leave_with_parent.js` (node) and `local/tethered.py` (Python).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

_GLANCE_SECONDS = 0.02  # between two looks at a log


class ChildFailed(RuntimeError):
    """A child ended or stayed silent before it was ready; the text holds its last output."""


class Child:
    """One running child process."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        environ: Mapping[str, str] | None = None,
        directory: Path | None = None,
        tethered: bool = True,
    ) -> None:
        """Start `command` in `directory`; its output replaces the content of `log`.

        `tethered` says that it listens to the end of its stdin; a program of others gets a signal instead.
        """
        self.name = name
        self._tethered = tethered
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env=None if environ is None else dict(environ),
                # A Ctrl-C at the terminal reaches this process alone, which then ends its children in order.
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    @property
    def pid(self) -> int:
        """The process ID, also after the end."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """False once it ended."""
        return self._process.poll() is None

    def output(self) -> str:
        """All that it has written."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, within: timedelta) -> re.Match[str]:
        """The first match of `pattern` (multi-line) in its output.

        Raises:
            ChildFailed: it ended, or did not write this in time.
        """
        deadline = time.monotonic() + within.total_seconds()
        while True:
            ended = not self.is_running  # asked before reading, so that last words count
            if found := re.search(pattern, self.output(), re.MULTILINE):
                return found
            if ended:
                raise ChildFailed(self.story(f"ended with code {self._process.returncode} before it was ready"))
            if time.monotonic() > deadline:
                raise ChildFailed(self.story(f"was not ready after {within.total_seconds():.0f} seconds"))
            time.sleep(_GLANCE_SECONDS)

    def story(self, what: str) -> str:
        """One sentence about it with `what` as its verb, and its last output."""
        last = "\n".join(f"    {line}" for line in self.output().splitlines()[-15:]) or "    (no output)"
        return f"{self.name} {what}. Its last output ({self.log}):\n{last}"

    def stop(self, grace: timedelta = timedelta(seconds=10)) -> None:
        """Ask it to leave and wait; kill it with all it started when `grace` is over. May be called again."""
        self._let_go()
        if not self._tethered and self.is_running:
            self._signal()
        try:
            self._process.wait(grace.total_seconds())
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, together with its own children; nothing is written any more."""
        if sys.platform == "win32":
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(self.pid)], capture_output=True, check=False)  # noqa: S607 - a part of Windows
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._let_go()

    def _let_go(self) -> None:
        """Close our end of its stdin."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _signal(self) -> None:
        """What a Ctrl-C or its like would have sent to it and all that it started."""
        if sys.platform == "win32":
            self._process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGTERM)
