"""The triggers of the sample app, in one running host."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests
from azure.storage.blob import BlobBlock, ContentSettings

from tests.host.running import RunningHost, World, wait_until

if TYPE_CHECKING:
    from local.azurite import Azurite


@pytest.fixture(scope="module")
def world(azurite: Azurite) -> World:
    """One for all tests here, which use blob names of their own."""
    world = World(azurite.connection_string, uuid.uuid4().hex[:10])
    world.put("LANDING", "there before the start.csv")
    return world


@pytest.fixture(scope="module")
def host(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    with RunningHost(world.settings, tmp_path_factory.mktemp("host") / "host.log") as running:
        yield running


def test_the_host_lists_its_functions_and_then_says_where_it_is(host: RunningHost, world: World) -> None:
    *table, ready = host.output.splitlines()
    assert ready == f"function host ready: {host.url}"
    rows = [line.split(maxsplit=2) for line in table]
    assert ["on_landed", "blobTrigger", f"{world.settings['LANDING']}/{{name}}"] in rows
    assert ["tick", "timerTrigger", "0 0 0 29 2 *"] in rows
    assert ["on_poison", "queueTrigger", "webjobs-blobtrigger-poison"] in rows
    assert ["hello", "httpTrigger", "POST /api/hello/{name}/{times:int?}"] in rows
    status = requests.get(f"{host.url}/admin/host/status", timeout=10).json()
    assert status["state"] == "Running"
    assert len(status["functions"]) == len(rows)


def test_a_written_blob_is_told_once_and_again_when_it_is_overwritten(host: RunningHost, world: World) -> None:
    name = "Bestellung 100 % für März/a+b.csv"
    world.put("LANDING", name, b"first")
    wait_until(lambda: world.notes("landed", name=name), "the blob fired")
    world.put("LANDING", name, b"second")
    wait_until(lambda: world.notes("landed", name=name, content="second"), "the overwritten blob fired")
    world.put("LANDING", "later.csv")
    wait_until(lambda: world.notes("landed", name="later.csv"), "a later blob fired")
    assert [told["content"] for told in world.notes("landed", name=name)].count("first") == 1
    assert len(world.notes("landed", name=name)) == 2


def test_new_metadata_and_headers_are_no_event(host: RunningHost, world: World) -> None:
    world.put("LANDING", "described.csv")
    wait_until(lambda: world.notes("landed", name="described.csv"), "the blob fired")
    blob = world.blobs.get_blob_client(world.settings["LANDING"], "described.csv")
    blob.set_blob_metadata({"seen": "yes"})
    md5 = blob.get_blob_properties().content_settings.content_md5
    blob.set_http_headers(ContentSettings(content_type="text/csv", content_md5=md5))
    world.put("LANDING", "after described.csv")
    wait_until(lambda: world.notes("landed", name="after described.csv"), "a later blob fired")
    assert len(world.notes("landed", name="described.csv")) == 1


def test_only_committed_blobs_fire(host: RunningHost, world: World) -> None:
    blob = world.blobs.get_blob_client(world.settings["LANDING"], "in blocks.csv")
    blob.stage_block("AAAA", b"in blocks")
    world.put("LANDING", "after staging.csv")
    wait_until(lambda: world.notes("landed", name="after staging.csv"), "a later blob fired")
    assert not world.notes("landed", name="in blocks.csv")
    blob.commit_block_list([BlobBlock("AAAA")])
    wait_until(lambda: world.notes("landed", name="in blocks.csv", content="in blocks"), "the committed blob fired")


def test_what_was_there_before_the_start_is_not_told(host: RunningHost, world: World) -> None:
    world.put("LANDING", "after the start.csv")
    wait_until(lambda: world.notes("landed", name="after the start.csv"), "a new blob fired")
    assert not world.notes("landed", name="there before the start.csv")


def test_a_function_that_takes_a_stream_gets_the_content_and_what_is_known_of_the_blob(
    host: RunningHost, world: World
) -> None:
    world.put("SECOND", "x.txt", b"four")
    told = wait_until(lambda: world.notes("second", content="four"), "the second container fired")
    assert told == [{"name": f"{world.settings['SECOND']}/x.txt", "length": 4, "content": "four"}]


def test_a_blob_that_fails_five_times_becomes_poison_and_the_queue_trigger_gets_it(
    host: RunningHost, world: World
) -> None:
    world.put("LANDING", "bad.csv", b"poison")
    told = wait_until(lambda: world.notes("poison", blob="bad.csv"), "the poison queue fired")
    assert told == [{"blob": "bad.csv", "function": "Host.Functions.on_landed"}]
    assert len(world.notes("landed", name="bad.csv")) == 5
    assert host.errors.count("ValueError: this file is poison") == 5  # each failure is told once


def test_a_timer_that_is_run_now_has_ended_when_the_answer_comes(host: RunningHost, world: World) -> None:
    before = len(world.notes("tick"))
    assert host.run_now("tick").status_code == 200
    assert len(world.notes("tick")) == before + 1
    assert world.notes("tick")[0]["past_due"] is False


def test_a_failed_run_is_answered_with_500_and_its_error(host: RunningHost, world: World) -> None:
    world.put("NOTES", "fail")
    answer = host.run_now("tick")
    world.blobs.get_blob_client(world.settings["NOTES"], "fail").delete_blob()
    assert answer.status_code == 500
    assert answer.json()["error"] == "RuntimeError: tick was told to fail"


def test_runs_of_one_timer_never_overlap(host: RunningHost, world: World) -> None:
    for _ in range(2):
        assert host.run_now("slow", wait=False).status_code == 202
    wait_until(lambda: world.notes("slow-started"), "the first run started")
    host.run_now("tick")  # another timer may run meanwhile
    assert len(world.notes("slow-started")) == 1
    world.put("NOTES", "release")
    wait_until(lambda: len(world.notes("slow-ended")) == 2, "both runs ended")


def test_a_timer_fires_by_its_schedule(host: RunningHost, world: World) -> None:
    wait_until(lambda: len(world.notes("second-passed")) >= 2, "two seconds passed")


def test_retries_count_up_until_the_function_succeeds(host: RunningHost, world: World) -> None:
    assert host.run_now("third_time_lucky").status_code == 200
    tries = sorted(world.notes("try"), key=lambda told: told["retry"])
    assert tries == [{"retry": 0, "most": 3}, {"retry": 1, "most": 3}, {"retry": 2, "most": 3}]


@pytest.mark.parametrize(("name", "status"), [("nobody", 404), ("on_landed", 400)])
def test_what_is_no_timer_cannot_be_run_now(host: RunningHost, name: str, status: int) -> None:
    assert host.run_now(name).status_code == status


def test_an_http_function_gets_parameters_query_and_body(host: RunningHost) -> None:
    answer = requests.post(f"{host.url}/api/hello/J%C3%BCrgen%2FA/3?q=%25", data=b"body", timeout=10)
    assert answer.status_code == 201
    assert answer.json() == {"params": {"name": "Jürgen/A", "times": "3"}, "query": {"q": "%"}, "body": "body"}
    assert answer.headers["X-Told"] == "yes"
    assert answer.cookies["a"] == "b"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/hello/x", 404),
        ("POST", "/hello/x", 404),
        ("POST", "/api/hello/x/y", 404),
        ("GET", "/api/broken", 500),
    ],
)
def test_what_fits_no_route_is_not_found_and_what_raises_is_a_500(
    host: RunningHost, method: str, path: str, status: int
) -> None:
    assert requests.request(method, host.url + path, timeout=10).status_code == status


def _delivery(world: World, name: str) -> list[dict[str, object]]:
    url = world.blobs.get_blob_client(world.settings["SECOND"], name).url
    return [
        {"eventType": "Microsoft.Storage.BlobCreated", "data": {"url": url, "eTag": "0x1", "blobType": "BlockBlob"}}
    ]


def test_the_webhook_of_event_grid_reaches_the_function_it_names(host: RunningHost, world: World) -> None:
    world.put("SECOND", "no pattern ä", b"by hook")  # the pattern {name}.{ending} is not looked at, as in Azure
    wait_until(lambda: world.notes("second", content="by hook"), "the container fired")
    hook = f"{host.url}/runtime/webhooks/blobs"
    query = {"functionName": "Host.Functions.on_second", "code": "any"}
    answer = requests.post(hook, params=query, json=_delivery(world, "no pattern ä"), timeout=10)
    assert answer.status_code == 202
    wait_until(lambda: len(world.notes("second", content="by hook")) == 2, "the delivery fired")
    assert requests.post(hook, params=query, json=_delivery(world, "gone"), timeout=10).status_code == 202
    wait_until(lambda: "gone is gone, its event is dropped" in host.errors, "the event was dropped")


def test_the_webhook_answers_the_validation_and_refuses_the_rest(host: RunningHost) -> None:
    hook = f"{host.url}/runtime/webhooks/blobs?functionName=Host.Functions.on_landed"
    asked = json.dumps([{"data": {"validationCode": "512d38b6"}}])
    answer = requests.post(hook, data=asked, headers={"aeg-event-type": "SubscriptionValidation"}, timeout=10)
    assert answer.json() == {"validationResponse": "512d38b6"}
    assert requests.post(hook, data=b"no json", timeout=10).status_code == 400
    assert requests.post(hook.replace("on_landed", "nobody"), json=[], timeout=10).status_code == 404
