"""The local stack: Azurite, the F&O simulator and the app, each in a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from local.app_settings import ROOT, Client, for_local_run, without_ours
from local.children import Child, ChildFailed
from local.node import NodeMissing
from local.setup.turns import my_turn
from local.storage import LocalStorage
from shared.errors import FaultyConfiguration

PLACE = ROOT / ".dev"
#: In a run's place: the settings of its app, as a shell reads them.
SETTINGS_FILE = "settings.env"
_READY_WITHIN = timedelta(seconds=60)
_FUNC_READY_WITHIN = timedelta(minutes=3)  # it may download its extension bundle first
_FUNC_PORT = 7071

# An exception that a signal raises in the middle of someone's clean-up is lost; this is not.
LEAVING = threading.Event()


class StackFailed(RuntimeError):
    """A part did not come up, or did not stay up; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What is up: where the ERP and the app are, and the settings that the app runs with."""

    place: Path
    erp_url: str
    app_url: str
    settings: dict[str, str]
    children: tuple[Child, ...]

    @property
    def storage(self) -> str:
        """Azurite's connection string."""
        return self.settings["FILES"]

    def must_be_up(self) -> None:
        """Raise StackFailed if a part has ended by itself, KeyboardInterrupt if this run was asked to leave."""
        if LEAVING.is_set():
            raise KeyboardInterrupt
        for child in self.children:
            if not child.is_running:
                raise StackFailed(child.story("ended by itself"))


@contextmanager
def up(place: Path = PLACE, with_func: bool = False, further: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Start everything, with state and logs under `place`; end everything on leaving, last started first.

    `further` are app settings beside those of the local run.

    Raises:
        StackFailed: a part did not come up.
    """
    if with_func:
        _where_func_is()  # before anything is started
    with ExitStack() as ends:
        ends.enter_context(my_turn(place / "run.lock", "another `dev.py run` is up in this checkout; waiting for it"))
        try:
            stack = _start(ends, place, with_func, further or {})
        except (ChildFailed, NodeMissing, FileNotFoundError, FaultyConfiguration) as error:
            raise StackFailed(str(error)) from error
        yield stack


def _start(ends: ExitStack, place: Path, with_func: bool, further: Mapping[str, str]) -> Stack:
    logs = place / "logs"
    environ = without_ours(os.environ) | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    command = _tethered("local.simulator", "--port", "0", "--auto-tick-seconds", "1")
    simulator = _child(ends, "the F&O simulator", command, logs / "simulator.log", environ)

    def settings_on(storage: str) -> dict[str, str]:
        """The simulator comes up while Azurite does."""
        erp_url = simulator.wait_for(r"^F&O simulator ready: (\S+)", _READY_WITHIN)[1]
        return for_local_run(storage, erp_url, client_of(erp_url))

    storage = LocalStorage.start(place / "azurite", logs / "azurite.log", settings_on)
    ends.callback(storage.stop)
    environ |= storage.settings | dict(further)
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(storage.settings.items())]
    (place / SETTINGS_FILE).write_text("".join(lines), encoding="utf-8")
    app, app_url = (_func if with_func else _local_host)(ends, logs / "app.log", environ)
    return Stack(
        place=place,
        erp_url=storage.settings["D365_BASE_URL"],
        app_url=app_url,
        settings=storage.settings,
        children=(simulator, app),
    )


def _local_host(ends: ExitStack, log: Path, environ: dict[str, str]) -> tuple[Child, str]:
    app = _child(ends, "the app", _tethered("local.host", str(ROOT), "--port", "0"), log, environ)
    return app, app.wait_for(r"^function host ready: (\S+)", _READY_WITHIN)[1]


def _func(ends: ExitStack, log: Path, environ: dict[str, str]) -> tuple[Child, str]:
    """Azure Functions Core Tools. They play no Event Grid: the sweep finds the files, so it has to come often."""
    command = [_where_func_is(), "start", "--port", str(_FUNC_PORT)]
    app = _child(ends, "func", command, log, environ | {"SWEEP_AFTER_SECONDS": "2"}, tethered=False)
    app.wait_for(r"Worker process started and initialized", _FUNC_READY_WITHIN)
    return app, f"http://127.0.0.1:{_FUNC_PORT}"


def _where_func_is() -> str:
    if found := shutil.which("func"):
        return found
    raise StackFailed("`func` is not on the PATH. Install Azure Functions Core Tools, or run without --func.")


def _tethered(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "local.tethered", *arguments]


def _child(
    ends: ExitStack, name: str, command: list[str], log: Path, environ: dict[str, str], tethered: bool = True
) -> Child:
    child = Child(name, command, log, environ, ROOT, tethered)
    ends.callback(child.stop)
    return child


def client_of(erp_url: str) -> Client:
    """Who may sign in at the simulator at this address."""
    with urllib.request.urlopen(f"{erp_url}/_sim/state", timeout=30) as answer:  # noqa: S310 - our own loopback address
        told = json.load(answer)
    return Client(**{name: told[name] for name in ("tenant_id", "client_id", "client_secret")})
