"""The zip that Azure gets: every file of the repository that .funcignore does not name."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from local.delivery.azure_cli import StepFailed

#: The earliest time that a zip can hold; the same for each file, so that equal files make an equal zip.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A built package."""

    path: Path
    members: tuple[str, ...]
    size_bytes: int


def build(root: Path, path: Path) -> Package:
    """Write the package. The same commit gives the same bytes.

    Raises:
        StepFailed: this is no clone, or git is missing.
    """
    members = _members(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for member in members:
            packed.writestr(zipfile.ZipInfo(member, _NO_TIME), (root / member).read_bytes(), zipfile.ZIP_DEFLATED)
    return Package(path=path, members=members, size_bytes=path.stat().st_size)


def seconds_to_import(package: Path) -> float:
    """How long the package's own modules and the libraries they load take in a fresh interpreter, compiled already.

    Raises:
        StepFailed: the package cannot be imported by itself.
    """
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as packed:
            packed.extractall(folder)
        _import(folder)
        return _import(folder)


def _members(root: Path) -> tuple[str, ...]:
    ignored = set(_git(root, "--ignored", "--exclude-from=.funcignore"))
    return tuple(sorted(set(_git(root)) - ignored))


def _git(root: Path, *arguments: str) -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", *arguments]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StepFailed("the package is made from the files that git knows: run this in a clone, with git") from error
    return [name for name in done.stdout.decode().split("\0") if name]


def _import(folder: str) -> float:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "import function_app, shared.wiring"], cwd=folder, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise StepFailed(f"the package cannot be imported:\n{done.stderr.decode()[-1000:]}")
    return time.monotonic() - started
