"""One step of the set-up: a line that tells what goes on, a log for the rest, and one clear message on failure."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_LAST_LINES = 12
_GLANCE_SECONDS = 0.1


class SetupFailed(Exception):
    """The set-up cannot go on: what failed, what to do next, and the last lines of whatever said so."""

    def __init__(self, what: str, advice: str, last_lines: Sequence[str] = (), log: Path | None = None) -> None:
        super().__init__(what)
        self.what, self.advice, self.last_lines, self.log = what, advice, list(last_lines), log

    def __str__(self) -> str:
        parts = [f"Set-up stopped: {self.what}."]
        parts += [f"    {line}" for line in self.last_lines]
        parts.append(f"What to do: {self.advice}.")
        if self.log:
            parts.append(f"The whole story: {self.log}")
        return "\n".join(parts)


def run_step(
    title: str, command: Sequence[str], log: Path, advice: str, directory: Path, environ: Mapping[str, str]
) -> None:
    """Run `command` in `directory` with its output in `log`, and show `title` with the seconds that it takes.

    Raises:
        SetupFailed: it did not start or did not end well.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("ab") as output:
        output.write(f"\n--- {title}: {' '.join(command)}\n".encode())
        output.flush()
        begins_at = output.tell()
        try:
            running = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=directory, env=dict(environ)
            )
        except OSError as error:
            raise SetupFailed(f"{title}: {command[0]} did not start ({error})", advice, log=log) from error
        _show(title, running, started)
    if running.returncode != 0:
        raise SetupFailed(f"{title}: ended with code {running.returncode}", advice, _tail(log, begins_at), log)


def _show(title: str, running: subprocess.Popen[bytes], started: float) -> None:
    """Seconds count up in a terminal; elsewhere one line at the end is enough, after one that says what is going on."""
    live = sys.stdout.isatty()
    print(f"  {title} ...", end="", flush=True)
    try:
        while running.poll() is None:
            if live:
                print(f"\r  {title} ... {time.monotonic() - started:.0f} s ", end="", flush=True)
            time.sleep(_GLANCE_SECONDS)
    except BaseException:
        running.kill()
        running.wait()
        print()
        raise
    print(f"\r  {title}: {time.monotonic() - started:.0f} s   " if live else f" {time.monotonic() - started:.0f} s")


def _tail(log: Path, begins_at: int) -> list[str]:
    """The last lines written since the byte `begins_at`."""
    with log.open("rb") as written:
        written.seek(begins_at)
        lines = written.read().decode(errors="replace").splitlines()
    return [line.rstrip() for line in lines if line.strip()][-_LAST_LINES:]
