"""Claims of contents in memory. Passes the contract in tests/contract/test_contents.py."""

from __future__ import annotations

import threading
from datetime import datetime

from shared.domain.duplicate import ContentClaim
from shared.domain.job import Job


class MemoryContents:
    """ContentLedger over a dictionary."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: dict[tuple[str, str, str], ContentClaim] = {}

    def claim(self, job: Job, now: datetime) -> ContentClaim:
        """See ContentLedger."""
        with self._lock:
            return self._claims.setdefault(_key(job), ContentClaim(job_id=job.job_id, claimed_at=now))

    def take_over(self, job: Job, seen: ContentClaim, now: datetime) -> bool:
        """See ContentLedger."""
        with self._lock:
            if self._claims.get(_key(job)) != seen:
                return False
            self._claims[_key(job)] = ContentClaim(job_id=job.job_id, claimed_at=now)
            return True


def _key(job: Job) -> tuple[str, str, str]:
    return job.feed, job.legal_entity, job.content_sha256
