"""Small valid things to begin a test with; each test says only what matters to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.domain.feed import Feed, FeedBook, LostAnswer, Shape
from shared.domain.job import Job, JobState, Source, advance, opened
from shared.domain.naming import business_date_of, job_id_of

#: One second before Europe leaves daylight-saving time: a nasty default.
START = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC)
ACTIVITY = "11111111-1111-4111-8111-111111111111"


class ManualClock:
    """A clock that moves when told."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span


def a_source(path: str = "customer-groups/USMF/groups 2026-11-14 Zürich 100%.csv", **changes: Any) -> Source:
    """A landed blob with a name that breaks careless code."""
    source = Source(container="landing", path=path, etag="0x8DE1", size_bytes=120, landed_at=START)
    return replace(source, **changes)


def a_job(source: Source | None = None, **changes: Any) -> Job:
    """A job as intake opens it."""
    source = source or a_source()
    business_date = changes.get("business_date") or business_date_of(source.name, source.landed_at)
    feed = changes.get("feed", "customer-groups")
    job = Job(
        job_id=job_id_of(feed, business_date, source),
        feed=feed,
        legal_entity="USMF",
        activity_id=ACTIVITY,
        entity="Customer groups",
        source=source,
        business_date=business_date,
        created_at=START,
        changed_at=START,
        due_at=START + timedelta(minutes=2),
    )
    return replace(opened(job, f"landed as {source.path}", "event"), **changes)


def a_job_in(state: JobState, **changes: Any) -> Job:
    """A job that came to `state` by legal moves."""
    job = a_job(state=state) if state is JobState.COLLECTING else a_job()
    for step in _WAYS[state]:
        job = advance(job, step, START, f"on the way to {state}")
    if state in {JobState.ENQUEUED, JobState.RUNNING}:
        job = replace(job, message_id="84a383c8-336d-45e4-9933-0c3e8bfb734a", sent_at=START)
    return replace(job, **changes)


_S = JobState
_WAYS: dict[JobState, list[JobState]] = {
    _S.COLLECTING: [],
    _S.RECEIVED: [],
    _S.REJECTED: [_S.REJECTED],
    _S.WAITING: [_S.WAITING],
    _S.SENDING: [_S.SENDING],
    _S.IN_DOUBT: [_S.SENDING, _S.IN_DOUBT],
    _S.ENQUEUED: [_S.SENDING, _S.ENQUEUED],
    _S.RUNNING: [_S.SENDING, _S.ENQUEUED, _S.RUNNING],
    _S.SUCCEEDED: [_S.SENDING, _S.ENQUEUED, _S.SUCCEEDED],
    _S.PARTIAL: [_S.SENDING, _S.ENQUEUED, _S.RUNNING, _S.PARTIAL],
    _S.FAILED: [_S.SENDING, _S.FAILED],
    _S.SKIPPED: [_S.WAITING, _S.SKIPPED],
    _S.CLOSED: [_S.SENDING, _S.IN_DOUBT, _S.CLOSED],
}


def a_feed(**changes: Any) -> Feed:
    """A file feed for two legal entities."""
    feed = Feed(
        name="customer-groups",
        activity_id=ACTIVITY,
        shape=Shape.FILE,
        entity="Customer groups",
        companies=("USMF", "DEMF"),
        max_size_bytes=1_000_000,
        max_in_flight=2,
        overdue_after=timedelta(hours=1),
        lost_answer=LostAnswer.HOLD,
    )
    return replace(feed, **changes)


def a_book(*feeds: Feed, max_in_flight: int = 10) -> FeedBook:
    """A feed book for the environment `local`."""
    listed = feeds or (a_feed(),)
    return FeedBook(environment="local", max_in_flight=max_in_flight, feeds={feed.name: feed for feed in listed})


BUSINESS_DATE = date(2026, 11, 14)
