"""What the timers tell of how things stand, on a real ledger: from landing to rest, and an export not acknowledged."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from tests.packages import package
from tests.scenario.conftest import EXPORT_ACTIVITY, GOOD_CSV, Stage

MINUTE = timedelta(minutes=1)
#: Azurite stamps a blob with the machine's own time, a little after the stage's.
SECONDS = timedelta(seconds=30)


def told(caplog: pytest.LogCaptureFixture, event: str, **where: str) -> list[dict[str, Any]]:
    """What was told under a name since the last clearing."""
    records = [vars(record) for record in caplog.records]
    return [each for each in records if each.get("event") == event and all(each.get(k) == v for k, v in where.items())]


def test_a_feed_is_told_from_landing_to_rest(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for number in range(3):
        stage.drop(f"customer-groups/USMF/{number}.csv", f"CUSTOMERGROUPID,DESCRIPTION\r\n{number},x\r\n".encode())
    stage.tick(5 * MINUTE + SECONDS)
    [gauge] = told(caplog, "ledger.gauge", feed="customer-groups")
    assert (gauge["open"], gauge["waiting"], json.loads(gauge["waiting_reasons"])) == (3, 1, {"cap": 1})
    assert (gauge["oldest_minutes"], gauge["enqueued_minutes"], gauge["unread"]) == (5, 5, 0)
    stage.pass_time(timedelta(hours=2))
    caplog.clear()
    stage.tick()
    [gauge] = told(caplog, "ledger.gauge", feed="customer-groups")
    assert (gauge["overdue"], gauge["oldest_minutes"]) == (2, 125)
    stage.run_to_the_end()
    caplog.clear()
    stage.tick(20 * MINUTE)
    [gauge] = told(caplog, "ledger.gauge", feed="customer-groups")
    assert (gauge["open"], gauge["overdue"], gauge["oldest_minutes"]) == (0, 0, 0)


def test_evidence_that_f_and_o_does_not_give_grows_old_in_the_gauge(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stage.world.faults.add("action:GetExecutionErrors", "status", times=1000, code=503)
    stage.drop("customer-groups/USMF/bad.csv", b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n,No key\r\n")
    for _ in range(3):
        stage.world.recurrence_tick()
        stage.tick(MINUTE)
    caplog.clear()
    stage.tick(timedelta(days=3))
    [gauge] = told(caplog, "ledger.gauge", feed="customer-groups")
    assert (gauge["open"], gauge["evidence_open"]) == (0, 1)
    assert gauge["evidence_oldest_minutes"] // (24 * 60) == 3


def test_a_new_process_tells_the_same_as_the_old_one(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stage.drop("customer-groups/USMF/a.csv")
    stage.tick(MINUTE)
    [before] = told(caplog, "ledger.gauge", feed="customer-groups")
    caplog.clear()
    stage.another_host().poll()
    [after] = told(caplog, "ledger.gauge", feed="customer-groups")
    assert [before[key] for key in ("open", "oldest_minutes")] == [after[key] for key in ("open", "oldest_minutes")]


def test_each_timer_leaves_its_last_success_in_the_ledger(stage: Stage) -> None:
    stage.tick()
    stage.pass_time(MINUTE)
    stage.engine.drain_exports()
    seen = stage.engine.watch.seen()
    assert seen == {"timer.poll_jobs": stage.clock() - MINUTE, "timer.drain_exports": stage.clock()}


def test_an_export_that_is_stored_and_not_acknowledged_is_told_with_its_minutes(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stage.engine.drain_exports()
    [gauge] = told(caplog, "export.gauge", feed="groups-out")
    assert "hours_since_last" not in gauge
    stage.world.faults.add("ack", "status", times=2, code=500)
    stage.world.export(EXPORT_ACTIVITY, package({"Customer groups": GOOD_CSV}))
    stage.engine.drain_exports()
    stage.pass_time(5 * MINUTE)
    caplog.clear()
    stage.engine.drain_exports()
    [gauge] = told(caplog, "export.gauge", feed="groups-out")
    assert (gauge["open"], gauge["unacknowledged_minutes"], gauge["hours_since_last"]) == (1, 5, 0.1)
    stage.pass_time(5 * MINUTE)
    caplog.clear()
    stage.engine.drain_exports()
    [gauge] = told(caplog, "export.gauge", feed="groups-out")
    assert (gauge["open"], gauge["unacknowledged_minutes"], gauge["hours_since_last"]) == (0, 0, 0.0)
