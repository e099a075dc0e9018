"""The simulator as a process of its own, and as a server inside a test."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from local.simulator import Simulator, World
from tests.simulator.conftest import CSV, GROUPS, Caller

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "local.simulator"]


@contextmanager
def alone(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """(process, address) of a simulator that has said that it is ready."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("F&O simulator ready: http://127.0.0.1:")
        yield process, line.split(": ")[1].strip()
    finally:
        process.kill()
        process.communicate(timeout=20)


@pytest.mark.skipif(sys.platform == "win32", reason="there a signal ends a process without its say")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_and_without_a_traceback(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready"
    with alone("--port", "0", "--ready-file", str(ready)) as (process, url):
        assert ready.read_text() == url
        assert requests.get(f"{url}/_sim/state", timeout=10).ok
        process.send_signal(number)
        told, errors = process.communicate(timeout=20)
    assert (process.returncode, told, errors) == (0, "", "")


def test_a_world_comes_from_a_file_and_ticks_by_itself(tmp_path: Path) -> None:
    job = {"activity_id": "AB", "data_project": "P", "entity": "Customer groups"}
    described = {
        "clients": [{"client_id": "other", "secret": "s"}],
        "import_jobs": [job],
        "export_jobs": [],
        "settings": {"state_form": "name"},
    }
    (tmp_path / "world.json").write_text(json.dumps(described))
    with alone("--world", str(tmp_path / "world.json"), "--auto-tick-seconds", "0.01") as (_, url):
        told = requests.get(f"{url}/_sim/state", timeout=10).json()
        assert (told["import_jobs"], told["settings"]["auto_tick_seconds"]) == (["ab"], 0.01)
        form = {"grant_type": "client_credentials", "client_id": "other", "client_secret": "s"}
        token = requests.post(
            f"{url}/{told['tenant_id']}/oauth2/v2.0/token", data=form | {"scope": f"{url}/.default"}, timeout=10
        ).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        requests.post(f"{url}/api/connector/enqueue/ab{GROUPS}", data=CSV, headers=bearer, timeout=10)
        deadline, written = time.monotonic() + 20, 0
        while not written and time.monotonic() < deadline:
            written = requests.get(f"{url}/_sim/messages", timeout=10).json()[0]["rows_written"]
    assert written == 1


@pytest.mark.parametrize("world", ['{"jobs": []}', "no json", '{"settings": {"colour": "red"}}', None])
def test_what_keeps_it_from_starting_is_one_line(tmp_path: Path, world: str | None) -> None:
    path = tmp_path / "world.json"
    if world is not None:
        path.write_text(world)
    done = subprocess.run(
        [*COMMAND, "--world", str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, len(done.stderr.splitlines()), done.stdout) == (2, 1, "")


def test_a_port_in_use_is_told(caller: Caller) -> None:
    port = caller.base.rsplit(":", 1)[1]
    done = subprocess.run([*COMMAND, "--port", port], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    with pytest.raises(RuntimeError), Simulator(port=int(port)):
        pass


def test_a_world_of_ones_own_ticks_by_real_time_when_it_wants_to() -> None:
    world = World()
    world.auto_tick = timedelta(milliseconds=5)
    world.add_import_job("AB", data_project="P", entity="Customer groups")
    with Simulator(world=world):
        world.enqueue("ab", "Customer groups", "", "", CSV)
        deadline = time.monotonic() + 20
        while not world.imports_of(CSV) and time.monotonic() < deadline:
            threading.Event().wait(0.005)
    assert len(world.imports_of(CSV)) == 1


def test_it_closes_at_once_though_a_call_hangs() -> None:
    with Simulator() as simulator:
        caller = Caller(simulator)
        caller.world.faults.add("enqueue", "hang")
        thread = threading.Thread(target=_loses_its_connection, args=[caller])
        thread.start()
        while not caller.world.faults.met:
            thread.join(0.01)
        started = time.monotonic()
    thread.join(10)
    caller.session.close()
    assert time.monotonic() - started < 5
    assert not thread.is_alive()


def _loses_its_connection(caller: Caller) -> None:
    with pytest.raises(requests.ConnectionError):
        caller.enqueue()


def test_it_imports_nothing_of_the_engine() -> None:
    code = "import sys, local.simulator; print([m for m in sys.modules if m == 'shared' or m.startswith('shared.')])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
