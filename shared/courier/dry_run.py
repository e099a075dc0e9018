"""A file on this machine, judged and packed by the same code as a landed one, without any connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.adapters.local_file import LocalLanding
from shared.domain.checks.findings import Finding, check_bundled, check_size
from shared.domain.feed import Feed
from shared.domain.job import Job, LandedFile, Source
from shared.domain.naming import business_date_of, job_id_of
from shared.domain.pacing.ordering import check_number
from shared.domain.routing import path_of
from shared.feeds.offline import NotReadable
from shared.ports import Content
from shared.services.intake.checking import Checking
from shared.services.intake.packing import Packing, file_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """The job that the file would be, all findings, and what would be sent: None where that takes other files, too."""

    job: Job
    findings: tuple[Finding, ...]
    content: Content | None


def dry_run(feed: Feed, path: Path, now: datetime, legal_entity: str = "") -> DryRun:
    """Judge a file as if it landed at `now`, for the feed's first legal entity when none is given.

    Raises NotReadable.
    """
    try:
        landing = LocalLanding(path)
        job = _job(feed, landing, now, legal_entity or feed.company or feed.companies[0])
        return _judged(feed, job, landing)
    except OSError as error:
        raise NotReadable(f"{path} cannot be read: {error.strerror}") from error


def _judged(feed: Feed, job: Job, landing: LocalLanding) -> DryRun:
    source = job.source
    if feed.bundle is not None:
        return DryRun(job=job, findings=tuple(_of_member(feed, source, landing)), content=None)
    if unfit := check_size(feed, source.size_bytes) + check_number(feed, source.name):
        return DryRun(job=job, findings=tuple(unfit), content=None)
    outbound = Packing(landing, Checking(landing)).outbound(feed, job)
    return DryRun(job=outbound.job, findings=tuple(outbound.findings), content=outbound.content)


def _of_member(feed: Feed, source: Source, landing: LocalLanding) -> list[Finding]:
    """Findings of one file of a bundle; none of the file that says done, which is not sent."""
    if unknown := check_bundled(feed, source.name):
        return unknown
    entity = feed.bundle.entity_of(source.name) if feed.bundle else ""
    if feed.template is None or not entity:
        return []
    return file_findings(
        feed, feed.template, LandedFile(source=source, entity=entity), landing.open(source).first_bytes
    )


def _job(feed: Feed, landing: LocalLanding, now: datetime, legal_entity: str) -> Job:
    source = Source(
        container="dry-run",
        path=path_of(feed, legal_entity, landing.path.name),
        etag=landing.sha256,
        size_bytes=landing.size_bytes,
        landed_at=now,
    )
    business_date = business_date_of(source.name, now)
    return Job(
        job_id=job_id_of(feed.name, business_date, source),
        feed=feed.name,
        legal_entity=legal_entity,
        activity_id=feed.activity_id,
        entity=feed.entity,
        source=source,
        business_date=business_date,
        created_at=now,
        changed_at=now,
        content_sha256=landing.sha256,
    )
