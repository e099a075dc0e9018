"""Every sample comes to the outcome that is named beside it, and its package is one that F&O could have written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from local.app_settings import Client, for_local_run
from local.samples import samples
from local.samples.package import Member, package
from local.tour.following import Following, Row
from shared.wiring import Engine, engine_from
from tests.builders import ManualClock


@pytest.fixture
def settings(azurite: Any, simulator: Any, storage_names: Any) -> dict[str, str]:
    """The local run's own settings, with containers and a table of this test."""
    world = simulator.world
    client = Client(tenant_id=world.tenant_id, client_id=world.client_id, client_secret=world.client_secret)
    return for_local_run(azurite.connection_string, simulator.url, client) | {
        "LANDING_CONTAINER": storage_names.container("landing"),
        "ARCHIVE_CONTAINER": storage_names.container("archive"),
        "REJECTED_CONTAINER": storage_names.container("rejected"),
        "OUTCOMES_CONTAINER": storage_names.container("outcomes"),
        "LEDGER_TABLE": storage_names.table("ledger"),
    }


@pytest.fixture
def engine(settings: dict[str, str], simulator: Any, clock: ManualClock) -> Iterator[Engine]:
    """An engine on empty storage, at the simulator's time."""
    with (
        BlobServiceClient.from_connection_string(settings["FILES"]) as blobs,
        TableServiceClient.from_connection_string(settings["LEDGER"]) as tables,
    ):
        for name in ("LANDING_CONTAINER", "ARCHIVE_CONTAINER", "REJECTED_CONTAINER", "OUTCOMES_CONTAINER"):
            blobs.create_container(settings[name])
        tables.create_table(settings["LEDGER_TABLE"])
    clock.now = simulator.world.clock.now()
    yield engine_from(settings, clock, lambda: 0.5)


def _followed_to_the_end(following: Following, engine: Engine, world: Any, clock: ManualClock) -> list[Row]:
    for _ in range(30):
        world.recurrence_tick()
        clock.advance(timedelta(seconds=10))
        world.clock.advance(timedelta(seconds=10))
        engine.poll()
        if all(row.is_done for row in following.rows()):
            break
    return following.rows()


def test_each_sample_comes_to_the_outcome_and_the_row_counts_named_beside_it(
    settings: dict[str, str], engine: Engine, simulator: Any, clock: ManualClock
) -> None:
    landing = settings["LANDING_CONTAINER"]
    with Following(settings, landing) as following:
        for sample in samples("test1"):
            following.drop(sample)
            engine.file_landed(landing, sample.path)
        rows = _followed_to_the_end(following, engine, simulator.world, clock)
    assert [(row.path, row.state, row.rows) for row in rows] == [
        (sample.path, sample.outcome, sample.rows) for sample in samples("test1")
    ]
    assert all(row.is_as_expected for row in rows)


def test_a_second_run_on_the_same_storage_fares_like_the_first(
    settings: dict[str, str], engine: Engine, simulator: Any, clock: ManualClock
) -> None:
    landing = settings["LANDING_CONTAINER"]
    for run in ("first", "second"):
        with Following(settings, landing) as following:
            for sample in samples(run):
                following.drop(sample)
                engine.file_landed(landing, sample.path)
            rows = _followed_to_the_end(following, engine, simulator.world, clock)
        assert all(row.is_as_expected for row in rows), run


def test_no_two_samples_of_two_runs_share_a_path_or_a_content() -> None:
    all_of_them = samples("one") + samples("two")
    assert len({sample.path for sample in all_of_them}) == len(all_of_them)
    assert len({sample.content for sample in all_of_them if sample.content}) == len(all_of_them) - 2


def test_a_package_has_utf_16_descriptions_with_elements_in_alphabetical_order() -> None:
    built = package("Project", [Member(entity="Customer groups", content=b"B,A\r\n1,2\r\n", level=2)])
    with zipfile.ZipFile(io.BytesIO(built)) as members:
        manifest = members.read("Manifest.xml")
        assert sorted(members.namelist()) == ["Customer groups.csv", "Manifest.xml", "PackageHeader.xml"]
    assert manifest.startswith(b"\xff\xfe<\0D\0")
    for element in ElementTree.fromstring(manifest).iter():
        names = [child.tag for child in element]
        assert names == sorted(names)


def test_the_same_input_gives_the_same_package() -> None:
    members = [Member(entity="Customer groups", content=b"A\r\n1\r\n")]
    assert package("Project & Söhne", members) == package("Project & Söhne", members)
