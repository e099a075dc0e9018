"""A day as a customer has it: feeds with names, a fortnight of history, and something of everything to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from shared.domain.job import Job, JobState, Source, advance, opened
from shared.domain.naming import business_date_of, job_id_of
from shared.domain.outcomes.outcome import RowCounts
from shared.domain.watching.balance import DayBalance
from shared.domain.watching.promises import PromiseKind, PromiseRecord
from shared.wiring import Engine, engine_from
from tests.scenario.conftest import FILE_ACTIVITY, Stage

_SIZES = {"vendor-invoices": 14, "ledger-journals": 9, "payments": 4, "sales-orders": 22}
_WAYS = {
    "SUCCEEDED": (JobState.SENDING, JobState.ENQUEUED, JobState.RUNNING, JobState.SUCCEEDED),
    "FAILED": (JobState.SENDING, JobState.ENQUEUED, JobState.RUNNING, JobState.FAILED),
    "RUNNING": (JobState.SENDING, JobState.ENQUEUED, JobState.RUNNING),
    "WAITING": (JobState.WAITING,),
    "REJECTED": (JobState.REJECTED,),
}
_WHY = {
    JobState.SENDING: "sending",
    JobState.ENQUEUED: "accepted as message 84a383c8-336d-45e4-9933-0c3e8bfb734a",
    JobState.RUNNING: "F&O works on it",
    JobState.SUCCEEDED: "F&O says Processed",
    JobState.FAILED: "F&O says PostProcessingError; no row was loaded",
    JobState.WAITING: "cap: 2 in flight for the feed's activity",
    JobState.REJECTED: "encoding: the file is UTF-16 and the feed says UTF-8. Write it as UTF-8",
}


def furnished(stage: Stage) -> Engine:
    """An engine with feeds of a customer on the stage's ledger, and rows in it beside those of the stage."""
    path = Path(stage.environ["FEEDS_FILE"])
    text = path.read_text(encoding="utf-8")
    feed = f"shape: file\n    entity: Vendor invoices\n    activity_id: {FILE_ACTIVITY}\n    companies: [USMF]"
    further = "".join(f"  {name}:\n    {feed}\n    max_in_flight: 2\n" for name in _SIZES)
    path.write_text(text.replace("exports:\n", f"{further}exports:\n"), encoding="utf-8")
    engine = engine_from(stage.environ, stage.clock, lambda: 0.5)
    for feed_name, arrived in _SIZES.items():
        _history(engine, feed_name, arrived)
        for number in range(arrived):
            _file(engine, feed_name, number, "SUCCEEDED")
    for number, end in enumerate(("RUNNING", "RUNNING", "WAITING", "WAITING", "WAITING", "REJECTED")):
        _file(engine, "sales-orders", 100 + number, end)
    _file(engine, "vendor-invoices", 100, "FAILED")
    day = stage.clock().date()
    late = PromiseRecord(feed="payments", kind=PromiseKind.EXPECT, day=day, broken=True, since=stage.clock())
    engine.watch.note_promise(late)
    return engine


def _history(engine: Engine, feed: str, usual: int) -> None:
    today = engine.answers.clock().date()
    for back in range(1, 15):
        weekday = (today - timedelta(days=back)).weekday()
        arrived = usual * (0 if weekday > 4 else 3 + (back * 7 + usual) % 4) // 5
        engine.watch.note_day(DayBalance(feed=feed, day=today - timedelta(days=back), arrived=arrived))


def _file(engine: Engine, feed: str, number: int, end: str) -> None:
    now = engine.answers.clock()
    landed_at = now - timedelta(minutes=180 - number)
    path = f"{feed}/USMF/{feed}-{now:%Y-%m-%d}-{number:03}.csv"
    source = Source(container="landing", path=path, etag=f"0x{number}", size_bytes=48_211, landed_at=landed_at)
    day = business_date_of(source.name, landed_at)
    job = opened(_job(feed, source, job_id_of(feed, day, source)), f"landed as {path}", "event")
    stored, _ = engine.ledger.open(job)
    for minutes, state in enumerate(_WAYS[end]):
        job = advance(job, state, landed_at + timedelta(minutes=minutes), _WHY[state])
    engine.ledger.write(_ended(job, now), stored.version)


def _job(feed: str, source: Source, job_id: str) -> Job:
    return Job(
        job_id=job_id,
        feed=feed,
        legal_entity="USMF",
        activity_id=FILE_ACTIVITY,
        entity="Vendor invoices",
        source=source,
        business_date=business_date_of(source.name, source.landed_at),
        created_at=source.landed_at,
        changed_at=source.landed_at,
    )


def _ended(job: Job, now: object) -> Job:
    del now
    rows = RowCounts(rows_in=412, rows_ok=412 if job.state is JobState.SUCCEEDED else 0, rows_bad=0)
    if job.state is JobState.FAILED:
        rows = replace(rows, rows_bad=412)
        job = replace(job, causes="412 rows in, 0 loaded, 412 not; 1 cause: fiscal period 11 is closed")
    if not job.is_final or job.state is JobState.REJECTED:
        return replace(job, due_at=None)
    return replace(job, due_at=None, rows=rows, archived_at=job.changed_at, archive_path=f"archive/{job.job_id}")
