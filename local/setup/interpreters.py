"""Find a Python to build the virtual environment on: 3.13 as in production if one works, else any from 3.11 on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.setup.steps import SetupFailed

#: What production runs; see requirements.txt and docs/decisions.
PRODUCTION = (3, 13)
OLDEST = (3, 11)
#: Tried in this order when the interpreter that runs dev.py is too old itself.
_ALTERNATIVES = ((3, 12), (3, 14), (3, 11))

#: Set to an interpreter's path to build on that one and no other.
FORCE = "COURIER_PYTHON"

# A shim may be on the PATH with no version behind it, and Linux distributions ship Pythons without ensurepip or venv.
_PROBE = """
import ensurepip, json, ssl, sys, venv
print(json.dumps([list(sys.version_info[:3]), getattr(sys, "_base_executable", "") or sys.executable]))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python that was run and has what a virtual environment needs."""

    executable: str
    version: tuple[int, int, int]

    @property
    def minor(self) -> tuple[int, int]:
        """(3, 13) of 3.13.0."""
        return self.version[:2]

    def __str__(self) -> str:
        return f"Python {'.'.join(map(str, self.version))} ({self.executable})"


def find(environ: Mapping[str, str] = os.environ) -> Interpreter:
    """The best interpreter of this machine.

    Raises:
        SetupFailed: none works, or the forced one does not; the text lists what was tried.
    """
    if environ.get(FORCE):
        return _forced(environ[FORCE])
    running = probe([sys.executable])
    if running and running.minor == PRODUCTION:
        return running
    found = _first(PRODUCTION, environ)
    if found is None and running and running.minor >= OLDEST:
        found = running
    for minor in _ALTERNATIVES:
        found = found or _first(minor, environ)
    if found is None:
        raise SetupFailed(
            "no Python from 3.11 on that works (a complete one, with venv and ensurepip)",
            "install Python 3.13 (python.org, your package manager with its -venv package, pyenv, or "
            f"`uv python install 3.13`), or set {FORCE} to the path of one",
        )
    return found


def probe(command: Sequence[str]) -> Interpreter | None:
    """Run `command` and see what it is; None when it does not run or is incomplete."""
    try:
        answer = subprocess.run(
            [*command, "-c", _PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=True
        ).stdout
        (major, minor, micro), executable = json.loads(answer)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Interpreter(executable, (major, minor, micro))


def commands(minor: tuple[int, int], environ: Mapping[str, str]) -> Iterator[list[str]]:
    """Every way in which a Python of this minor version may be started here, likeliest first; few will work."""
    dotted = "{}.{}".format(*minor)
    if on_path := shutil.which(f"python{dotted}", path=environ.get("PATH")):
        yield [on_path]
    if launcher := shutil.which("py", path=environ.get("PATH")):
        yield [launcher, f"-{dotted}"]
    for folder in _folders(minor, environ):
        for name in (f"python{dotted}", "python3", "python.exe"):
            if (folder / name).is_file():
                yield [str(folder / name)]
                break


def _folders(minor: tuple[int, int], environ: Mapping[str, str]) -> Iterator[Path]:
    """Folders of interpreters made by pyenv, uv, mise, asdf, Homebrew and the installers of python.org."""
    dotted, joined = "{}.{}".format(*minor), "{}{}".format(*minor)
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())
    local_app_data = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    uv_of_windows = Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "uv" / "python"
    many = (
        (Path(environ.get("PYENV_ROOT") or home / ".pyenv") / "versions", f"{dotted}*"),
        (home / ".pyenv" / "pyenv-win" / "versions", f"{dotted}*"),
        (Path(environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python"), f"cpython-{dotted}*"),
        (uv_of_windows, f"cpython-{dotted}*"),
        (home / ".local/share/mise/installs/python", f"{dotted}*"),
        (home / ".asdf/installs/python", f"{dotted}*"),
    )
    for root, pattern in many:
        for version in sorted(root.glob(pattern), key=_by_number, reverse=True):
            yield version / "bin"
            yield version
    yield from map(Path, ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", f"/opt/homebrew/opt/python@{dotted}/bin"))
    yield Path(f"/usr/local/opt/python@{dotted}/bin")
    yield Path(f"/Library/Frameworks/Python.framework/Versions/{dotted}/bin")
    yield local_app_data / "Programs" / "Python" / f"Python{joined}"
    yield Path(environ.get("ProgramFiles") or "C:/Program Files") / f"Python{joined}"


def _by_number(folder: Path) -> list[int]:
    """3.13.10 comes after 3.13.9."""
    return [int(part) for part in folder.name.replace("-", ".").split(".") if part.isdigit()]


def _first(minor: tuple[int, int], environ: Mapping[str, str]) -> Interpreter | None:
    for command in commands(minor, environ):
        found = probe(command)
        if found and found.minor == minor:
            return found
    return None


def _forced(path: str) -> Interpreter:
    found = probe([path])
    if found is None or found.minor < OLDEST:
        what = f"{FORCE}={path} is {found}" if found else f"{FORCE}={path} does not run, or lacks venv or ensurepip"
        raise SetupFailed(what, "point it at a complete Python from 3.11 on, or unset it to let dev.py choose")
    return found
