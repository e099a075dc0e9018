"""A local host in a process of its own, as a test sees it: its URL, its output, and the notes of the sample app."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from azure.storage.blob import BlobServiceClient

ROOT = Path(__file__).parents[2]
SAMPLE_APP = Path(__file__).parent / "sample_app"
_PATIENCE = timedelta(seconds=20)


def wait_until(condition: Callable[[], Any], what: str, within: timedelta = _PATIENCE) -> Any:
    """The first true answer of `condition`. AssertionError names `what` when there is none in time."""
    deadline = time.monotonic() + within.total_seconds()
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not within {within.total_seconds():.0f} s: {what}")


class World:
    """The storage around one sample app: its containers, its settings, its notes."""

    def __init__(self, connection_string: str, mark: str) -> None:
        self.connection_string = connection_string
        self.blobs = BlobServiceClient.from_connection_string(connection_string)
        self.settings = {
            "AzureWebJobsStorage": connection_string,
            "FILES": connection_string,
            "AzureFunctionsWebHost__hostid": f"host-{mark}",
            "LANDING": f"landing-{mark}",
            "SECOND": f"second-{mark}",
            "NOTES": f"notes-{mark}",
            "NEVER": "0 0 0 29 2 *",
        }
        for container in ("LANDING", "SECOND", "NOTES"):
            self.blobs.create_container(self.settings[container])

    def put(self, container: str, name: str, content: bytes = b"content") -> None:
        """Write a blob into the container that a setting names."""
        self.blobs.get_blob_client(self.settings[container], name).upload_blob(content, overwrite=True)

    def notes(self, what: str, **having: object) -> list[dict[str, Any]]:
        """What the functions noted, as far as it has these values."""
        container = self.blobs.get_container_client(self.settings["NOTES"])
        found = [
            json.loads(container.download_blob(name).readall())
            for name in container.list_blob_names()
            if name.startswith(f"{what}/")
        ]
        return [told for told in found if having.items() <= told.items()]


class RunningHost:
    """Started by `with`, ended by it or by `stop`."""

    def __init__(self, settings: Mapping[str, str], log: Path, app_dir: Path = SAMPLE_APP, *options: str) -> None:
        self.log = log
        self._ready = log.with_suffix(".ready")
        command = [sys.executable, "-m", "local.host", str(app_dir), "--scan-seconds", "0.1"]
        command += ["--ready-file", str(self._ready), *options]
        with log.open("wb") as errors, log.with_suffix(".out").open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **settings},
                stdout=output,
                stderr=errors,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    @property
    def url(self) -> str:
        return self._ready.read_text(encoding="utf-8").strip()

    @property
    def output(self) -> str:
        """What it wrote to stdout."""
        return self.log.with_suffix(".out").read_text(encoding="utf-8")

    @property
    def errors(self) -> str:
        """What it logged."""
        return self.log.read_text(encoding="utf-8")

    def run_now(self, name: str, *, wait: bool = True) -> requests.Response:
        query = {"wait": "true"} if wait else {}
        return requests.post(f"{self.url}/admin/functions/{name}", params=query, json={}, timeout=30)

    def ask_to_stop(self) -> None:
        """As a service manager does it."""
        if sys.platform == "win32":
            self.process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        if self.process.poll() is None:
            self.ask_to_stop()
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; its exit code."""
        return self.process.wait(_PATIENCE.total_seconds())

    def __enter__(self) -> Self:
        wait_until(lambda: self._ready.exists() or self.process.poll() is not None, "the host is ready")
        assert self.process.poll() is None, self.errors
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self.process.kill()
            print(self.errors)  # pytest shows it beside a failure
