"""The same content again: whether it is sent, waits for the end of the earlier file, or is its duplicate. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.job import Job, JobState

#: Ends after which nothing of a file is known to be in F&O: the same content again is no duplicate.
_NOTHING_LOADED = frozenset({JobState.FAILED, JobState.REJECTED, JobState.CLOSED, JobState.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentClaim:
    """Which job was the first to be sent with this content, in its feed and legal entity, and since when."""

    job_id: str
    claimed_at: datetime


def is_free(claim: ContentClaim, owner: Job | None, within: timedelta, now: datetime) -> bool:
    """True when the claim binds nobody any more: too old, its file loaded nothing, or its row is gone."""
    return now - claim.claimed_at > within or owner is None or owner.state in _NOTHING_LOADED


def same_content_text(owner: Job) -> str:
    """Whose content it is, for people."""
    ended = "has not ended yet" if not owner.is_final else f"ended {owner.state}"
    return f"same content as {owner.source.name} (job {owner.job_id}), which {ended}"
