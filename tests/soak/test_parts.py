"""The parts of a soak that need no soak: its plan, its traffic, its clock, its reader of the lake, its witness."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContainerClient

from local.soak.chaos import Schedule
from local.soak.erp import Witness, soak_world
from local.soak.fast_clock import SPEED, FastClock, real_seconds
from local.soak.lake import LakeReader
from local.soak.plan import ENVIRONMENT_CAP, EXPORTS, FEEDS, caps, fault_kinds, feeds_yaml
from local.soak.traffic import drops, exports
from shared.feeds.loading import load_feeds

CLOCK = FastClock(datetime.now(UTC))


def test_the_plans_feeds_are_a_feeds_file_with_the_caps_that_are_held_against_f_and_o() -> None:
    book = load_feeds(feeds_yaml(), {}, "local")
    assert {feed.activity_id: feed.max_in_flight for feed in book.feeds.values()} | {
        "all": book.max_in_flight
    } == caps()
    assert sum(feed.cap for feed in FEEDS) > ENVIRONMENT_CAP, "both kinds of caps must bind"
    assert set(book.exports) == set(EXPORTS)


def test_the_simulator_knows_every_fault_of_the_plan() -> None:
    world = soak_world(CLOCK, Witness(LakeReader(None, ()), Path("unused")), correlation_survives=True)  # type: ignore[arg-type]
    world.fault_rate(1, 0.2, [(call, name, params) for call, name, params in fault_kinds()])


def test_the_same_seed_gives_the_same_files_and_no_two_have_the_same_content() -> None:
    first, again = (drops(random.Random(7), 300, 60), drops(random.Random(7), 300, 60))
    assert first == again
    assert len({drop.file.sha256 for drop in first}) == len({drop.file.path for drop in first}) == 300
    assert {len(drop.event_delays_seconds) for drop in first} == {0, 1, 2, 3}


def test_every_feed_and_every_export_has_its_share() -> None:
    by_feed = Counter(drop.file.path.partition("/")[0] for drop in drops(random.Random(7), 300, 60))
    assert min(by_feed[feed.name] for feed in FEEDS) > 5
    made = exports(random.Random(7), 300, 60)
    assert {export.activity_id for export in made} == set(EXPORTS.values())
    assert any(export.content is None for export in made)


def test_an_hour_of_a_soak_takes_half_a_minute() -> None:
    assert real_seconds(timedelta(hours=1)) == 60
    began_at = datetime.now(UTC) - timedelta(minutes=1)
    assert FastClock(began_at)() - began_at >= timedelta(minutes=SPEED)


def test_a_schedule_does_what_is_due_in_order_of_time_and_nothing_else() -> None:
    schedule, done = Schedule(), []
    for at_seconds in (3.0, 1.0, 2.0):
        schedule.add(at_seconds, lambda _now, at_seconds=at_seconds: done.append(at_seconds))  # type: ignore[misc]
    while schedule.run_next(2.5):
        pass
    assert done == [1.0, 2.0]


@pytest.fixture
def lake(azurite: Any, storage_names: Any) -> Any:
    with ContainerClient.from_connection_string(azurite.connection_string, storage_names.container("lake")) as made:
        made.create_container()
        yield made


def _store(lake: ContainerClient, content: bytes, name: str = "a") -> str:
    path = f"groups-out/raw/date=2026-11-14/{name}.zip"
    lake.upload_blob(path, content, overwrite=True)
    marker = json.dumps({"raw": {"path": path}})
    lake.upload_blob(f"groups-out/raw/date=2026-11-14/{name}_manifest.json", marker, overwrite=True)
    return hashlib.sha256(content).hexdigest()


def test_the_lake_is_read_by_its_bytes_and_only_where_a_marker_says_complete(lake: ContainerClient) -> None:
    reader = LakeReader(lake, EXPORTS)
    digest = _store(lake, b"whole")
    lake.upload_blob("groups-out/raw/date=2026-11-14/unmarked.zip", b"unmarked")
    assert reader.complete() == [digest]
    changed = _store(lake, b"half")
    assert reader.complete() == [changed], "bytes that changed are read again"
    lake.delete_blob("groups-out/raw/date=2026-11-14/a.zip")
    assert reader.complete() == [""]


def test_the_witness_writes_down_what_the_lake_held_at_each_acknowledgement(
    lake: ContainerClient, tmp_path: Path
) -> None:
    notes = tmp_path / "witness.jsonl"
    world = soak_world(CLOCK, Witness(LakeReader(lake, EXPORTS), notes), correlation_survives=True)
    activity_id = EXPORTS["groups-out"]
    for content in (b"stored before", b"not stored"):
        world.export(activity_id, content)
    _store(lake, b"stored before")
    for _ in range(2):
        found = world.queue.dequeue(activity_id)
        assert found
        world.queue.acknowledge(activity_id, found[0].correlation_id, found[0].pop_receipt)
    seen = [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
    assert [note["stored"] for note in seen] == [True, False]
    assert [message.state for message in world.exports] == ["acknowledged"] * 2
