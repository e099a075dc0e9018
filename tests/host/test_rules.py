"""What the host decides without any storage: paths, routes, events, retries, status, settings."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from azure.storage.blob import BlobProperties, ContentSettings
from hypothesis import given
from hypothesis import strategies as st

from local.host import messages
from local.host.blob_path import BlobPath
from local.host.blob_trigger import BlobEvent
from local.host.cron import Schedule
from local.host.event_grid import delivered_events, is_written
from local.host.host import Triggers
from local.host.invoker import Invoker, delay_before_retry
from local.host.queue_listener import Undeliverable
from local.host.queue_trigger import encoded
from local.host.routes import Route, in_order
from local.host.runtime import AppRefused, Function, Runtime
from local.host.schedule_monitor import Status
from local.host.settings import AppSettings, HostJson, load_app_settings
from local.host.work import Work

_DAILY = Schedule.parse("0 0 0 * * *")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _function(kind: str, name: str = "f", **binding: object) -> Function:
    return Function(name, "id", [{"type": kind, "name": "x", **binding}])


@pytest.mark.parametrize(
    ("pattern", "blob", "values"),
    [
        ("in/{name}", "a/b.csv", {"name": "a/b.csv"}),
        ("in/{name}.csv", "a.txt", {}),
        ("in/{folder}/{name}.{ending}", "x/y.z.csv", {"folder": "x", "name": "y.z", "ending": "csv"}),
        ("in/a+b/{name}", "a+b/c", {"name": "c"}),
        ("in", "anything", {}),
    ],
)
def test_a_path_names_parts_of_the_blob(pattern: str, blob: str, values: dict[str, str]) -> None:
    assert BlobPath.parse(pattern).container == "in"
    assert BlobPath.parse(pattern).values(blob) == values


@pytest.mark.parametrize("pattern", ["/{name}", "in/{a}/{a}"])
def test_a_path_that_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(AppRefused):
        BlobPath.parse(pattern)


@given(st.text(min_size=1), st.text(min_size=1), st.text())
def test_a_blob_event_survives_its_message(container: str, blob: str, etag: str) -> None:
    event = BlobEvent("Host.Functions.f", container, blob, etag.strip('"'))
    assert BlobEvent.from_message(event.to_message()) == event


@pytest.mark.parametrize("text", ["no base64 !", encoded("no json"), encoded("[]"), encoded("{}"), encoded("null")])
def test_another_message_is_no_blob_event(text: str) -> None:
    with pytest.raises(Undeliverable):
        BlobEvent.from_message(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://acc.blob.core.windows.net/in/a%20b/%C3%A4.csv",
        "http://127.0.0.1:10/devstoreaccount1/in/a%20b/%C3%A4.csv",
    ],
)
def test_a_delivery_names_the_blob_by_its_url(url: str) -> None:
    told = [{"data": {"url": url, "eTag": "0x8D", "blobType": "BlockBlob"}}]
    assert delivered_events("Host.Functions.f", told) == [BlobEvent("Host.Functions.f", "in", "a b/ä.csv", "0x8D")]


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        ("packages/{id}", "/api/packages/7", {"id": "7"}),
        ("packages/{id}", "/API/Packages/a%2Fb%20c/", {"id": "a/b c"}),
        ("packages/{id:int}", "/api/packages/x", None),
        ("packages/{id?}", "/api/packages", {}),
        (
            "packages/{id:guid}",
            "/api/packages/0f8fad5b-d9cb-469f-a165-70867728950e",
            {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"},
        ),
        ("{*rest}", "/api/a/b", {"rest": "a/b"}),
        ("{*rest}", "/api", {}),
        (None, "/api/f", {}),
        ("a.b", "/api/aXb", None),
    ],
)
def test_a_route_reads_the_path(template: str | None, path: str, parameters: dict[str, str] | None) -> None:
    assert Route.of(_function("httpTrigger", route=template), "api").parameters("GET", path) == parameters


def test_a_route_without_a_prefix_starts_at_the_root() -> None:
    assert Route.of(_function("httpTrigger", route="x"), "").parameters("GET", "/x") == {}


def test_the_more_specific_route_goes_first() -> None:
    templates = ["{*rest}", "a/{b}", "a/b", "a/{b:int}"]
    routes = [Route.of(_function("httpTrigger", route=template), "api") for template in templates]
    found = [route.path.removeprefix("/api/") for route in in_order(routes)]
    assert found == ["a/b", "a/{b:int}", "a/{b}", "{*rest}"]


def _blob(
    etag: str, size: int = 1, md5: bytes | None = b"md5", metadata: str = "", created: str = "2026-11-23"
) -> BlobProperties:
    blob = BlobProperties()
    blob.etag, blob.size, blob.creation_time = etag, size, _at(created)
    blob.content_settings = ContentSettings(content_md5=bytearray(md5) if md5 else None)
    blob.metadata = {"m": metadata}
    return blob


@pytest.mark.parametrize(
    ("before", "now", "written"),
    [
        (None, _blob("1"), True),
        (_blob("1"), _blob("1"), False),
        (_blob("1"), _blob("2"), True),  # the same content again
        (_blob("1"), _blob("2", metadata="new"), False),
        (_blob("1"), _blob("2", metadata="new", size=2), True),
        (_blob("1"), _blob("2", metadata="new", md5=b"other"), True),
        (_blob("1"), _blob("2", metadata="new", created="2026-11-24"), True),
        (_blob("1", md5=None), _blob("2", metadata="new", md5=None), True),  # cannot be told apart
    ],
)
def test_a_blob_is_written_when_its_content_may_be_new(
    before: BlobProperties | None, now: BlobProperties, written: bool
) -> None:
    assert is_written(before, now) is written


def test_retries_wait_a_fixed_time_or_twice_as_long_each_time() -> None:
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    fixed = messages.RpcRetryOptions(3, "fixed_delay", delay_interval=minute)
    growing = messages.RpcRetryOptions(-1, "exponential_backoff", minimum_interval=minute, maximum_interval=hour)
    assert [delay_before_retry(fixed, n) for n in (0, 9)] == [minute, minute]
    assert [delay_before_retry(growing, n) for n in (0, 1, 2, 10, 10_000)] == [
        minute,
        2 * minute,
        4 * minute,
        hour,
        hour,
    ]


def test_a_timer_is_past_due_when_its_next_time_has_gone_by() -> None:
    status = Status.after_run(_DAILY, _at("2026-11-20T00:00:03"))
    assert status.on_start(_DAILY, _at("2026-11-20T23:00:00")) == (status, False)
    assert status.on_start(_DAILY, _at("2026-11-23T09:00:00")) == (status, True)


def test_a_timer_that_never_ran_can_be_past_due_too() -> None:
    status = Status.first(_DAILY, _at("2026-11-20T10:00:00"))
    assert status.on_start(_DAILY, _at("2026-11-21T00:00:01")) == (status, True)


def test_a_changed_schedule_begins_anew() -> None:
    status = Status.after_run(_DAILY, _at("2026-11-20T00:00:00"))
    begun, past_due = status.on_start(Schedule.parse("0 0 6 * * *"), _at("2026-11-23T09:00:00"))
    assert not past_due
    assert begun.next_at == _at("2026-11-24T06:00:00")


def test_a_status_survives_its_blob_and_times_without_offset_are_utc() -> None:
    status = Status.first(_DAILY, _at("2026-11-20T10:00:00.123456"))
    assert Status.from_dict(status.to_dict()) == status
    naive = {"Last": "0001-01-01T00:00:00", "Next": "2026-11-21T00:00:00", "LastUpdated": "2026-11-20T10:00:00.123456"}
    assert Status.from_dict(naive) == status


def test_a_connection_may_be_named_with_or_without_the_prefix() -> None:
    assert AppSettings({"FILES": "a"}).connection("FILES") == "a"
    assert AppSettings({"FILES": "a", "AzureWebJobsFILES": "b"}).connection("FILES") == "b"


def test_a_managed_identity_is_no_connection_here_and_the_error_says_so() -> None:
    settings = AppSettings({"AzureWebJobsStorage": "x", "FILES__blobServiceUri": "https://x"})
    with pytest.raises(AppRefused, match=r"FILES: this host needs a connection string.*managed identities"):
        settings.demand([_function("queueTrigger", queueName="q", connection="FILES")])


@pytest.mark.parametrize(
    ("trigger", "told"),
    [
        (_function("timerTrigger", schedule="61 * * * * *"), "f: schedule '61 .*': second 61: must be from 0 to 59"),
        (_function("timerTrigger", schedule="00:05:00"), "six fields"),
        (_function("blobTrigger", path="in/{name}", connection="FILES"), "f: only source=func.BlobSource.EVENT_GRID"),
        (_function("httpTrigger", route="a/{b:length(3)}"), r"route constraint 'length\(3\)'"),
        (_function("httpTrigger", route="a{b}"), "route segment 'a{b}'"),
        (_function("eventHubTrigger", connection="FILES"), "f: this host does not play eventHubTrigger"),
    ],
)
def test_what_this_host_does_not_play_is_refused_by_name(tmp_path: Path, trigger: Function, told: str) -> None:
    work = Work()
    invoker = Invoker(Runtime(ModuleType("no runtime")), work)
    with pytest.raises(AppRefused, match=told):
        Triggers([trigger], AppSettings({"FILES": "x"}), HostJson.load(tmp_path), invoker, work)


def test_local_settings_json_fills_in_what_the_environment_does_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {"THERE": "from the environment"})
    values = {"THERE": "from the file", "ABSENT": "from the file"}
    content = json.dumps({"IsEncrypted": False, "Values": values})
    (tmp_path / "local.settings.json").write_text(content, encoding="utf-8-sig")  # as some editors write it
    assert load_app_settings(tmp_path).resolve("%THERE%, %ABSENT%") == "from the environment, from the file"
    assert os.environ["ABSENT"] == "from the file"  # where the app looks


def test_encrypted_settings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text('{"IsEncrypted": true}', encoding="utf-8")
    with pytest.raises(AppRefused, match="encrypted"):
        load_app_settings(tmp_path)


def test_the_host_id_stays_the_same_for_a_folder_and_can_be_set(tmp_path: Path) -> None:
    found = AppSettings({}).host_id(tmp_path)
    assert len(found) == 32
    assert found == AppSettings({}).host_id(tmp_path) != AppSettings({}).host_id(tmp_path / "other")
    assert AppSettings({"AzureFunctionsWebHost__hostid": "mine"}).host_id(tmp_path) == "mine"


def test_host_json_has_the_defaults_of_the_extensions_and_says_otherwise_by_name(tmp_path: Path) -> None:
    assert HostJson.load(tmp_path).poison_blob_threshold == 5
    queues = {"maxDequeueCount": 2, "visibilityTimeout": "00:01:30"}
    content = {"extensions": {"queues": queues, "http": {"routePrefix": ""}, "blobs": {"poisonBlobThreshold": 3}}}
    (tmp_path / "host.json").write_text(json.dumps(content), encoding="utf-8")
    read = HostJson.load(tmp_path)
    assert (read.queue_max_dequeue_count, read.poison_blob_threshold, read.route_prefix) == (2, 3, "")
    assert read.queue_visibility_timeout == timedelta(seconds=90)


@pytest.mark.parametrize("content", ["{", "[]", '{"extensions": {"queues": {"visibilityTimeout": "soon"}}}'])
def test_a_host_json_that_cannot_be_read_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "host.json").write_text(content, encoding="utf-8")
    with pytest.raises(AppRefused, match=r"host\.json"):
        HostJson.load(tmp_path)


def test_messages_name_the_form_that_is_set_even_when_it_is_empty() -> None:
    assert messages.TypedData(bytes=b"").WhichOneof("data") == "bytes"
    assert messages.TypedData(json="").WhichOneof("data") == "json"
    assert messages.TypedData().WhichOneof("data") is None
