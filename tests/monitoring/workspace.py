"""A Log Analytics workspace of one process: rows of what the code emits, and queries run on them at a fixed time."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import duckdb_kql

NOW = datetime(2026, 11, 14, 12, 0, tzinfo=UTC)
_TABLES = {
    "AppTraces": "TimeGenerated timestamp, Message varchar, SeverityLevel int, Properties json",
    "AppRequests": (
        "TimeGenerated timestamp, OperationName varchar, Success boolean, ResultCode varchar, DurationMs double"
    ),
}
#: What every log record has by itself; the rest is what the code gave it.
_PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Workspace(logging.Handler):
    """Takes what is logged as rows of AppTraces, as the exporter does: each field is text in Properties."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self._store = duckdb.connect()
        for name, columns in _TABLES.items():
            self._store.execute(f"create table {name}({columns})")

    def emit(self, record: logging.LogRecord) -> None:
        """One log record becomes one row."""
        told = {key: str(value) for key, value in vars(record).items() if key not in _PLAIN and value is not None}
        row = (self.now.replace(tzinfo=None), record.getMessage(), 1, json.dumps(told))
        self._store.execute("insert into AppTraces values (?, ?, ?, ?)", row)

    def ran(self, function: str, success: bool = True) -> None:
        """One run of a function."""
        row = (self.now.replace(tzinfo=None), function, success, "0", 10.0)
        self._store.execute("insert into AppRequests values (?, ?, ?, ?, ?)", row)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query answers."""
        return list(duckdb_kql.execute(self._store, query, query_now=NOW.replace(tzinfo=None)).fetchall())

    def close(self) -> None:
        """Forget everything."""
        self._store.close()
        super().close()


def recorded(*happenings: Callable[[Workspace], None] | Sequence[Callable[[Workspace], None]]) -> Workspace:
    """A workspace in which these things have happened, a second apart."""
    workspace = Workspace()
    log = logging.getLogger("courier")
    before = log.level
    log.addHandler(workspace)
    log.setLevel(logging.INFO)
    try:
        for happening in happenings:
            for one in happening if isinstance(happening, Sequence) else [happening]:
                one(workspace)
                workspace.now += timedelta(seconds=1)
    finally:
        log.removeHandler(workspace)
        log.setLevel(before)
    return workspace
