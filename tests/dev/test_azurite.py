"""Azurite as the tests and the local run start it: on ports of its own, restartable, and never left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local import azurite as azurite_module
from local.azurite import Azurite
from local.children import Child, ChildFailed

ROOT = Path(azurite_module.__file__).parents[1]


def _eventually(what: Callable[[], bool], within_seconds: float = 20) -> bool:
    deadline = time.monotonic() + within_seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _runs(pid: int) -> bool:
    """True while the process exists; one that has ended and was not waited for counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_blob_queue_and_table_answer_under_one_connection_string(azurite: Azurite, storage_names: Any) -> None:
    with (
        BlobServiceClient.from_connection_string(azurite.connection_string) as blobs,
        QueueServiceClient.from_connection_string(azurite.connection_string) as queues,
        TableServiceClient.from_connection_string(azurite.connection_string) as tables,
    ):
        blobs.create_container(storage_names.container("answers"))
        queues.create_queue(storage_names.queue("answers"))
        tables.create_table(storage_names.table("answers"))


def test_two_run_side_by_side_on_different_ports(azurite: Azurite) -> None:
    with Azurite.start() as other:
        assert set(other.ports.values()).isdisjoint(azurite.ports.values())


def test_with_a_directory_the_state_and_the_ports_survive_a_restart(tmp_path: Path) -> None:
    with Azurite.start(tmp_path) as running:
        ports = dict(running.ports)
        with BlobServiceClient.from_connection_string(running.connection_string) as blobs:
            blobs.create_container("kept").upload_blob("a file.txt", b"content")
        running.restart()
        assert running.ports == ports
        with BlobServiceClient.from_connection_string(running.connection_string) as blobs:
            assert blobs.get_blob_client("kept", "a file.txt").download_blob().readall() == b"content"


def test_after_the_end_nothing_answers_and_nothing_runs() -> None:
    with Azurite.start() as running:
        pid = running.pid
    with (
        BlobServiceClient.from_connection_string(running.connection_string, retry_total=0) as blobs,
        pytest.raises(ServiceRequestError),
    ):
        next(iter(blobs.list_containers()), None)
    assert os.name != "posix" or not _runs(pid)


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal and looks a process up")
def test_it_ends_when_the_process_that_started_it_is_killed() -> None:
    code = (
        "from local.azurite import Azurite; import time; a = Azurite.start(); print(a.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert _runs(pid)
        parent.kill()
    assert _eventually(lambda: not _runs(pid))


def test_what_ends_too_early_is_told_with_its_last_output(tmp_path: Path) -> None:
    child = Child("a part", [sys.executable, "-c", "print('no such option'); raise SystemExit(4)"], tmp_path / "log")
    with pytest.raises(ChildFailed, match=r"a part ended with code 4 before it was ready(.|\n)*no such option"):
        child.wait_for("ready", timedelta(seconds=20))
    child.stop()


def test_what_stays_silent_is_given_up_and_what_does_not_leave_is_killed(tmp_path: Path) -> None:
    child = Child("a part", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log")
    with pytest.raises(ChildFailed, match="was not ready after 0 seconds"):
        child.wait_for("ready", timedelta(seconds=0.2))
    child.stop(grace=timedelta(seconds=0.2))
    assert not child.is_running


def test_a_tethered_module_leaves_in_its_own_order(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.tethered", "local.simulator", "--port", "0"]
    child = Child("the simulator", command, tmp_path / "log", directory=ROOT)
    child.wait_for(r"^F&O simulator ready: http://127\.0\.0\.1:\d+", timedelta(seconds=30))
    child.stop()
    assert child._process.returncode == 0
    assert "Traceback" not in child.output()
