"""`python -m local.history`: the pages that a person asks for, with a long past in the ledger, and how long each takes.

Without --connection the past lies in a table service of our own (local.tables), which finds rows by partition as
Azure's does. With --connection it is written to a table of an account for tests, and left there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from local.azurite import Azurite
from local.history.rows import Past
from shared.web import board
from shared.web.http import Request
from shared.wiring import Engine, engine_from

_NOBODY = "11111111-1111-4111-8111-111111111111"
_ROUNDS = 7


def main(arguments: Sequence[str]) -> int:
    """Fill, then ask for each page some times and print the median in milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m local.history", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--feeds", type=int, default=20)
    parser.add_argument("--a-day", type=int, default=20, help="files of one feed on one day")
    parser.add_argument("--connection", help="connection string of a table account for tests")
    parser.add_argument("--table", default="history", help="the table in that account")
    chosen = parser.parse_args(arguments)
    past = Past(files=chosen.files, feeds=chosen.feeds, a_day=chosen.a_day, until=datetime.now(UTC).date())
    began = time.monotonic()
    with _written(chosen.connection, chosen.table, past) if chosen.connection else _held(past) as (tables, table):
        print(f"{past.files} files, {past.feeds * past.a_day} of them today; {time.monotonic() - began:.0f} s to fill")
        with _engine(tables, table, past) as engine:
            _time_pages(engine, past)
    return 0


@contextmanager
def _held(past: Past) -> Iterator[tuple[str, str]]:
    """(connection string, table)."""
    told = [str(past.files), str(past.feeds), str(past.a_day), past.until.isoformat()]
    command = [sys.executable, "-m", "local.history.store", *told]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as store:
        try:
            assert store.stdout
            yield store.stdout.readline().strip(), "ledger"
        finally:
            store.kill()


@contextmanager
def _written(connection: str, name: str, past: Past) -> Iterator[tuple[str, str]]:
    with TableServiceClient.from_connection_string(connection) as service, ThreadPoolExecutor(8) as pool:
        table = service.create_table_if_not_exists(name)
        for _ in pool.map(lambda rows: table.submit_transaction([("upsert", row) for row in rows]), past.rows()):
            pass
    yield connection, name


def _time_pages(engine: Engine, past: Past) -> None:
    """Each page as the function app answers it, less the host: the question to the ledger, the files, the template."""
    day = past.until
    [newest, *_] = engine.answers.jobs(day, "feed-00")
    named = newest.name
    pages: dict[str, tuple[str, dict[str, str]]] = {
        "one file": (f"job/{newest.job_id}", {}),
        "the files of a feed and business date": ("jobs", {"feed": "feed-00", "date": day.isoformat()}),
        "today, all feeds": ("", {}),
        "what landed today in a feed": ("jobs", {"feed": "feed-00", "landed": day.isoformat()}),
        "a file by its name, with its date": ("find", {"q": named}),
        "a file by a part of its name": ("find", {"q": named[-9:]}),
    }
    for name, (path, query) in pages.items():
        request = Request(method="GET", path=path, query=query)
        print(f"{name:<40} {median(_milliseconds(engine, request) for _ in range(_ROUNDS)):7.0f} ms", flush=True)


def _milliseconds(engine: Engine, request: Request) -> float:
    began = time.perf_counter()
    answer = board.answer(lambda: engine, request, {"BOARD_LOCAL_ROLE": "reader"})
    took = (time.perf_counter() - began) * 1000
    if answer.status not in {200, 303}:
        raise RuntimeError(f"{request.path} was answered {answer.status}")
    return took


@contextmanager
def _engine(tables: str, table: str, past: Past) -> Iterator[Engine]:
    """An engine whose ledger is that table and whose files lie in Azurite; it signs in nowhere."""
    with Azurite.start() as azurite, TemporaryDirectory(prefix="history-") as place:
        feeds = Path(place) / "feeds.yaml"
        feeds.write_text(_feeds_yaml(past), encoding="utf-8")
        with BlobServiceClient.from_connection_string(azurite.connection_string) as blobs:
            for name in ("landing", "archive", "rejected", "outcomes", "exports"):
                blobs.create_container(name)
        yield engine_from(
            {
                "FILES": azurite.connection_string,
                "LAKE": azurite.connection_string,
                "LEDGER": tables,
                "LEDGER_TABLE": table,
                "FEEDS_FILE": str(feeds),
                "D365_ENVIRONMENT": "local",
                "D365_BASE_URL": "http://127.0.0.1:9",
                "D365_AUTH": "local",
                "D365_TOKEN_URL": "http://127.0.0.1:9/token",
                "D365_CLIENT_ID": _NOBODY,
                "D365_CLIENT_SECRET": "never-asked-for",
            }
        )


def _feeds_yaml(past: Past) -> str:
    feed = f"{{shape: file, entity: Vendor invoices, activity_id: {_NOBODY}, company: USMF}}"
    listed = "".join(f"  {name}: {feed}\n" for name in past.names)
    return f"version: 1\nenvironment: local\nfeeds:\n{listed}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
