"""Queues of ordered feeds in memory. Passes the contract in tests/contract/test_order.py."""

from __future__ import annotations

import threading
from datetime import datetime

from shared.domain.job import Job
from shared.domain.pacing.ordering import Member, Queue

_Group = tuple[str, str]


class MemoryOrder:
    """OrderLedger over dictionaries."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._members: dict[_Group, dict[str, Member]] = {}
        self._last: dict[_Group, int] = {}

    def join(self, job: Job, now: datetime) -> None:
        """See OrderLedger."""
        with self._lock:
            key = _key(job)
            self._group(job.feed, job.legal_entity).setdefault(key, Member(key=key, job_id=job.job_id, joined_at=now))

    def up_to(self, job: Job, most: int) -> Queue:
        """See OrderLedger."""
        with self._lock:
            group = self._group(job.feed, job.legal_entity)
            members = [member for key, member in sorted(group.items()) if key <= _key(job)]
            return Queue(last_number=self._last.get((job.feed, job.legal_entity)), members=tuple(members[:most]))

    def drop(self, feed: str, legal_entity: str, member: Member) -> None:
        """See OrderLedger."""
        self._group(feed, legal_entity).pop(member.key, None)

    def note_gone(self, feed: str, legal_entity: str, number: int) -> None:
        """See OrderLedger."""
        with self._lock:
            self._last[feed, legal_entity] = max(number, self._last.get((feed, legal_entity), number))

    def _group(self, feed: str, legal_entity: str) -> dict[str, Member]:
        return self._members.setdefault((feed, legal_entity), {})


def _key(job: Job) -> str:
    return f"{job.order_key}.{job.job_id.rpartition('.')[2]}"
