"""The zip that Azure gets: every file of the checkout that .funcignore does not name."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
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
    """Write the package. The same files give the same bytes.

    Raises:
        StepFailed: .funcignore holds what this does not understand.
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
    patterns = _ignored(root / ".funcignore")
    return tuple(sorted(path.relative_to(root).as_posix() for path in _files(root, patterns)))


def _ignored(funcignore: Path) -> list[str]:
    """Its patterns; each is for a name anywhere in the tree, the only form that is used here."""
    lines = (line.strip() for line in funcignore.read_text(encoding="utf-8").splitlines())
    patterns = [line for line in lines if line and not line.startswith("#")]
    if odd := [pattern for pattern in patterns if "/" in pattern or pattern.startswith("!")]:
        raise StepFailed(f".funcignore: {', '.join(odd)}: only names are understood, without a slash or a !")
    return patterns


def _files(folder: Path, patterns: list[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(fnmatchcase(path.name, pattern) for pattern in patterns):
            continue
        if path.is_dir():
            yield from _files(path, patterns)
        else:
            yield path


def _import(folder: str) -> float:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "import function_app, shared.wiring"], cwd=folder, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise StepFailed(f"the package cannot be imported:\n{done.stderr.decode()[-1000:]}")
    return time.monotonic() - started
