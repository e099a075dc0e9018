"""Every line about a job bears what finds it again, also where the place that tells knows nothing of jobs."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from tests.scenario.conftest import Stage

PATH = "customer-groups/USMF/groups-2026-11-14.csv"
FINDS_IT = {"job_id", "feed", "state", "attempt", "message_id", "execution_id"}
#: Told of a job, whoever tells it.
OF_A_JOB = ("job.", "status.", "erp.access_refused", "erp.throttled", "tick.step_failed")


def _lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if str(getattr(record, "event", "")).startswith(OF_A_JOB)]


def test_every_line_of_a_job_in_trouble_bears_its_ids_and_the_attempt(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    faults = stage.world.faults
    faults.add("token", "status", code=401)
    stage.drop(PATH)
    faults.add("enqueue", "throttle", retry_after=60)
    stage.tick(timedelta(minutes=5))
    stage.tick(timedelta(minutes=5))
    polling = stage.engine.tick.polling
    with monkeypatch.context() as broken:
        broken.setattr(type(polling), "ask", _defect)
        with pytest.raises(ZeroDivisionError):
            stage.tick(timedelta(minutes=5))
    stage.run_to_the_end()
    job, lines = stage.job(PATH), _lines(caplog)
    assert {"job.received", "job.enqueued", "job.ended", "job.archived"} <= {line["event"] for line in lines}
    assert {"erp.access_refused", "erp.throttled", "tick.step_failed"} <= {line["event"] for line in lines}
    assert {str(line["event"]): FINDS_IT - set(line) for line in lines if FINDS_IT - set(line)} == {}
    assert {line["job_id"] for line in lines} == {job.job_id}
    [enqueued] = [line for line in lines if line["event"] == "job.enqueued"]
    assert enqueued["message_id"] == job.message_id
    [throttled] = [line for line in lines if line["event"] == "erp.throttled"]
    assert throttled["attempt"] == 2


def _defect(*_: object) -> None:
    raise ZeroDivisionError


def test_each_sign_in_that_fails_is_told_once_with_what_to_mend(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.world.faults.add("token", "status", code=401, times=2)
    stage.drop(PATH)
    stage.tick(timedelta(minutes=5))
    refused = [line for line in _lines(caplog) if line["event"] == "erp.access_refused"]
    assert [(line["call"], line["attempt"]) for line in refused] == [("enqueue", 1), ("enqueue", 2)]
    assert all("D365_CLIENT_SECRET" in line["error"] for line in refused)
