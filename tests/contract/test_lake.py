"""The lake's container, and the ledger of exports, on the real store."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from shared.adapters.blobs.lake import BLOCK_BYTES, BlobLake
from shared.adapters.tables.exports import TableExports
from shared.domain.checks.findings import Finding
from shared.domain.export import Delivery, DeliveryState, Export, StoredMember, settle
from shared.errors import Conflict, SourceLost
from shared.ports import ExportLedger, Lake
from tests.builders import START


@pytest.fixture
def lake(azurite: Any, storage_names: Any) -> Iterator[Lake]:
    """An empty container."""
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        name = storage_names.container("lake")
        service.create_container(name)
        yield BlobLake(service, name)


@pytest.fixture
def exports(azurite: Any, storage_names: Any) -> Iterator[ExportLedger]:
    """An empty table."""
    from azure.data.tables import TableServiceClient

    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        yield TableExports(service.create_table(storage_names.table("ledger")))


def _content(lake: Lake, path: str) -> bytes | None:
    """All bytes of a file; None when it is not there."""
    try:
        return b"".join(lake.blocks(path))
    except SourceLost:
        return None


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1])
def test_a_stream_becomes_a_file_of_the_same_bytes(lake: Lake, size: int) -> None:
    body = os.urandom(size)
    lake.put("a/b c/Zürich.csv", (body[at : at + 1_000_000] for at in range(0, size, 1_000_000)))
    assert _content(lake, "a/b c/Zürich.csv") == body
    with lake.open("a/b c/Zürich.csv", size) as file:
        assert file.read() == body


def test_a_stream_that_breaks_leaves_no_file_and_the_old_one_as_it_was(lake: Lake) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (BLOCK_BYTES + 1)
        raise ConnectionError("cut")

    with pytest.raises(ConnectionError):
        lake.put("new", broken())
    assert _content(lake, "new") is None
    lake.put("old", [b"old"])
    with pytest.raises(ConnectionError):
        lake.put("old", broken())
    lake.put("old", [b"newer"])
    assert _content(lake, "old") == b"newer"


def test_a_zip_is_read_by_ranges(lake: Lake, tmp_path: Any) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("big.bin", bytes(range(256)) * 20_000)
        package.writestr("small.txt", "hello")
    lake.put("p.zip", [path.read_bytes()])
    with lake.open("p.zip", path.stat().st_size) as file, zipfile.ZipFile(file) as package:
        assert package.read("small.txt") == b"hello"
        assert package.testzip() is None


def test_what_is_not_there_is_not_read_and_removing_it_is_no_fault(lake: Lake) -> None:
    with pytest.raises(SourceLost):
        next(iter(lake.blocks("nothing")))
    with pytest.raises(SourceLost):
        lake.open("nothing", 7).read()
    lake.remove("nothing")


def test_a_copy_has_the_bytes_and_may_be_made_again(lake: Lake) -> None:
    lake.put("from", [b"content"])
    assert lake.copy("from", "to/it")
    assert lake.copy("from", "to/it")
    lake.remove("from")
    assert _content(lake, "to/it") == b"content"


def _delivery(**changes: Any) -> Delivery:
    told = Delivery(
        delivery_id="d1", feed="groups", activity_id="a", correlation_id="c", raw='{"é": 1}', taken_at=START
    )
    return replace(told, **changes)


def _export(**changes: Any) -> Export:
    told = Export(
        feed="groups",
        sha256="ab" * 32,
        size_bytes=9_999_999_999,
        correlation_id="c",
        business_date=date(2026, 11, 14),
        first_seen_at=START,
        raw_path="groups/raw/x.zip",
    )
    return replace(told, **changes)


def test_a_delivery_noted_twice_is_one_row_and_comes_back_as_written(exports: ExportLedger) -> None:
    exports.note(_delivery())
    again, seen = exports.note(_delivery(reason="a second note"))
    assert again == _delivery()
    exports.move(replace(again, state=DeliveryState.STORED, tries=2, content_key="k"), seen)
    [(found, _)] = exports.open_deliveries("groups")
    assert (found.state, found.tries, found.raw) == (DeliveryState.STORED, 2, '{"é": 1}')


def test_of_two_drains_that_move_one_delivery_one_gets_a_conflict(exports: ExportLedger) -> None:
    delivery, seen = exports.note(_delivery())
    exports.move(replace(delivery, state=DeliveryState.STORED), seen)
    with pytest.raises(Conflict):
        exports.move(replace(delivery, reason="late"), seen)
    with pytest.raises(Conflict):
        exports.move(settle(delivery, DeliveryState.LAPSED, START, "late"), seen)
    assert [found.state for found, _ in exports.open_deliveries("groups")] == [DeliveryState.STORED]


def test_a_settled_delivery_leaves_the_open_ones_and_settling_again_conflicts(exports: ExportLedger) -> None:
    delivery, seen = exports.note(_delivery())
    other, _ = exports.note(_delivery(delivery_id="d2", taken_at=START - timedelta(minutes=1)))
    done = settle(delivery, DeliveryState.ACKNOWLEDGED, START, "acknowledged")
    exports.move(done, seen)
    assert [found for found, _ in exports.open_deliveries("groups")] == [other]
    with pytest.raises(Conflict):
        exports.move(done, seen)


def test_content_is_claimed_by_the_first_and_its_names_stay(exports: ExportLedger) -> None:
    first = exports.claim(_export())
    second = exports.claim(_export(correlation_id="other", raw_path="elsewhere"))
    assert first == second == _export()


def test_committed_content_is_found_with_all_its_members(exports: ExportLedger) -> None:
    members = tuple(
        StoredMember(name=f"{n}.csv", entity="E" * 80, path="p" * 150, size_bytes=n, sha256="cd" * 32, rows=n or None)
        for n in range(400)
    )
    finding = Finding(rule="nested-zip", seen="x.zip", advice="Not unpacked.", feed="groups")
    export = _export(members=members, findings=(finding,), committed_at=START)
    exports.claim(_export())
    exports.commit(export)
    assert exports.find("groups", export.key) == export
    assert list(exports.exports("groups")) == [export]
    assert exports.find("groups", "0" * 32) is None
