"""What the app is told from outside: app settings, local.settings.json, host.json.

Sources: Microsoft Learn, "App settings reference", "Code and test Azure Functions locally" (local.settings.json),
"host.json reference" with the pages of the blob, queue and HTTP extensions.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from local.host.runtime import AppRefused, Function

#: The connection of the host itself: the internal queue of the blob trigger, the status of timers.
HOST_STORAGE = "AzureWebJobsStorage"
_HOST_ID = "AzureFunctionsWebHost__hostid"
_EXPRESSION = re.compile(r"%([^%]+)%")
_RESOLVED = ("path", "queueName", "schedule", "connection")


@dataclass(frozen=True, slots=True)
class AppSettings:
    """The app settings, as the app sees them in its environment."""

    values: Mapping[str, str]

    def resolve(self, text: str) -> str:
        """`text` with each `%SETTING%` replaced. KeyError for one that is missing; `demand` asks beforehand."""
        return _EXPRESSION.sub(lambda found: self.values[found[1]], text)

    def connection(self, name: str) -> str:
        """The connection string of a binding's `connection`, which may be named with or without AzureWebJobs."""
        return self.values.get(f"AzureWebJobs{name}") or self.values[name]

    def host_id(self, app_dir: Path) -> str:
        """Names what belongs to this host in the storage: 32 letters and digits, the same after a restart."""
        return self.values.get(_HOST_ID) or hashlib.sha256(str(app_dir).encode()).hexdigest()[:32]

    def demand(self, functions: Iterable[Function]) -> None:
        """Check that all settings which the triggers name are there.

        Raises:
            AppRefused: it lists every fault, each with the functions that need the setting.
        """
        needed: dict[str, list[str]] = {HOST_STORAGE: ["the host itself"]}
        for function in functions:
            for name in self._names_in(function.trigger):
                needed.setdefault(name, []).append(function.name)
        faults = [f"  {fault} ({', '.join(by)})" for name, by in needed.items() if (fault := self._fault(name))]
        if faults:
            raise AppRefused("\n".join(["app settings are missing:", *faults]))

    def _names_in(self, trigger: Mapping[str, Any]) -> Iterable[str]:
        for key in _RESOLVED:
            yield from _EXPRESSION.findall(str(trigger.get(key, "")))
        if connection := trigger.get("connection"):
            yield str(connection)

    def _fault(self, name: str) -> str | None:
        if self.values.get(name) or self.values.get(f"AzureWebJobs{name}"):
            return None
        if any(other.startswith(f"{name}__") for other in self.values):
            return f"{name}: this host needs a connection string; {name}__... are for managed identities"
        return name


def load_app_settings(app_dir: Path) -> AppSettings:
    """Add the `Values` of local.settings.json to the environment, where what is there already wins.

    Raises:
        AppRefused: the file is encrypted or cannot be read.
    """
    local = _read_json(app_dir / "local.settings.json")
    if local.get("IsEncrypted"):
        raise AppRefused("local.settings.json is encrypted; `func settings decrypt` opens it")
    for name, value in local.get("Values", {}).items():
        os.environ.setdefault(name, str(value))
    return AppSettings(os.environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostJson:
    """The part of host.json that this host acts on; the defaults are those of the extensions."""

    route_prefix: str = "api"
    blob_parallelism: int
    poison_blob_threshold: int = 5
    queue_batch_size: int = 16
    queue_max_dequeue_count: int = 5
    queue_visibility_timeout: timedelta = timedelta()
    queue_message_encoding: str = "base64"

    @classmethod
    def load(cls, app_dir: Path) -> Self:
        """Read it; a missing file means defaults. Raises AppRefused when it is no JSON."""
        extensions = _read_json(app_dir / "host.json").get("extensions", {})
        blobs, queues = extensions.get("blobs", {}), extensions.get("queues", {})
        return cls(
            route_prefix=extensions.get("http", {}).get("routePrefix", "api"),
            blob_parallelism=blobs.get("maxDegreeOfParallelism", 8 * (os.cpu_count() or 1)),
            poison_blob_threshold=blobs.get("poisonBlobThreshold", 5),
            queue_batch_size=queues.get("batchSize", 16),
            queue_max_dequeue_count=queues.get("maxDequeueCount", 5),
            queue_visibility_timeout=_duration(queues.get("visibilityTimeout", "00:00:00")),
            queue_message_encoding=queues.get("messageEncoding", "base64"),
        )


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d\d):(\d\d)", text)
    if not found:
        raise AppRefused(f"host.json: {text!r} is no duration such as 00:00:30")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise AppRefused(f"{path.name} is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise AppRefused(f"{path.name} must hold a JSON object")
    return content
