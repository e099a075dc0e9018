"""The servers that all sides of a bench run against: Azurite in memory and the stand-in for F&O.

Where a long past is measured, tables are those of local.tables: Azurite looks at every row for each query.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from local.app_settings import ROOT, without_ours
from local.azurite import Azurite
from local.children import Child

FEEDS = Path(__file__).with_name("feeds.yaml")
QUICK, SLOW, CAPPED = (
    "00000005-0000-4000-8000-000000000001",
    "00000004-0000-4000-8000-000000000001",
    "00000005-0000-4000-8000-000000000002",
)
EXPORTING = "00000000-0000-4000-8000-000000000003"
CONTAINERS = ("landing", "archive", "rejected", "outcomes", "exports")
_READY_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the servers are."""

    storage: str
    erp_url: str

    def settings(self, table: str) -> dict[str, str]:
        """App settings for an engine with a ledger of its own."""
        return {
            **dict.fromkeys(("FILES", "LEDGER", "LAKE"), self.storage),
            "LEDGER_TABLE": table,
            "FEEDS_FILE": str(FEEDS),
            "D365_ENVIRONMENT": "bench",
            "D365_BASE_URL": self.erp_url,
            "D365_AUTH": "local",
            "D365_TOKEN_URL": f"{self.erp_url}/bench/token",
            "D365_CLIENT_ID": "00000000-0000-4000-8000-00000000000a",
            "D365_CLIENT_SECRET": "of-the-bench",
        }

    def tell(self, what: str) -> str:
        """Ask the stand-in by its side door."""
        with urllib.request.urlopen(f"{self.erp_url}/bench/{what}", timeout=30) as answer:  # noqa: S310 - our own loopback address
            text: str = answer.read().decode()
        return text


@dataclass(frozen=True, slots=True)
class Servers:
    """The ground, and the processes beneath it."""

    ground: Ground
    process_ids: dict[str, int]

    def cpu_seconds(self) -> dict[str, float]:
        """What each server has computed so far; empty where the system does not tell (only Linux does)."""
        return {name: spent for name, pid in self.process_ids.items() if (spent := _cpu_seconds_of(pid)) is not None}


@contextmanager
def up(*, own_tables: bool = False) -> Iterator[Servers]:
    """Start them on free ports; end them on leaving."""
    with ExitStack() as ends:
        place = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)))
        azurite = ends.enter_context(Azurite.start())
        command = [sys.executable, "-m", "local.tethered", "local.bench.stand_in"]
        stand_in = Child("the stand-in", command, place / "stand-in.log", without_ours(os.environ), ROOT)
        ends.callback(stand_in.stop)
        url = stand_in.wait_for(r"^stand-in ready: (\S+)", _READY_WITHIN)[1]
        _create_containers(azurite.connection_string)
        storage, process_ids = azurite.connection_string, {"Azurite": azurite.pid, "stand-in": stand_in.pid}
        if own_tables:
            command = [sys.executable, "-m", "local.tethered", "local.tables"]
            tables = Child("the table service", command, place / "tables.log", without_ours(os.environ), ROOT)
            ends.callback(tables.stop)
            endpoint = tables.wait_for(r"TableEndpoint=[^;]+", _READY_WITHIN)[0]
            storage = re.sub("TableEndpoint=[^;]+", endpoint, storage)
            process_ids["tables"] = tables.pid
        yield Servers(Ground(storage, url), process_ids)


def _create_containers(storage: str) -> None:
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(storage) as blobs:
        for name in CONTAINERS:
            blobs.create_container(name)


def _cpu_seconds_of(pid: int) -> float | None:
    """User and system time, fields 14 and 15 of proc(5)'s stat; the name before them may hold spaces."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
