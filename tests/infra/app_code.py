"""What the app's code asks of its deployment: the functions it has, the settings it reads."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shared.errors import FaultyConfiguration
from shared.settings import AuthKind, Settings

ROOT = Path(__file__).parents[2]
_LIST_TRIGGERS = (
    "import json, function_app as f; print(json.dumps({g.get_function_name(): g.get_trigger().get_dict_repr() "
    "for g in f.app.get_functions()}, default=str))"
)


@cache
def triggers() -> Mapping[str, dict[str, Any]]:
    """Each function's trigger by the function's name, as the Functions host sees it."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", _LIST_TRIGGERS],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: dict[str, dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def settings_read_by_triggers() -> set[str]:
    """The names in %NAME% expressions: schedules, containers."""
    return {
        name
        for trigger in triggers().values()
        for value in trigger.values()
        for name in re.findall(r"%(\w+)%", str(value))
    }


def settings_read_by_the_engine() -> set[str]:
    """Every name that Settings asks the environment for, whatever way of signing in is chosen."""
    asked = {name for auth in AuthKind for name in _asked_for({"D365_AUTH": auth.value})}
    return asked - _addresses_not_needed(asked)


def storage_connections() -> set[tuple[str, str]]:
    """(connection, address) of each storage service that the engine opens, such as ("LEDGER", "tableServiceUri")."""
    text = (ROOT / "shared/settings.py").read_text(encoding="utf-8")
    return set(re.findall(r'_storage\(reader, "(\w+)", "(\w+)"\)', text))


def _addresses_not_needed(asked: set[str]) -> set[str]:
    """Settings asks for both addresses of each account, and needs one."""
    needed = {f"{connection}__{address}" for connection, address in storage_connections()}
    return {name for name in asked if name.endswith("ServiceUri")} - needed


def _asked_for(environ: Mapping[str, str]) -> set[str]:
    asked = _Noting(environ)
    try:
        Settings.from_environ(asked)
    except FaultyConfiguration:
        return asked.names
    raise AssertionError("an almost empty environment was taken for a whole one")


class _Noting(Mapping[str, str]):
    """An environment that notes every name it is asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
