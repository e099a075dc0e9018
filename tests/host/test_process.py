"""The host as a process: how it starts, refuses, remembers, and comes to rest."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from tests.host.running import SAMPLE_APP, RunningHost, World, wait_until


def _app(directory: Path, code: str) -> Path:
    (directory / "function_app.py").write_text(code, encoding="utf-8")
    return directory


_TIMER = """
import azure.functions as func
app = func.FunctionApp()

@app.timer_trigger(arg_name="timer", schedule="{schedule}")
async def tick(timer: func.TimerRequest) -> None:
    print("past due" if timer.past_due else "in time", flush=True)
"""


def test_a_stop_lets_a_running_function_finish(world: World, tmp_path: Path) -> None:
    with RunningHost(world.settings, tmp_path / "host.log") as host:
        host.run_now("slow", wait=False)
        wait_until(lambda: world.notes("slow-started"), "the run started")
        host.ask_to_stop()
        wait_until(lambda: "stopping" in host.errors, "the host heard it")
        assert host.process.poll() is None
        world.put("NOTES", "release")
        assert host.ended() == 0
    assert len(world.notes("slow-ended")) == 1
    assert "Traceback" not in host.errors


def test_a_stop_does_not_wait_longer_than_it_was_told(world: World, tmp_path: Path) -> None:
    with RunningHost(world.settings, tmp_path / "host.log", SAMPLE_APP, "--drain-seconds", "0.3") as host:
        host.run_now("slow", wait=False)
        wait_until(lambda: world.notes("slow-started"), "the run started")
        assert host.stop() == 0
    assert "left behind: run of slow" in host.errors
    assert not world.notes("slow-ended")


@pytest.mark.skipif(sys.platform == "win32", reason="only a console can send Ctrl-C there")
def test_ctrl_c_is_a_stop_in_good_order(world: World, tmp_path: Path) -> None:
    app = _app(tmp_path, _TIMER.format(schedule="0 0 0 29 2 *"))
    with RunningHost(world.settings, tmp_path / "host.log", app) as host:
        host.process.send_signal(signal.SIGINT)
        assert host.ended() == 0
    assert "Traceback" not in host.errors


def test_a_timer_that_missed_runs_while_the_host_was_away_runs_once_past_due(world: World, tmp_path: Path) -> None:
    host_id = world.settings["AzureFunctionsWebHost__hostid"]
    hosts = world.blobs.get_container_client("azure-webjobs-hosts")
    if not hosts.exists():
        hosts.create_container()
    status = hosts.get_blob_client(f"timers/{host_id}/Host.Functions.tick/status")
    missed = {"Last": "2026-11-01T00:00:00", "Next": "2026-11-02T00:00:00", "LastUpdated": "2026-11-01T00:00:00"}
    status.upload_blob(json.dumps(missed))
    app = _app(tmp_path, _TIMER.format(schedule="0 0 0 * * *"))
    with RunningHost(world.settings, tmp_path / "host.log", app) as host:
        wait_until(lambda: "past due" in host.output, "the past due run")
        wait_until(lambda: json.loads(status.download_blob().readall())["Last"] > missed["Next"], "the run was noted")
    with RunningHost(world.settings, tmp_path / "second.log", app) as host:
        assert host.run_now("tick").status_code == 200
    assert [line for line in host.output.splitlines() if line in {"past due", "in time"}] == ["in time"]


def test_an_app_that_cannot_be_imported_is_refused_with_the_runtimes_message(world: World, tmp_path: Path) -> None:
    host = RunningHost(world.settings, tmp_path / "host.log", _app(tmp_path, "import not_there_at_all\n"))
    assert host.ended() == 1
    assert "ModuleNotFoundError: No module named 'not_there_at_all'" in host.errors
    assert "Please check the requirements.txt file" in host.errors
    assert "ready" not in host.output


def test_all_missing_settings_are_named_at_once(world: World, tmp_path: Path) -> None:
    settings = {name: world.settings[name] for name in ("AzureFunctionsWebHost__hostid", "NOTES", "SECOND")}
    host = RunningHost(settings, tmp_path / "host.log")
    assert host.ended() == 1
    last_lines = host.errors[host.errors.index("the function app cannot run") :]
    assert last_lines.splitlines() == [
        "the function app cannot run: app settings are missing:",
        "  AzureWebJobsStorage (the host itself)",
        "  LANDING (on_landed)",
        "  FILES (on_landed, on_second, on_poison)",
        "  NEVER (tick, slow, third_time_lucky)",
    ]


def test_storage_that_does_not_answer_is_told_without_a_traceback(world: World, tmp_path: Path) -> None:
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;" + "".join(
        f"{service}Endpoint=http://127.0.0.1:9/a;" for service in ("Blob", "Queue", "Table")
    )
    app = _app(tmp_path, _TIMER.format(schedule="0 0 0 29 2 *"))
    host = RunningHost({**world.settings, "AzureWebJobsStorage": nowhere}, tmp_path / "host.log", app)
    assert host.ended() == 1
    assert "does not answer" in host.errors
    assert "Traceback" not in host.errors
