"""Promises that are seen in passing: a file's rows, and an export's deliveries."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from tests.packages import package
from tests.scenario.conftest import EXPORT_ACTIVITY, GOOD_CSV, Stage
from tests.scenario.test_gauges import told

HOUR = timedelta(hours=1)


def test_a_file_with_too_few_rows_is_loaded_and_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stage.edit_feeds("    overdue_after: 2h\n", "    overdue_after: 2h\n    rows: {min: 5}\n")
    stage.engine = stage.another_host()
    path = stage.drop("customer-groups/USMF/few.csv")
    stage.run_to_the_end()
    assert stage.job(path).state == "SUCCEEDED"
    [odd] = told(caplog, "job.odd", feed="customer-groups")
    assert odd["why"] == "2 rows, fewer than the expected 5"


def test_an_export_that_falls_silent_is_missed_once_until_it_delivers(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stage.edit_feeds("    no_file: acknowledge\n", "    no_file: acknowledge\n    every: 24h\n")
    stage.engine = stage.another_host()

    def after(span: timedelta) -> list[str]:
        """What the timer tells of promises, so much later."""
        stage.pass_time(span)
        caplog.clear()
        stage.engine.watch_promises()
        return [each["event"] for name in ("feed.expected_missing", "feed.recovered") for each in told(caplog, name)]

    assert after(0 * HOUR) == []
    assert after(24 * HOUR) == []
    assert after(HOUR) == ["feed.expected_missing"]
    [missing] = told(caplog, "feed.expected_missing", feed="groups-out")
    assert (missing["promise"], missing["last_arrival"]) == ("every", "")
    assert "full push" in missing["why"]
    assert after(30 * HOUR) == []
    stage.world.export(EXPORT_ACTIVITY, package({"Customer groups": GOOD_CSV}))
    stage.engine.drain_exports()
    assert after(0 * HOUR) == ["feed.recovered"]
    assert after(24 * HOUR) == []
