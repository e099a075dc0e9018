"""Which job was the first with some content, as rows of the ledger's table: one a feed, legal entity and SHA-256."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode

from shared.adapters.storage_errors import translated
from shared.domain.duplicate import ContentClaim
from shared.domain.job import Job


class TableContents:
    """ContentLedger over a TableClient. Thread-safe as the client is."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def claim(self, job: Job, now: datetime) -> ContentClaim:
        """An insert that fails when the content is known."""
        with translated("claiming a content"):
            try:
                self._table.create_entity(_row(job, now))
            except ResourceExistsError:
                return _claim(self._table.get_entity(*content_key(job)))
        return ContentClaim(job_id=job.job_id, claimed_at=now)

    def take_over(self, job: Job, seen: ContentClaim, now: datetime) -> bool:
        """Read, compare, replace if unchanged since."""
        with translated("taking a content over"):
            try:
                found = self._table.get_entity(*content_key(job))
                if _claim(found) != seen:
                    return False
                self._table.update_entity(
                    _row(job, now),
                    mode=UpdateMode.REPLACE,
                    etag=found.metadata["etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
            except (ResourceModifiedError, ResourceNotFoundError):
                return False
        return True


def content_key(job: Job) -> tuple[str, str]:
    """Where the claim of a job's content lies."""
    return f"content.{job.feed}", f"{job.legal_entity}.{job.content_sha256}"


def _row(job: Job, now: datetime) -> dict[str, str]:
    partition, key = content_key(job)
    return {"PartitionKey": partition, "RowKey": key, "job_id": job.job_id, "claimed_at": now.isoformat()}


def _claim(row: Any) -> ContentClaim:
    return ContentClaim(job_id=row["job_id"], claimed_at=datetime.fromisoformat(row["claimed_at"]))
