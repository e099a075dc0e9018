"""The virtual environment `.venv` with everything of requirements-dev.txt, and what runs on node, with a node."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from local.setup import interpreters
from local.setup.interpreters import Interpreter
from local.setup.stamps import Stamp
from local.setup.steps import SetupFailed, run_step
from local.setup.turns import my_turn

_WAITING = "another dev.py is setting up; waiting for it"
_PIP_ADVICE = (
    "see that this machine reaches the package index that pip is set to (`pip config list`), then run the same "
    "command again; what is already there stays"
)
_NPM_ADVICE = (
    "see that this machine reaches the registry that npm is set to (`npm config get registry`), then run the same "
    "command again"
)
_TITLES = {
    "azurite": "Azurite, the storage emulator (365 MB)",
    "kusto": "Microsoft's Kusto parser, for the tests (31 MB)",
    "axe": "Deque's rules of accessibility, for the tests (3 MB)",
}


class Checkout:
    """One checkout of this repository and what the set-up puts into it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.log = root / ".dev" / "logs" / "setup.log"
        self._node_packages = [root / "local" / "azurite", root / "local" / "kusto", root / "local" / "axe"]
        requirements = [root / "requirements.txt", root / "requirements-dev.txt"]
        self._lock = root / ".dev" / "setup.lock"
        self._packages = Stamp(self.venv / "courier-stamp", [*requirements, self.venv / "pyvenv.cfg"])
        self._modules = [
            Stamp(folder / "node_modules" / ".courier-stamp", [folder / "package-lock.json"])
            for folder in self._node_packages
        ]

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def is_inside(self) -> bool:
        """True when this very process runs in the virtual environment."""
        return Path(sys.prefix).resolve() == self.venv.resolve()

    def ensure_packages(self) -> None:
        """Make `.venv` and install what is missing. Takes no time when nothing changed.

        Raises:
            SetupFailed: with what to do about it.
        """
        if self._has_packages():
            return
        with my_turn(self._lock, _WAITING):
            if not self._has_packages():
                self.log.unlink(missing_ok=True)
                print("Setting up (once; the second time takes seconds)", flush=True)
                self._make_venv()
                self._install()
                self._packages.write()

    def ensure_node_packages(self) -> None:
        """Install node, if the machine has none, Azurite and the Kusto parser. For use in the virtual environment.

        Raises:
            SetupFailed: with what to do about it.
        """
        from local import node

        missing = [pair for pair in zip(self._node_packages, self._modules, strict=True) if not pair[1].is_current()]
        if not missing and node.works():
            return
        with my_turn(self._lock, _WAITING):
            if not node.works() or node.npm() is None:
                self._pip("node, from PyPI", ["-r", str(self.root / "local" / "azurite" / "requirements.txt")])
            for folder, modules in missing:
                if not modules.is_current():
                    self._install_node_packages(folder)
                    modules.write()

    def _has_packages(self) -> bool:
        if not (self.python.exists() and self._packages.is_current()):
            return False
        forced = os.environ.get(interpreters.FORCE)
        return not forced or self._is_of(interpreters.find())

    def _is_of(self, interpreter: Interpreter) -> bool:
        there = interpreters.probe([str(self.python)])
        return there is not None and there.minor == interpreter.minor

    def _make_venv(self) -> None:
        if self.is_inside():
            return
        interpreter = interpreters.find()
        there = interpreters.probe([str(self.python)])
        if there and there.minor >= interpreters.OLDEST and there.minor == interpreter.minor:
            return
        command = [interpreter.executable, "-m", "venv", "--clear", str(self.venv)]
        advice = "close whatever runs from .venv, delete that folder and run the same command again"
        run_step(f".venv with {interpreter}", command, self.log, advice, self.root, os.environ)

    def _install(self) -> None:
        self._pip("Python packages", ["-r", str(self.root / "requirements-dev.txt")])
        there = interpreters.probe([str(self.python)])
        if there and there.minor < interpreters.PRODUCTION:
            # It declares 3.13, on which the platform loads it, and works on 3.11 and 3.12 as the tests show.
            arguments = ["--no-deps", "--ignore-requires-python", self._runtime_pin()]
            self._pip("Microsoft's Python runtime", arguments)

    def _runtime_pin(self) -> str:
        """`azure-functions-runtime==1.3.0`, as requirements.txt has it for Python 3.13."""
        text = (self.root / "requirements.txt").read_text(encoding="utf-8")
        pin = re.search(r"^(azure-functions-runtime==[\w.]+)", text, re.MULTILINE)
        if pin is None:
            raise SetupFailed("requirements.txt pins no azure-functions-runtime", "put the pin back")
        return pin.group(1)

    def _pip(self, title: str, arguments: list[str]) -> None:
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        run_step(title, command + arguments, self.log, _PIP_ADVICE, self.root, os.environ)

    def _install_node_packages(self, folder: Path) -> None:
        from local import node

        npm = node.npm()
        if npm is None:
            raise SetupFailed("no npm that works", "install node with npm, or remove the broken one from the PATH")
        # npm's own children look for node on the PATH; none of the packages needs its install script.
        environ = dict(os.environ)
        environ["PATH"] = str(Path(node.node()).parent) + os.pathsep + environ.get("PATH", "")
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        run_step(_TITLES[folder.name], command, self.log, _NPM_ADVICE, folder, environ)
