"""How much is open in each feed, how old it is and what it waits for. Pure: from jobs, one small record each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.job import Job, JobState
from shared.domain.outcomes.evidence import needs_evidence
from shared.domain.pacing.admission import WaitKind, wait_kind

#: What a waiting file waits for that no cap or rule holds: the next try after a refusal.
NEXT_TRY = "next-try"
#: Waits that feeds.yaml asks for; every other wait of hours is somebody's affair.
ASKED_FOR = frozenset({str(WaitKind.WINDOW), str(WaitKind.OFF)})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """What is counted of a file that is not done. `since`: when it landed; with evidence to fetch, when it ended."""

    feed: str
    state: JobState
    since: datetime
    wait: str = ""
    overdue: bool = False
    evidence: bool = False
    sent_at: datetime | None = None


def open_file(job: Job) -> OpenFile | None:
    """What to count of a job; None when nothing is left to do but to put its file away."""
    if job.is_final:
        if not needs_evidence(job):
            return None
        return OpenFile(feed=job.feed, state=job.state, since=job.ended_at or job.changed_at, evidence=True)
    wait = (wait_kind(job) or NEXT_TRY) if job.state is JobState.WAITING else ""
    return OpenFile(
        feed=job.feed,
        state=job.state,
        since=job.source.landed_at,
        wait=str(wait),
        overdue=job.overdue,
        sent_at=job.sent_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedGauge:
    """One feed at one moment. Ages are of the oldest, in whole minutes, 0 where there is none.

    `waiting_minutes` leaves out the waits that feeds.yaml asks for.
    `unread` of the open ones were not looked at yet (a process that has just begun, with very many open).
    """

    open: int = 0
    overdue: int = 0
    in_doubt: int = 0
    waiting: int = 0
    waiting_reasons: dict[str, int] = field(default_factory=dict)
    waiting_minutes: int = 0
    oldest_minutes: int = 0
    enqueued_minutes: int = 0
    evidence_open: int = 0
    evidence_oldest_minutes: int = 0
    unread: int = 0

    @property
    def is_idle(self) -> bool:
        """True when nothing is open."""
        return not (self.open or self.evidence_open)


def gauge_of(files: Iterable[OpenFile], unread: int, now: datetime) -> FeedGauge:
    """The gauge of one feed from its files that are not done."""
    found = list(files)
    on_their_way = [file for file in found if not file.evidence]
    evidence = [file.since for file in found if file.evidence]
    enqueued = [file.sent_at for file in on_their_way if file.state is JobState.ENQUEUED and file.sent_at]
    stalled = [file.since for file in on_their_way if file.wait and file.wait not in ASKED_FOR]
    reasons = Counter(file.wait for file in on_their_way if file.wait)
    return FeedGauge(
        open=len(on_their_way) + unread,
        overdue=sum(file.overdue for file in on_their_way),
        in_doubt=sum(file.state is JobState.IN_DOUBT for file in on_their_way),
        waiting=reasons.total(),
        waiting_reasons=dict(sorted(reasons.items())),
        waiting_minutes=_oldest(stalled, now),
        oldest_minutes=_oldest([file.since for file in on_their_way], now),
        enqueued_minutes=_oldest(enqueued, now),
        evidence_open=len(evidence),
        evidence_oldest_minutes=_oldest(evidence, now),
        unread=unread,
    )


def _oldest(times: list[datetime], now: datetime) -> int:
    return max(0, (now - min(times)) // timedelta(minutes=1)) if times else 0
