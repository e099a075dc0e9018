"""Feeds that ask for it send a content once: a claim by SHA-256 is taken before the file is sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from shared.domain.duplicate import is_free, same_content_text
from shared.domain.feed import Duplicate, Feed
from shared.domain.job import Job
from shared.domain.pacing.admission import Hold, WaitKind
from shared.ports import Clock, Content, ContentLedger, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class SameContent:
    """The job whose content a file repeats, and the sentence for people."""

    job_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Looks a file's content up among those sent before."""

    ledger: Ledger
    contents: ContentLedger
    clock: Clock

    def fingerprinted(self, job: Job, feed: Feed, content: Content) -> Job:
        """The job with the SHA-256 of the landed file, read through once; the content is pinned, so once is enough."""
        if feed.duplicate is Duplicate.SEND or job.content_sha256:
            return job
        digest = hashlib.sha256()
        for block in content.blocks():
            digest.update(block)
        return replace(job, content_sha256=digest.hexdigest())

    def verdict(self, job: Job, feed: Feed) -> Hold | SameContent | None:
        """None: send it, and it owns its content. While the owner's end is open the job waits, for that may fail."""
        if feed.duplicate is Duplicate.SEND:
            return None
        now = self.clock()
        claim = self.contents.claim(job, now)
        if claim.job_id == job.job_id:
            return None
        found = self.ledger.read(claim.job_id)
        owner = found.job if found else None
        if owner is None or is_free(claim, owner, feed.duplicate_within, now):
            return None if self.contents.take_over(job, claim, now) else _taken_just_now()
        return None if job.released_at else _of_the_owner(owner, feed)


def _of_the_owner(owner: Job, feed: Feed) -> Hold | SameContent:
    """What becomes of a copy of a file that was sent."""
    why = same_content_text(owner)
    if not owner.is_final:
        return Hold(kind=WaitKind.DUPLICATE, why=why)
    if feed.duplicate is Duplicate.SKIP:
        return SameContent(job_id=owner.job_id, why=why)
    return Hold(kind=WaitKind.DUPLICATE, why=f"{why}; a person releases or skips it", for_a_person=True)


def _taken_just_now() -> Hold:
    return Hold(kind=WaitKind.DUPLICATE, why="another file with the same content was sent at this moment")
