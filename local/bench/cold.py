"""Cold start: a new interpreter imports the function app, and then takes its first file.

The naive app imports every package at its top. The limit is azure.functions alone, which no app can do without.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from local.app_settings import ROOT
from local.bench.engines import fresh_table
from local.bench.ground import Ground

#: requirements.txt has no aiohttp, which this machine's tools have and azure-core would load.
_AS_DEPLOYED = "import sys; sys.modules['aiohttp'] = None\n"
_TELL = "\nprint(len(sys.modules))"
_NAIVE = """
import azure.functions as func, requests, yaml, jsonschema
import azure.storage.blob, azure.data.tables, azure.identity
app = func.FunctionApp()
"""
_FIRST_FILE = """
import os
import function_app
from shared.wiring import engine
engine().file_landed("landing", os.environ["BENCH_PATH"])
"""
_NAIVE_FIRST_FILE = (
    _NAIVE
    + """
import os
from local.bench.ground import Ground
from local.bench.imports import import_one
ground = Ground(os.environ["FILES"], os.environ["D365_BASE_URL"])
import_one(ground, os.environ["LEDGER_TABLE"], os.environ["BENCH_PATH"])
"""
)


class _Cold:
    code = ""
    first_file = ""

    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        self._ground = ground
        self._takes_a_file: bool = told["takes_a_file"]
        self._environ: dict[str, str] = {}

    def prepare(self) -> None:
        """A file that is new."""
        self._environ = {"PYTHONPATH": str(ROOT)}
        if self._takes_a_file:
            from local.bench.imports import landed

            (path,) = landed(self._ground, 1, 10_000)
            self._environ |= self._ground.settings(fresh_table(self._ground)) | {"BENCH_PATH": path}

    def run(self) -> dict[str, float]:
        """A whole interpreter."""
        code = self.first_file if self._takes_a_file else self.code
        done = subprocess.run(
            [sys.executable, "-c", _AS_DEPLOYED + code + _TELL],
            cwd=ROOT,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-500:])
        return {"modules": float(done.stdout.split()[-1])} | self.more()

    def more(self) -> dict[str, float]:
        """Other things to count."""
        return {}


class Ours(_Cold):
    """The app as it is deployed."""

    code = "import function_app"
    first_file = _FIRST_FILE

    def more(self) -> dict[str, float]:
        """What requirements.txt puts on the disk."""
        names = [line.split("==")[0] for line in _lines() if "==" in line and line[0].isalpha()]
        files = [file for name in names for file in _files(name)]
        return {"distributions": float(len(names)), "requirements_mb": round(sum(files) / 1e6, 1)}


class Naive(_Cold):
    """What one writes in an afternoon."""

    code = _NAIVE
    first_file = _NAIVE_FIRST_FILE


class Limit(_Cold):
    """What cannot be avoided."""

    code = "import azure.functions"


def _lines() -> list[str]:
    return (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()


def _files(distribution: str) -> list[int]:
    """Sizes of a distribution's files in bytes; none when it is not for this system."""
    try:
        found = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return []
    places = [Path(file.locate()) for file in found]
    return [place.stat().st_size for place in places if place.is_file() and place.suffix != ".pyc"]


SIDES = {"ours": Ours, "naive": Naive, "limit": Limit}
