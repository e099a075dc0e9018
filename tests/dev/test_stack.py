"""The local run comes up whole, notices when a part is gone, and leaves nothing behind."""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import BlobServiceClient

from local import stack
from local.stack import StackFailed, up


def _answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bool(answer.status == 200)


def test_everything_is_up_inside_and_nothing_outside_and_a_part_that_is_gone_is_named(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        running.must_be_up()
        assert _answers(f"{running.erp_url}/_sim/state")
        assert _answers(f"{running.app_url}/admin/host/status")
        simulator, app = running.children
        app.kill()
        with pytest.raises(StackFailed, match="the app ended by itself"):
            running.must_be_up()
    assert [child.is_running for child in (simulator, app)] == [False, False]
    storage = BlobServiceClient.from_connection_string(running.storage, retry_total=0)
    with storage, pytest.raises(ServiceRequestError):
        storage.get_account_information()


def test_an_app_that_does_not_start_is_told_with_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [sys.executable, "-c", "raise SystemExit('no module named courier')"]
    whole = stack._tethered
    monkeypatch.setattr(stack, "_tethered", lambda name, *rest: broken if name == "local.host" else whole(name, *rest))
    with pytest.raises(
        StackFailed, match=r"the app ended with code 1 before it was ready(.|\n)*no module named courier"
    ):
        up(tmp_path).__enter__()


def test_func_that_is_not_there_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackFailed, match="`func` is not on the PATH"):
        up(tmp_path / "place", with_func=True).__enter__()
    assert not (tmp_path / "place").exists()
