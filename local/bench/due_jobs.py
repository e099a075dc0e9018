"""A ledger with due jobs and a long history, written by transactions of the table service: a hundred rows a call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from local.bench.engines import fresh_table
from local.bench.ground import SLOW, Ground

#: When the due jobs were sent; runs look at them from then on, by a clock of their own.
SENT_AT = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
_BUSINESS_DATE = date(2026, 11, 1)


def lay_out(ground: Ground, due: int, finished: int) -> str:
    """A new table with so many jobs that F&O has in process, and so many that ended; its name."""
    from azure.data.tables import TableServiceClient

    name = fresh_table(ground)
    with TableServiceClient.from_connection_string(ground.storage) as tables:
        table = tables.get_table_client(name)
        for rows in (_due_rows(due), _due_entries(due), _finished_rows(finished)):
            for batch in _batched(rows):
                table.submit_transaction([("create", row) for row in batch])
    return name


def _batched(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    held: list[dict[str, Any]] = []
    for row in rows:
        held.append(row)
        if len(held) == 100:
            yield held
            held = []
    if held:
        yield held


def _due_rows(count: int) -> Iterator[dict[str, Any]]:
    return (_row(number, is_finished=False) for number in range(count))


def _finished_rows(count: int) -> Iterator[dict[str, Any]]:
    return (_row(number, is_finished=True) for number in range(count))


def _due_entries(count: int) -> Iterator[dict[str, Any]]:
    from shared.adapters.tables import ledger_rows
    from shared.domain.job import Lane

    for number in range(count):
        key = ledger_rows.due_key(SENT_AT, _job_id(number, is_finished=False))
        yield {"PartitionKey": ledger_rows.due_partition(Lane.FOLLOW), "RowKey": key, "feed": "slow"}


def _row(number: int, is_finished: bool) -> dict[str, Any]:
    """A job as the engine would have left it, under a number of ours."""
    from shared.adapters.tables.ledger_rows import to_row
    from shared.domain.job import Job, JobState, Source, advance, opened

    path = f"slow/USMF/{number:07}.csv"
    source = Source(container="landing", path=path, etag=f"0x{number:X}", size_bytes=120, landed_at=SENT_AT)
    job = Job(
        job_id=_job_id(number, is_finished),
        feed="slow",
        legal_entity="USMF",
        activity_id=SLOW,
        entity="Customer groups",
        source=source,
        business_date=_BUSINESS_DATE,
        created_at=SENT_AT,
        changed_at=SENT_AT,
        due_at=SENT_AT,
        sent_at=SENT_AT,
        message_id=f"84a383c8-336d-45e4-9933-{number:012}",
        execution_id="bench",
    )
    job = opened(job, f"landed as {path}", "event")
    for state in (JobState.SENDING, JobState.ENQUEUED, JobState.RUNNING):
        job = advance(job, state, SENT_AT, "on its way")
    if is_finished:
        job = replace(advance(job, JobState.SUCCEEDED, SENT_AT, "all rows"), due_at=None, archived_at=SENT_AT)
    return to_row(job)


def _job_id(number: int, is_finished: bool) -> str:
    return f"slow.{_BUSINESS_DATE:%Y%m%d}.{'done' if is_finished else 'open'}{number:012}"


def later(run: int) -> datetime:
    """A time at which all jobs are due again after `run` runs, and long before they are overdue."""
    return SENT_AT + run * timedelta(minutes=16)
