"""The whole app under Microsoft's runtime, on Azurite and the simulator: what any Azure client sees of it."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from local.app_settings import ARCHIVE, LANDING, REJECTED
from local.stack import Stack, up

CSV = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n50,Retail\r\n"
_WITHIN_SECONDS = 60


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything that `dev.py run` starts, in a folder of its own."""
    with up(tmp_path_factory.mktemp("run")) as running:
        yield running


@pytest.fixture(scope="module")
def blobs(stack: Stack) -> Iterator[BlobServiceClient]:
    """Any Azure client: an upstream system, an auditor."""
    with BlobServiceClient.from_connection_string(stack.storage) as service:
        yield service


def _until(found: Callable[[], Any], what: str) -> Any:
    """Look again and again, for processes tell nobody when they are done."""
    deadline = time.monotonic() + _WITHIN_SECONDS
    while time.monotonic() < deadline:
        seen = found()
        if seen:
            return seen
        time.sleep(0.2)
    raise AssertionError(f"not within {_WITHIN_SECONDS} s: {what}")


def _record(blobs: BlobServiceClient, container: str, name: str) -> dict[str, Any] | None:
    """job.json of the file called `name`, once its folder is complete."""
    client = blobs.get_container_client(container)
    folders = [path.rpartition("/")[0] for path in client.list_blob_names() if path.endswith(f"/{name}")]
    for folder in folders:
        if f"{folder}/job.json" in client.list_blob_names(name_starts_with=folder):
            return dict(json.loads(client.download_blob(f"{folder}/job.json").readall()))
    return None


def _drop(blobs: BlobServiceClient, path: str, content: bytes) -> None:
    blobs.get_blob_client(LANDING, path).upload_blob(content)


def test_the_runtime_finds_every_function(stack: Stack) -> None:
    with urllib.request.urlopen(f"{stack.app_url}/admin/host/status", timeout=10) as answer:
        assert answer.status == 200
    told = (stack.place / "logs" / "app.log").read_text(encoding="utf-8")
    for name in ("on_file_landed", "poll_jobs", "drain_exports", "watch_promises"):
        assert name in told


def test_a_file_dropped_by_any_azure_client_is_loaded_and_archived(stack: Stack, blobs: BlobServiceClient) -> None:
    _drop(blobs, "customer-groups/USMF/dropped 2026-11-14.csv", CSV)
    record = _until(lambda: _record(blobs, ARCHIVE, "dropped 2026-11-14.csv"), "the archived record")
    assert (record["outcome"], record["rows"]) == ("SUCCEEDED", {"in": 2, "ok": 2, "bad": 0})
    assert record["timeline"][0]["actor"] == "event"
    with urllib.request.urlopen(
        f"{stack.erp_url}/_sim/imports?sha256={record['file']['sha256']}", timeout=10
    ) as answer:
        assert len(json.load(answer)) == 1
    _until(lambda: "customer-groups/USMF/dropped 2026-11-14.csv" not in _landed(blobs), "landing to be clear")


def _landed(blobs: BlobServiceClient) -> list[str]:
    return list(blobs.get_container_client(LANDING).list_blob_names())


def test_an_unfit_file_is_moved_aside_with_its_reason(blobs: BlobServiceClient) -> None:
    _drop(blobs, "nobody/USMF/lost.csv", CSV)
    record = _until(lambda: _record(blobs, REJECTED, "lost.csv"), "the rejected record")
    assert record["findings"][0]["rule"] == "no-feed"


def test_no_log_of_the_run_holds_a_token_a_secret_or_a_row(stack: Stack, blobs: BlobServiceClient) -> None:
    secret_row = b"CUSTOMERGROUPID,DESCRIPTION\r\n60,Very private words\r\n,Very private too\r\n"
    _drop(blobs, "customer-groups/USMF/private 2026-11-14.csv", secret_row)
    record = _until(lambda: _record(blobs, ARCHIVE, "private 2026-11-14.csv"), "the archived record")
    assert record["outcome"] == "PARTIAL"
    logs = "".join(path.read_text(encoding="utf-8") for path in Path(stack.place / "logs").glob("*.log"))
    assert record["job_id"] in logs
    for private in ("Bearer ", "eyJ", "Very private", "AccountKey", stack.settings["D365_CLIENT_SECRET"], "&sig="):
        assert private not in logs, private
