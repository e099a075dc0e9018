"""Every port's contract runs over the real thing (Azurite) and over the fake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.adapters.recent_pace import RecentPace
from shared.adapters.table_contents import TableContents
from shared.adapters.table_ledger import TableLedger
from shared.adapters.table_old_rows import TableOldRows
from shared.adapters.table_order import TableOrder
from shared.adapters.table_pace import TablePace
from shared.adapters.table_view import TableView
from shared.adapters.table_watch import TableWatch
from shared.ports import ContentLedger, Ledger, LedgerView, OldRows, OrderLedger, PaceLedger, WatchLedger
from tests.builders import ManualClock
from tests.fakes.memory_contents import MemoryContents
from tests.fakes.memory_ledger import MemoryLedger
from tests.fakes.memory_order import MemoryOrder
from tests.fakes.memory_pace import MemoryPace
from tests.fakes.memory_watch import MemoryWatch


@pytest.fixture(params=["memory", "azurite"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """An empty ledger of each kind."""
    if request.param == "memory":
        yield MemoryLedger()
        return
    from azure.data.tables import TableServiceClient

    azurite: Any = request.getfixturevalue("azurite")
    names: Any = request.getfixturevalue("storage_names")
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        yield TableLedger(service.create_table(names.table("ledger")))


@pytest.fixture
def view(ledger: Ledger) -> LedgerView:
    """The watchers' view of the same ledger."""
    return TableView(ledger._table) if isinstance(ledger, TableLedger) else ledger  # type: ignore[return-value]  # the fake is both


@pytest.fixture
def old(ledger: Ledger) -> OldRows:
    """What drops rows of the same ledger."""
    return TableOldRows(ledger._table) if isinstance(ledger, TableLedger) else ledger  # type: ignore[return-value]  # the fake is both


@pytest.fixture(params=["memory", "azurite"])
def watch(request: pytest.FixtureRequest) -> Iterator[WatchLedger]:
    """A watchers' memory of each kind, with nothing in it."""
    if request.param == "memory":
        yield MemoryWatch()
        return
    from azure.data.tables import TableServiceClient

    azurite: Any = request.getfixturevalue("azurite")
    names: Any = request.getfixturevalue("storage_names")
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        yield TableWatch(service.create_table(names.table("ledger")))


@pytest.fixture(params=["memory", "recent", "azurite"])
def pace(request: pytest.FixtureRequest) -> Iterator[PaceLedger]:
    """An untouched pace of each kind."""
    if request.param in {"memory", "recent"}:
        store = MemoryPace()
        yield store if request.param == "memory" else RecentPace(store, ManualClock())
        return
    from azure.data.tables import TableServiceClient

    azurite: Any = request.getfixturevalue("azurite")
    names: Any = request.getfixturevalue("storage_names")
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        yield TablePace(service.create_table(names.table("ledger")))


@pytest.fixture(params=["memory", "azurite"])
def contents(request: pytest.FixtureRequest) -> Iterator[ContentLedger]:
    """A ledger of contents of each kind, with nothing in it."""
    if request.param == "memory":
        yield MemoryContents()
        return
    from azure.data.tables import TableServiceClient

    azurite: Any = request.getfixturevalue("azurite")
    names: Any = request.getfixturevalue("storage_names")
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        yield TableContents(service.create_table(names.table("ledger")))


@pytest.fixture(params=["memory", "azurite"])
def order(request: pytest.FixtureRequest) -> Iterator[OrderLedger]:
    """Queues of each kind, with nobody in them."""
    if request.param == "memory":
        yield MemoryOrder()
        return
    from azure.data.tables import TableServiceClient

    azurite: Any = request.getfixturevalue("azurite")
    names: Any = request.getfixturevalue("storage_names")
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        yield TableOrder(service.create_table(names.table("ledger")))
