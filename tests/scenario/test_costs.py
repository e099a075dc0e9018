"""What a file and an idle run cost in storage operations and log lines, held against docs/deploy.md."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.scenario.conftest import GOOD_CSV, Stage

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"
_STORAGE = "azure.core.pipeline.policies.http_logging_policy"
MINUTE = timedelta(minutes=1)


class Cost(NamedTuple):
    """Requests to the two storage services, and lines in the log."""

    table: int = 0
    blob: int = 0
    lines: int = 0

    def less(self, other: Cost) -> Cost:
        """What this cost more than `other`."""
        return Cost(*(mine - its for mine, its in zip(self, other, strict=True)))


class Meter(logging.Handler):
    """Counts the storage SDK's requests by service, and the courier's own log lines."""

    def __init__(self, table_port: int) -> None:
        super().__init__(logging.INFO)
        self._table_port = table_port
        self._counted = Cost()

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        table, blob, lines = self._counted
        if record.name != _STORAGE:
            lines += hasattr(record, "event")
        elif found := re.search(r"Request URL: '([^']+)'", record.getMessage()):
            to_table = urlsplit(found[1]).port == self._table_port
            table, blob = table + to_table, blob + (not to_table)
        self._counted = Cost(table, blob, lines)

    def lap(self) -> Cost:
        """What came since the last lap."""
        counted, self._counted = self._counted, Cost()
        return counted


@pytest.fixture
def meter(stage: Stage) -> Iterator[Meter]:
    port = re.search(r"TableEndpoint=http://[^:]+:(\d+)", stage.environ["LEDGER"])
    assert port
    counting = Meter(int(port[1]))
    storage, root = logging.getLogger(_STORAGE), logging.getLogger()
    levels = storage.level, root.level
    storage.setLevel(logging.INFO)
    root.setLevel(logging.INFO)
    root.addHandler(counting)
    yield counting
    root.removeHandler(counting)
    storage.setLevel(levels[0])
    root.setLevel(levels[1])


def _documented() -> dict[str, Cost]:
    rows = re.findall(r"^\| ([\w ,`]+) \| (\d+) \| (\d+) \| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {what.replace("`", ""): Cost(*map(int, numbers)) for what, *numbers in rows}


def _measured(stage: Stage, meter: Meter) -> dict[str, Cost]:
    found: dict[str, Cost] = {}
    stage.tick()  # sweeps; the next sweep is due in five minutes
    meter.lap()
    stage.tick()
    idle = found["an idle run of poll_jobs"] = meter.lap()
    stage.engine.drain_exports()
    found["an idle run of drain_exports, for each export"] = meter.lap()
    stage.engine.watch_promises()  # sums the day before
    meter.lap()
    stage.engine.watch_promises()
    found["an idle run of watch_promises"] = meter.lap()

    path = stage.drop("customer-groups/USMF/one.csv", GOOD_CSV, event=False)
    meter.lap()
    stage.engine.file_landed(stage.landing, path)
    found["a file, from landed to sent"] = meter.lap()
    stage.tick(MINUTE)
    found["a status call that brings nothing new"] = meter.lap().less(idle)

    for _ in range(2):  # F&O takes it up, then ends it
        stage.world.recurrence_tick()
        stage.tick(MINUTE)
    found["a file, from taken up to archived"] = meter.lap().less(idle).less(idle)
    assert stage.job(path).archived_at

    meter.lap()
    stage.tick(timedelta(minutes=6))
    found["a sweep of landing"] = meter.lap().less(idle)

    purging = stage.engine.watching.purging
    stage.clock.now += purging.keep + timedelta(days=2)
    meter.lap()
    assert purging.run() == 1
    with_a_file = meter.lap()
    stage.clock.now += timedelta(hours=2)
    assert purging.run() == 0
    without_any = meter.lap()
    found["a file dropped from the ledger"] = with_a_file.less(without_any)
    return found


def test_a_file_and_an_idle_run_cost_what_the_page_on_deployment_says(stage: Stage, meter: Meter) -> None:
    measured, documented = _measured(stage, meter), _documented()
    assert set(measured) == set(documented)
    for what, cost in measured.items():
        for counted, said in zip(cost, documented[what], strict=True):
            assert counted <= said <= counted + 2, f"correct docs/deploy.md: {what} costs {cost}"
