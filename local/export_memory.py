"""`python -m local.export_memory`: does an export's size show in the memory of the drain?

Drains one package of each size in a process of its own, against Azurite on disk and the simulator, and prints the peak
resident memory of each. Ends with 1 when the largest lies more than 64 MiB above the smallest. Not for Windows, which
tells no peak by this means.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from local.app_settings import LAKE, LEDGER_TABLE, Client, for_local_run
from local.azurite import Azurite
from local.simulator import Simulator

MIB = 1024 * 1024
ALLOWED_BYTES = 64 * MIB
EXPORT = "33333333-3333-4333-8333-333333333333"
FEEDS = f"""\
version: 1
environment: local
exports:
  groups:
    activity_id: {EXPORT}
"""
#: Run in the measured process: drain once, then say what was stored and the highest memory ever held, in bytes.
#: On Linux the kernel counts the parent's memory into ru_maxrss across exec, so VmHWM is read instead.
DRAIN = """
import os, pathlib, re, resource
from shared.wiring import engine_from
[report] = engine_from(os.environ).drain_exports()
[export] = report.stored
status = pathlib.Path("/proc/self/status")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if status.exists():
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) * 1024
print(export.size_bytes, export.rows, report.acknowledged, peak)
"""


def main() -> int:
    """Measure, print a table, judge."""
    parser = argparse.ArgumentParser(prog="python -m local.export_memory", description=__doc__)
    parser.add_argument("--mib", type=int, nargs="+", default=[1, 64, 1024], help="sizes of the packages")
    sizes = parser.parse_args().mib
    print(f"{'package':>12} {'rows':>12} {'peak memory':>14} {'above first':>14}", flush=True)
    peaks: list[int] = []
    with tempfile.TemporaryDirectory(prefix="export-memory-") as folder:
        for mib in sizes:
            size_bytes, rows, peak_bytes = _drained(Path(folder) / str(mib), mib)
            peaks.append(peak_bytes)
            above = f"{(peak_bytes - peaks[0]) / MIB:.1f} MiB"
            print(f"{size_bytes / MIB:8.0f} MiB {rows:>12} {peak_bytes / MIB:10.1f} MiB {above:>14}", flush=True)
    return 0 if max(peaks) - peaks[0] <= ALLOWED_BYTES else 1


def _drained(folder: Path, mib: int) -> tuple[int, str, int]:
    """(bytes of the package, rows counted, peak memory in bytes) of one drain in a fresh process."""
    folder.mkdir()
    (folder / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    with Azurite.start(folder / "azurite") as azurite, Simulator() as simulator:
        _prepare(azurite.connection_string)
        simulator.world.export(EXPORT, _package(mib))
        done = subprocess.run(
            [sys.executable, "-c", DRAIN],
            env={**os.environ, **_settings(azurite.connection_string, simulator, folder)},
            capture_output=True,
            text=True,
            check=True,
        )
        if simulator.world.exports[0].state != "acknowledged":
            raise SystemExit(f"the package of {mib} MiB was not acknowledged")
    size_bytes, rows, _, peak_bytes = done.stdout.split()
    return int(size_bytes), rows, int(peak_bytes)


def _prepare(connection_string: str) -> None:
    with BlobServiceClient.from_connection_string(connection_string) as blobs:
        blobs.create_container(LAKE)
    with TableServiceClient.from_connection_string(connection_string) as tables:
        tables.create_table(LEDGER_TABLE)


def _settings(connection_string: str, simulator: Simulator, folder: Path) -> Mapping[str, str]:
    world = simulator.world
    client = Client(tenant_id=world.tenant_id, client_id=world.client_id, client_secret=world.client_secret)
    return for_local_run(connection_string, simulator.url, client) | {"FEEDS_FILE": str(folder / "feeds.yaml")}


def _package(mib: int) -> bytes:
    """A package of about the given size: one CSV whose rows do not compress, stored as they are."""
    line = b"%08d," + b"x" * 1000 + b"\r\n"
    block = b"".join(line % number for number in range(MIB // len(line % 0)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        with package.open("Customer groups.csv", "w", force_zip64=True) as file:
            file.write(b"KEY,NAME\r\n")
            for _ in range(mib):
                file.write(block)
        package.writestr("mark.txt", hashlib.sha256(str(mib).encode()).hexdigest())
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
