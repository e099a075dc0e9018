"""The whole app with telemetry on, and what really leaves it: names and IDs, and nothing of what is in the files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.storage.blob import BlobServiceClient

from local.app_settings import LANDING
from local.stack import Stack, up
from shared.telemetry import METRICS, Event
from tests.app.ingestion import Ingestion
from tests.leaks import leaks_in

_WITHIN_SECONDS = 90
PRIVATE = "Very private words"
CSV = f"CUSTOMERGROUPID,DESCRIPTION\r\n60,{PRIVATE}\r\n,{PRIVATE} too\r\n".encode()


def _until(found: Callable[[], Any], what: str) -> Any:
    """Look again and again, for telemetry leaves in batches."""
    deadline = time.monotonic() + _WITHIN_SECONDS
    while time.monotonic() < deadline:
        if seen := found():
            return seen
        time.sleep(0.2)
    raise AssertionError(f"not within {_WITHIN_SECONDS} s: {what}")


@pytest.fixture(scope="module")
def ingestion() -> Iterator[Ingestion]:
    """Where telemetry goes."""
    with Ingestion() as server:
        yield server


@pytest.fixture(scope="module")
def stack(ingestion: Ingestion, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The app, with one file loaded in part and told of to its end."""
    further = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
        "PYTHON_ENABLE_OPENTELEMETRY": "true",
        "WEBSITE_SITE_NAME": "courier-test",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    }
    with up(tmp_path_factory.mktemp("told"), further=further) as running:
        with BlobServiceClient.from_connection_string(running.storage) as blobs:
            blobs.get_blob_client(LANDING, "customer-groups/USMF/private 2026-11-14.csv").upload_blob(CSV)
        _until(lambda: ingestion.lines(Event.JOB_EVIDENCE_SAVED), "the file's last event")
        _until(lambda: ingestion.sent("MetricData"), "measures")
        yield running


def test_each_step_of_a_file_leaves_as_a_line_with_what_finds_it_again(stack: Stack, ingestion: Ingestion) -> None:
    [received], [ended] = ingestion.lines(Event.JOB_RECEIVED), ingestion.lines(Event.JOB_ENDED)
    assert received["job_id"].startswith("customer-groups.20261114.")
    assert (received["feed"], received["attempt"], received["state"]) == ("customer-groups", "0", "RECEIVED")
    assert (ended["outcome"], ended["rows_in"], ended["rows_ok"], ended["rows_bad"]) == ("PARTIAL", "2", "1", "1")
    assert ended["job_id"] == received["job_id"]
    assert ended["message_id"]
    assert ended["_tags"]["ai.cloud.role"] == "courier-test"


def test_every_line_of_a_job_leaves_with_all_that_finds_it(stack: Stack, ingestion: Ingestion) -> None:
    lines = [each["data"]["baseData"]["properties"] for each in ingestion.sent("MessageData")]
    of_a_job = [line for line in lines if line["event"].startswith("job.")]
    assert len(of_a_job) >= 6
    finds_it = {"job_id", "feed", "attempt", "message_id", "execution_id"}
    assert {line["event"]: finds_it - set(line) for line in of_a_job if finds_it - set(line)} == {}


def test_a_call_for_a_file_is_a_span_of_the_timers_run_linked_to_where_the_file_landed(
    stack: Stack, ingestion: Ingestion
) -> None:
    [received], [ended] = ingestion.lines(Event.JOB_RECEIVED), ingestion.lines(Event.JOB_ENDED)
    landed, polled = (each["_tags"]["ai.operation.id"] for each in (received, ended))
    assert landed != polled

    def of_the_run() -> list[dict[str, Any]]:
        return [each for each in ingestion.sent("RemoteDependencyData") if each["tags"]["ai.operation.id"] == polled]

    calls = _until(of_the_run, "the spans of the run that saw the end")
    for call in calls:
        links = json.loads(call["data"]["baseData"]["properties"]["_MS.links"])
        assert [link["operation_Id"] for link in links] == [landed]


def test_calls_to_f_and_o_are_named_without_any_id(stack: Stack, ingestion: Ingestion) -> None:

    def named() -> set[str]:
        return {each["data"]["baseData"]["name"] for each in ingestion.sent("RemoteDependencyData")}

    _until(lambda: "POST /enqueue" in named(), "the span of the sending")
    calls = [each["data"]["baseData"] for each in ingestion.sent("RemoteDependencyData")]
    assert {call["target"] for call in calls} == {urlsplit(stack.erp_url).netloc}
    assert all(len(call["name"]) < 40 and "?" not in call["data"] for call in calls)
    assert "200" in {call["resultCode"] for call in calls}


def test_measures_leave_under_their_names_and_with_few_values(stack: Stack, ingestion: Ingestion) -> None:
    told = [each["data"]["baseData"] for each in ingestion.sent("MetricData")]
    ours = {each["metrics"][0]["name"] for each in told}
    assert {"courier.files.received", "courier.files.ended", "courier.files.open", "courier.run.duration"} <= ours
    assert ours <= {metric.name for metric in METRICS}
    assert not any("job_id" in each.get("properties", {}) for each in told)


def test_nothing_that_leaves_holds_a_token_a_secret_or_a_row(stack: Stack, ingestion: Ingestion) -> None:
    everything = "\n".join(ingestion.bodies + ingestion.headers)
    assert len(everything) > 10_000
    assert leaks_in(everything, private=(PRIVATE, stack.settings["D365_CLIENT_SECRET"], "AccountKey", "sig=")) == []
    assert ingestion.sent("ExceptionData") == []


def test_it_leaves_to_the_named_address_only_and_only_lines_of_the_courier(stack: Stack, ingestion: Ingestion) -> None:
    assert set(ingestion.paths) == {"/v2.1/track"}
    lines = [each["data"]["baseData"]["properties"] for each in ingestion.sent("MessageData")]
    assert {line.get("event") for line in lines} <= {event.value for event in Event}
