"""Azurite, Microsoft's storage emulator, on free ports of the loopback address.

With a directory its state survives a restart, without one it lives in memory. Azurite is asked for port 0 and tells
which ports the system gave it, so no other process can take a port in between.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from local.children import Child, ChildFailed
from local.node import node

#: The account and the key that every Azurite knows (Microsoft Learn, "Connect to Azurite"). They open nothing else.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # gitleaks:allow

HOME = Path(__file__).parent / "azurite"
PROGRAM = HOME / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"

_SERVICES = ("Blob", "Queue", "Table")
_READY_WITHIN = timedelta(seconds=60)
_RESTART_TRIES = 3


class Azurite:
    """A running Azurite. Leave it by `with`, or by `stop()`."""

    def __init__(self, directory: Path | None, log: Path | None) -> None:
        """Start one; `Azurite.start` reads better."""
        self.directory = directory
        self._temporary = tempfile.TemporaryDirectory(prefix="azurite-", ignore_cleanup_errors=True)
        self._log = log or Path(self._temporary.name) / "azurite.log"
        self.ports = dict.fromkeys(_SERVICES, 0)
        try:
            self._child = self._start()
        except BaseException:
            self._temporary.cleanup()
            raise

    @classmethod
    def start(cls, directory: Path | None = None, log: Path | None = None) -> Self:
        """Start Azurite and wait until blob, queue and table answer.

        Args:
            directory: where the state is kept; None keeps it in memory.
            log: where its output goes; None is a temporary file.

        Raises:
            ChildFailed: it ended or stayed silent for 60 seconds; the text has its last output.
            NodeMissing: no node on this machine.
            FileNotFoundError: Azurite is not installed.
        """
        return cls(directory, log)

    @property
    def connection_string(self) -> str:
        """For every client and setting; names the three endpoints."""
        endpoints = "".join(f"{name}Endpoint={self.endpoint(name)};" for name in _SERVICES)
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"

    def endpoint(self, service: str) -> str:
        """URL of `Blob`, `Queue` or `Table`, with the account in its path."""
        return f"http://127.0.0.1:{self.ports[service]}/{ACCOUNT}"

    @property
    def pid(self) -> int:
        """The process ID of node."""
        return self._child.pid

    def restart(self) -> None:
        """End it in good order and start it on the same ports. What was in memory is gone."""
        self._child.stop()
        self._child = self._start()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._child.kill()

    def stop(self) -> None:
        """Let it write its state and end. May be called again."""
        self._child.stop()
        self._temporary.cleanup()

    def _start(self) -> Child:
        """A port is known only from the second start on; another process may hold it for a moment then."""
        for _ in range(_RESTART_TRIES - 1):
            with contextlib.suppress(_PortTaken):
                return self._start_once()
        return self._start_once()

    def _start_once(self) -> Child:
        child = Child("Azurite", self._command(), self._log, _environ(), Path(self._temporary.name))
        try:
            for service in _SERVICES:
                heard = child.wait_for(rf"{service} service is successfully listening at .*:(\d+)\s*$", _READY_WITHIN)
                self.ports[service] = int(heard[1])
        except ChildFailed as error:
            child.stop()
            raise _PortTaken(str(error)) if "EADDRINUSE" in str(error) else error from None
        except BaseException:
            child.kill()
            raise
        return child

    def _command(self) -> list[str | Path]:
        if not PROGRAM.exists():
            raise FileNotFoundError(f"Azurite is not installed in {HOME}; `python3 dev.py test` or `run` does it")
        place = ["--location", self.directory.resolve()] if self.directory else ["--inMemoryPersistence"]
        ports = [part for name in _SERVICES for part in (f"--{name.lower()}Port", str(self.ports[name]))]
        # The client libraries speak a newer API version than Azurite knows, and it refuses them unless told not to.
        flags = ["--skipApiVersionCheck", "--disableTelemetry", "--silent"]
        return [node(), "--require", HOME / "leave_with_parent.js", PROGRAM, *place, *flags, *ports]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _PortTaken(ChildFailed):
    """A port of ours is held by someone else."""


def _environ() -> Mapping[str, str]:
    """Without the options that would turn this node or Azurite into something else."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("NODE_OPTIONS", "AZURITE_"))}
