"""Every port's contract runs over the real thing (Azurite) and over the fake."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.tables.contents import TableContents
from shared.adapters.tables.ledger import TableLedger
from shared.adapters.tables.old_rows import TableOldRows
from shared.adapters.tables.order import TableOrder
from shared.adapters.tables.pace import TablePace
from shared.adapters.tables.recent_pace import RecentPace
from shared.adapters.tables.view import TableView
from shared.adapters.tables.watch import TableWatch
from shared.ports import ContentLedger, Ledger, LedgerView, OldRows, OrderLedger, PaceLedger, WatchLedger
from tests.builders import ManualClock
from tests.fakes.memory_contents import MemoryContents
from tests.fakes.memory_ledger import MemoryLedger
from tests.fakes.memory_order import MemoryOrder
from tests.fakes.memory_pace import MemoryPace
from tests.fakes.memory_watch import MemoryWatch

if TYPE_CHECKING:
    from azure.data.tables import TableClient


@pytest.fixture(scope="session")
def table_service() -> Iterator[str]:
    """The connection string of our own table service, which measurements use."""
    command = [sys.executable, "-m", "local.tables"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout
        yield service.stdout.readline().partition(": ")[2].strip()
        service.terminate()


@contextmanager
def _table(request: pytest.FixtureRequest) -> Iterator[TableClient]:
    """A new table, in Azurite or in our own service."""
    from azure.data.tables import TableServiceClient

    names: Any = request.getfixturevalue("storage_names")
    if request.param == "azurite":
        connection = request.getfixturevalue("azurite").connection_string
    else:
        connection = request.getfixturevalue("table_service")
    with TableServiceClient.from_connection_string(connection) as service:
        yield service.create_table(names.table("ledger"))


@pytest.fixture(params=["memory", "azurite", "in-memory service"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """An empty ledger of each kind."""
    if request.param == "memory":
        yield MemoryLedger()
        return
    with _table(request) as table:
        yield TableLedger(table)


@pytest.fixture
def view(ledger: Ledger) -> LedgerView:
    """The watchers' view of the same ledger."""
    return TableView(ledger._table) if isinstance(ledger, TableLedger) else ledger  # type: ignore[return-value]  # the fake is both


@pytest.fixture
def old(ledger: Ledger) -> OldRows:
    """What drops rows of the same ledger."""
    return TableOldRows(ledger._table) if isinstance(ledger, TableLedger) else ledger  # type: ignore[return-value]  # the fake is both


@pytest.fixture(params=["memory", "azurite", "in-memory service"])
def watch(request: pytest.FixtureRequest) -> Iterator[WatchLedger]:
    """A watchers' memory of each kind, with nothing in it."""
    if request.param == "memory":
        yield MemoryWatch()
        return
    with _table(request) as table:
        yield TableWatch(table)


@pytest.fixture(params=["memory", "recent", "azurite", "in-memory service"])
def pace(request: pytest.FixtureRequest) -> Iterator[PaceLedger]:
    """An untouched pace of each kind."""
    if request.param in {"memory", "recent"}:
        store = MemoryPace()
        yield store if request.param == "memory" else RecentPace(store, ManualClock())
        return
    with _table(request) as table:
        yield TablePace(table)


@pytest.fixture(params=["memory", "azurite", "in-memory service"])
def contents(request: pytest.FixtureRequest) -> Iterator[ContentLedger]:
    """A ledger of contents of each kind, with nothing in it."""
    if request.param == "memory":
        yield MemoryContents()
        return
    with _table(request) as table:
        yield TableContents(table)


@pytest.fixture(params=["memory", "azurite", "in-memory service"])
def order(request: pytest.FixtureRequest) -> Iterator[OrderLedger]:
    """Queues of each kind, with nobody in them."""
    if request.param == "memory":
        yield MemoryOrder()
        return
    with _table(request) as table:
        yield TableOrder(table)
