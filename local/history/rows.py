"""Rows of files that ended, as the engine leaves them: many feeds, many days, and today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from shared.adapters.tables.ledger_rows import arrivals_partition, to_row
from shared.domain.job import Job, JobState, Source, advance, opened
from shared.domain.naming import job_id_of, source_key
from shared.domain.outcomes.outcome import RowCounts

_ACTIVITY = "11111111-1111-4111-8111-111111111111"
_WAY = (JobState.SENDING, JobState.ENQUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """So many files of `feeds` feeds, `a_day` for each feed and day, the newest landed on `until` (UTC)."""

    files: int
    feeds: int
    a_day: int
    until: date

    @property
    def names(self) -> list[str]:
        """The feeds."""
        return [f"feed-{number:02}" for number in range(self.feeds)]

    def rows(self) -> Iterator[list[dict[str, Any]]]:
        """Transactions of at most a hundred rows of one partition: jobs, then their arrivals; newest day first."""
        left = self.files
        day = self.until
        while left > 0:
            for name in self.names:
                jobs = [_job(name, day, place) for place in range(min(self.a_day, left))]
                left -= len(jobs)
                yield from _hundreds([to_row(job) for job in jobs])
                yield from _hundreds([_arrival(job, day) for job in jobs])
            day -= timedelta(days=1)


def _hundreds(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for first in range(0, len(rows), 100):
        yield rows[first : first + 100]


def _arrival(job: Job, day: date) -> dict[str, Any]:
    return {
        "PartitionKey": arrivals_partition(day),
        "RowKey": source_key(job.source),
        "job_id": job.job_id,
        "landed_at": job.source.landed_at.isoformat(),
        "path": job.source.path,
    }


def _job(feed: str, day: date, place: int) -> Job:
    at = datetime.combine(day, time(1), UTC) + timedelta(seconds=10 * place)
    path = f"{feed}/USMF/{feed}-{day}-{place:05}.csv"
    source = Source(container="landing", path=path, etag=f"0x{place:X}", size_bytes=48_000, landed_at=at)
    end = JobState.PARTIAL if place % 50 == 7 else JobState.FAILED if place % 200 == 3 else JobState.SUCCEEDED
    job = Job(
        job_id=job_id_of(feed, day, source),
        feed=feed,
        legal_entity="USMF",
        activity_id=_ACTIVITY,
        entity="Vendor invoices",
        source=source,
        business_date=day,
        created_at=at,
        changed_at=at,
    )
    job = opened(job, f"landed as {path}", "event")
    for minutes, state in enumerate((*_WAY, end)):
        job = advance(job, state, at + timedelta(minutes=minutes), f"on its way: {state}")
    rows = RowCounts(rows_in=412, rows_ok=400 if end is not JobState.FAILED else 0, rows_bad=12)
    return replace(job, rows=rows, archived_at=job.changed_at, archive_path=f"archive/{job.job_id}", due_at=None)
