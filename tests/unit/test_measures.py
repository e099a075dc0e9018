"""What a line measures, and that tracing without telemetry is nothing."""

from __future__ import annotations

import pytest

from shared import tracing
from shared.telemetry import METRICS, Event, readings


def _measured(**told: object) -> dict[tuple[str, str], float]:
    return {(name, ",".join(by.values())): value for name, value, by in readings(told)}


def test_an_arrival_counts_one_for_its_feed_and_bears_no_id() -> None:
    told = {"event": Event.JOB_RECEIVED.value, "feed": "f", "job_id": "j", "path": "p"}
    assert list(readings(told)) == [("courier.files.received", 1, {"feed": "f"})]


def test_a_gauge_is_measured_field_by_field_and_waiting_files_by_reason() -> None:
    gauge = {
        "open": 5,
        "oldest_minutes": 90,
        "waiting_reasons": '{"cap": 2, "window": 1}',
        "evidence_oldest_minutes": 0,
    }
    assert _measured(event="ledger.gauge", feed="f", **gauge) == {
        ("courier.files.open", "f"): 5,
        ("courier.files.oldest", "f"): 90,
        ("courier.files.waiting", "f,cap"): 2,
        ("courier.files.waiting", "f,window"): 1,
        ("courier.evidence.oldest", "f"): 0,
    }


def test_what_is_not_told_is_not_measured() -> None:
    assert _measured(event="export.gauge", feed="f", open=0) == {}
    assert _measured(event="job.conflict", job_id="j") == {}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_no_dimension_of_a_measure_is_an_id(metric: object) -> None:
    assert set(metric.by) <= {"feed", "outcome", "reason", "tick"}  # type: ignore[attr-defined]


def test_without_telemetry_work_has_no_trace_and_calls_are_made_all_the_same() -> None:
    assert tracing.here() == ""
    with tracing.working_on("", ""), tracing.call("enqueue", "POST", "host") as answered:
        answered(200)
