"""Exports into the lake: every answer of the queue, every trouble on the way, and who may acknowledge when."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.export import DeliveryState
from shared.wiring import _open_doors, assemble
from tests.packages import package, zipped
from tests.scenario.conftest import EXPORT_ACTIVITY, Stage
from tests.scenario.dying import Killed, Reaper

GROUPS = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n50,Retail\r\n"
PACKAGE = package({"Customer groups": GROUPS, "Customers V3": b"CUSTOMERACCOUNT\r\nC1\r\n"})
FEED = "groups-out"


class Shore:
    """The lake as a reader sees it, and the queue as F&O does."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.container = stage.blobs.get_container_client(stage.lake)

    def paths(self) -> list[str]:
        """Everything that lies in the lake."""
        return sorted(blob.name for blob in self.container.list_blobs())

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        return bytes(self.container.get_blob_client(path).download_blob().readall())

    def manifests(self) -> list[dict[str, Any]]:
        """The commit markers of whole exports."""
        return [
            json.loads(self.read(path)) for path in self.paths() if path.endswith("_manifest.json") and "/raw/" in path
        ]

    def raw(self) -> list[str]:
        """The raw packages."""
        return [path for path in self.paths() if "/raw/" in path and not path.endswith(".json")]

    def states(self) -> list[str]:
        """The export messages as F&O sees them."""
        return [message.state for message in self.stage.world.exports]

    def open(self) -> list[tuple[str, str]]:
        """(state, reason) of deliveries that are not settled."""
        return [(d.state, d.reason) for d, _ in self.stage.engine.exports.open_deliveries(FEED)]


@pytest.fixture
def shore(stage: Stage) -> Shore:
    """A lake beside the stage."""
    return Shore(stage)


def test_an_export_is_kept_raw_unpacked_by_entity_marked_complete_and_acknowledged(shore: Shore) -> None:
    correlation = shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    [report] = shore.stage.engine.drain_exports()
    assert (report.acknowledged, report.stopped) == (1, "empty")
    assert shore.states() == ["acknowledged"]
    export_id = f"{correlation}-{hashlib.sha256(PACKAGE).hexdigest()[:12]}"
    groups = f"lake/groups/entity=Customer groups/date=2026-11-14/{export_id}"
    customers = f"lake/groups/entity=Customers V3/date=2026-11-14/{export_id}"
    assert shore.paths() == sorted(
        [
            f"lake/groups/raw/date=2026-11-14/{export_id}.zip",
            f"lake/groups/raw/date=2026-11-14/{export_id}_manifest.json",
            f"{groups}/Customer groups.csv",
            f"{groups}/_manifest.json",
            f"{customers}/Customers V3.csv",
            f"{customers}/_manifest.json",
        ]
    )
    assert shore.read(shore.raw()[0]) == PACKAGE
    assert shore.read(f"{groups}/Customer groups.csv") == GROUPS
    [told] = shore.manifests()
    assert told["rows"] == 3
    assert told["correlation_id"] == correlation
    assert told["raw"]["sha256"] == hashlib.sha256(PACKAGE).hexdigest()
    by_entity = {file["entity"]: file for file in told["files"]}
    assert by_entity["Customer groups"]["rows"] == 2
    assert by_entity["Customer groups"]["sha256"] == hashlib.sha256(GROUPS).hexdigest()
    [export] = shore.stage.engine.exports.exports(FEED)
    assert (export.rows, bool(export.committed_at)) == (3, True)


def test_a_queue_is_drained_one_message_after_the_other_until_it_is_empty(shore: Shore) -> None:
    for number in range(4):
        shore.stage.world.export(EXPORT_ACTIVITY, package({"Customer groups": GROUPS + b"%d,x\r\n" % number}))
    [report] = shore.stage.engine.drain_exports()
    assert report.acknowledged == 4
    calls = [path.split("/")[3] for _, path, _ in shore.stage.world.calls if "/api/connector/" in path]
    assert calls == ["dequeue", "download", "ack"] * 4 + ["dequeue"]


@pytest.mark.parametrize("fault", [None, "empty_200", "null_200"])
def test_every_form_of_an_empty_queue_ends_the_drain(shore: Shore, fault: str | None) -> None:
    if fault:
        shore.stage.world.faults.add("dequeue", fault)
    [report] = shore.stage.engine.drain_exports()
    assert (report.acknowledged, report.stopped) == (0, "empty")


@pytest.mark.parametrize(("content", "fault"), [(None, None), (PACKAGE, "no_file"), (PACKAGE, "null_location")])
def test_a_message_without_file_is_acknowledged_as_the_feed_says(
    shore: Shore, content: bytes | None, fault: str | None
) -> None:
    shore.stage.world.export(EXPORT_ACTIVITY, content)
    if fault:
        shore.stage.world.faults.add("dequeue", fault)
    shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"]
    assert shore.paths() == []


def test_a_message_without_file_is_left_where_the_feed_says_so(shore: Shore) -> None:
    shore.stage.edit_feeds("no_file: acknowledge", "no_file: leave")
    shore.stage.engine = shore.stage.another_host()
    shore.stage.world.export(EXPORT_ACTIVITY, None)
    shore.stage.engine.drain_exports()
    assert shore.states() == ["leased"]
    assert shore.open() == []


def test_the_http_and_port_80_of_a_load_balancer_are_dropped(shore: Shore) -> None:
    shore.stage.world.faults.add("dequeue", "http_location")
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"]


def test_a_location_on_another_host_is_refused_and_the_message_comes_again(shore: Shore) -> None:
    shore.stage.world.faults.add("dequeue", "wrong_host_download")
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    shore.stage.engine.drain_exports()
    [(state, reason)] = shore.open()
    assert state is DeliveryState.TAKEN
    assert "files.evil.example" in reason
    assert "no token was sent there" in reason
    shore.stage.pass_time(timedelta(minutes=31))
    shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"]
    assert len(shore.raw()) == 1
    assert shore.open() == []


@pytest.mark.parametrize("fault", [{"name": "status", "code": 502}, {"name": "status", "code": 500}, {"name": "html"}])
def test_a_failing_dequeue_stops_the_drain_and_loses_nothing(shore: Shore, fault: dict[str, Any]) -> None:
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    shore.stage.world.faults.add("dequeue", **fault)
    [report] = shore.stage.engine.drain_exports()
    assert report.stopped.startswith("dequeue")
    shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"]


def test_a_download_cut_in_the_middle_is_repeated_inside_the_lease(shore: Shore) -> None:
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    shore.stage.world.faults.add("download", "truncated_body", keep_bytes=100)
    shore.stage.engine.drain_exports()
    assert shore.states() == ["leased"]
    assert [state for state, _ in shore.open()] == [DeliveryState.TAKEN]
    assert shore.manifests() == []
    shore.stage.pass_time(timedelta(minutes=5))
    shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"]
    assert shore.read(shore.raw()[0]) == PACKAGE
    assert shore.stage.world.exports[0].deliveries == 1


def test_a_web_page_in_the_place_of_the_file_is_neither_stored_nor_acknowledged(shore: Shore) -> None:
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    shore.stage.world.faults.add("download", "html")
    shore.stage.engine.drain_exports()
    assert (shore.raw(), shore.states()) == ([], ["leased"])
    shore.stage.engine.drain_exports()
    assert [hashlib.sha256(shore.read(path)).hexdigest() for path in shore.raw()] == [
        hashlib.sha256(PACKAGE).hexdigest()
    ]
    assert shore.states() == ["acknowledged"]


def test_a_refused_ack_leaves_it_stored_not_acknowledged_and_is_repeated(shore: Shore) -> None:
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    shore.stage.world.faults.add("ack", "status", code=500)
    shore.stage.engine.drain_exports()
    [(state, reason)] = shore.open()
    assert state is DeliveryState.STORED
    assert reason.startswith("stored, not acknowledged")
    downloads = len(shore.stage.world.exports[0].downloads)
    shore.stage.pass_time(timedelta(minutes=5))
    shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"]
    assert len(shore.stage.world.exports[0].downloads) == downloads
    assert shore.open() == []


@pytest.mark.parametrize("survives", [True, False])
def test_a_redelivery_is_recognised_not_stored_twice_and_acknowledged(shore: Shore, survives: bool) -> None:
    shore.stage.world.queue.correlation_survives = survives
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    shore.stage.world.faults.add("ack", "status", times=3, code=500)
    for _ in range(3):
        shore.stage.engine.drain_exports()
        shore.stage.pass_time(timedelta(minutes=11))
    before = shore.paths()
    shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"]
    assert shore.stage.world.exports[0].deliveries == 2
    assert shore.paths() == before
    assert len(shore.manifests()) == 1


def test_an_ack_whose_answer_was_lost_leaves_no_second_copy_and_lapses_quietly(shore: Shore) -> None:
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    shore.stage.world.faults.add("ack", "answer_lost_after_commit")
    for _ in range(4):
        shore.stage.engine.drain_exports()
        shore.stage.pass_time(timedelta(minutes=10))
    assert shore.states() == ["acknowledged"]
    assert shore.open() == []
    assert len(shore.raw()) == 1


def test_nothing_is_begun_or_acknowledged_after_minute_25(shore: Shore) -> None:
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    shore.stage.world.faults.add("ack", "status", code=500)
    shore.stage.engine.drain_exports()
    shore.stage.pass_time(timedelta(minutes=26))
    shore.stage.world.calls.clear()
    shore.stage.engine.drain_exports()
    assert not [path for _, path, _ in shore.stage.world.calls if "/ack/" in path]
    assert shore.open() == []
    shore.stage.pass_time(timedelta(minutes=5))
    shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"]


HOSTILE = {
    "unsafe-path": zipped({"../../out.csv": b"x", "Manifest.xml": b"<a/>"}),
    "nested-zip": zipped({"inner.zip": zipped({"a": b"b"})}),
    "compression-ratio": zipped({"zeros.csv": bytes(20_000_000)}),
    "broken-zip": PACKAGE[: len(PACKAGE) // 2],
}


@pytest.mark.parametrize("rule", HOSTILE)
def test_a_hostile_package_is_kept_raw_not_unpacked_and_reported(shore: Shore, rule: str) -> None:
    shore.stage.world.export(EXPORT_ACTIVITY, HOSTILE[rule])
    shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"]
    assert shore.read(shore.raw()[0]) == HOSTILE[rule]
    assert not [path for path in shore.paths() if "entity=" in path]
    [told] = shore.manifests()
    assert [finding["rule"] for finding in told["findings"]] == [rule]


def test_a_bare_file_and_members_of_every_format_are_stored_as_they_came(shore: Shore) -> None:
    members = {"a.csv": GROUPS, "b.xml": b"<D><R/><R/></D>", "c.xlsx": b"PK\x03\x04not counted"}
    shore.stage.world.export(EXPORT_ACTIVITY, zipped(members))
    shore.stage.world.export(EXPORT_ACTIVITY, GROUPS)
    shore.stage.engine.drain_exports()
    packed, bare = sorted(shore.manifests(), key=lambda told: -len(told["files"]))
    assert {file["path"].rsplit("/", 1)[1]: file["rows"] for file in packed["files"]} == {
        "a.csv": 2,
        "b.xml": 2,
        "c.xlsx": None,
    }
    for file in packed["files"]:
        assert shore.read(file["path"]) == members[file["path"].rsplit("/", 1)[1]]
    assert shore.read(bare["raw"]["path"]) == GROUPS


def test_one_feed_in_trouble_does_not_hold_up_another(shore: Shore) -> None:
    shore.stage.edit_feeds("exports:\n", "exports:\n  broken:\n    activity_id: 99999999-9999-4999-8999-999999999999\n")
    shore.stage.engine = shore.stage.another_host()
    shore.stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    reports = {report.feed: report for report in shore.stage.engine.drain_exports()}
    assert "activity_id" in reports["broken"].stopped
    assert reports[FEED].acknowledged == 1


def test_messages_that_cannot_be_finished_stand_aside_but_not_without_bound(shore: Shore) -> None:
    shore.stage.world.faults.add("download", "status", times=100, code=500)
    for number in range(8):
        shore.stage.world.export(EXPORT_ACTIVITY, package({"Customer groups": b"A\r\n%d\r\n" % number}))
    [report] = shore.stage.engine.drain_exports()
    assert report.stopped == "too many unfinished deliveries"
    assert len(shore.open()) == 5
    shore.stage.world.faults.clear()
    for _ in range(3):
        shore.stage.engine.drain_exports()
    assert shore.states() == ["acknowledged"] * 8


def test_two_drains_at_once_store_each_export_once_and_acknowledge_only_what_is_stored(shore: Shore) -> None:
    for number in range(10):
        shore.stage.world.export(EXPORT_ACTIVITY, package({"Customer groups": b"A\r\n%d\r\n" % number}))
    hosts = [shore.stage.engine, shore.stage.another_host(), shore.stage.another_host()]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda host: host.drain_exports(), hosts))
    assert shore.states() == ["acknowledged"] * 10
    assert len(shore.manifests()) == len(shore.raw()) == 10
    assert shore.open() == []


@pytest.mark.timeout(600)
def test_wherever_a_drain_dies_nothing_is_lost_and_nothing_is_acknowledged_unstored(shore: Shore) -> None:
    stage, places = shore.stage, []
    for step in range(1, 120):
        content = package({"Customer groups": b"A\r\nstep %d\r\n" % step})
        stage.world.export(EXPORT_ACTIVITY, content)
        reaper = Reaper(step)
        doors = reaper.wrap(_open_doors(stage.engine.settings, stage.clock))
        doomed = assemble(stage.engine.settings, stage.engine.feeds, doors, stage.clock, lambda: 0.5)
        try:
            doomed.drain_exports()
        except Killed:
            places.append(reaper.calls[-1])
        else:
            break
        _stored_if_acknowledged(shore, content, places[-1])
        stage.engine.drain_exports()
        stage.pass_time(timedelta(minutes=31))
        stage.engine.drain_exports()
        _stored_if_acknowledged(shore, content, places[-1])
        assert stage.world.exports[-1].state == "acknowledged", f"lost after dying {places[-1]}"
        assert shore.open() == [], f"open after dying {places[-1]}"
    digests = [told["raw"]["sha256"] for told in shore.manifests()]
    assert len(digests) == len(set(digests)) == len(places) + 1
    assert any("queue.acknowledge" in place for place in places)
    assert not [path for path in shore.paths() if "_incoming" in path]


def _stored_if_acknowledged(shore: Shore, content: bytes, place: str) -> None:
    """The one thing that must never be: acknowledged in F&O, and not whole in the lake."""
    if shore.stage.world.exports[-1].state != "acknowledged":
        return
    digest = hashlib.sha256(content).hexdigest()
    [told] = [told for told in shore.manifests() if told["raw"]["sha256"] == digest]
    assert shore.read(told["raw"]["path"]) == content, f"acknowledged unstored after dying {place}"


class FlippingLake:
    """The real lake, but the first file written to it gets one wrong byte on the way."""

    def __init__(self, lake: Any) -> None:
        self._lake = lake
        self.has_flipped = False

    def put(self, path: str, blocks: Any) -> None:
        """Write, with the first byte of the first file changed."""
        body = bytearray(b"".join(blocks))
        if not self.has_flipped:
            body[0] ^= 0xFF
            self.has_flipped = True
        self._lake.put(path, [bytes(body)])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)


def test_a_byte_that_changed_on_its_way_into_the_lake_is_seen_before_anything_is_acknowledged(shore: Shore) -> None:
    stage = shore.stage
    stage.world.export(EXPORT_ACTIVITY, PACKAGE)
    doors = _open_doors(stage.engine.settings, stage.clock)
    doors = replace(doors, lake=FlippingLake(doors.lake))
    engine = assemble(stage.engine.settings, stage.engine.feeds, doors, stage.clock, lambda: 0.5)
    engine.drain_exports()
    assert shore.states() == ["leased"]
    assert shore.manifests() == []
    assert "other bytes than were downloaded" in shore.open()[0][1]
    engine.drain_exports()
    assert shore.states() == ["acknowledged"]
    assert shore.read(shore.raw()[0]) == PACKAGE
