"""Queues of ordered feeds as rows of the ledger's table: a partition for each feed and legal entity."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode

from shared.adapters.storage_errors import translated
from shared.domain.job import Job
from shared.domain.pacing.ordering import Member, Queue
from shared.errors import Conflict

#: The row of the highest number that has gone; it sorts before all members.
_LAST = "a.last"


class TableOrder:
    """OrderLedger over a TableClient. Thread-safe as the client is."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def join(self, job: Job, now: datetime) -> None:
        """An insert; who has joined stays where it is."""
        row = {
            "PartitionKey": _partition(job.feed, job.legal_entity),
            "RowKey": _key(job),
            "job_id": job.job_id,
            "joined_at": now.isoformat(),
        }
        with translated("joining a queue"):
            try:
                self._table.create_entity(row)
            except ResourceExistsError:
                return

    def up_to(self, job: Job, most: int) -> Queue:
        """A range of row keys: the first row may be the last number, all others are members."""
        partition = _partition(job.feed, job.legal_entity)
        bounds = f"PartitionKey eq '{partition}' and RowKey le '{_key(job)}'"
        with translated("reading a queue"):
            rows = list(islice(self._table.query_entities(bounds, results_per_page=most + 1), most + 1))
        last = [int(row["number"]) for row in rows if row["RowKey"] == _LAST]
        members = tuple(_member(row) for row in rows if row["RowKey"] != _LAST)
        return Queue(last_number=last[0] if last else None, members=members[:most])

    def drop(self, feed: str, legal_entity: str, member: Member) -> None:
        """See OrderLedger."""
        with translated("leaving a queue"):
            try:
                self._table.delete_entity(_partition(feed, legal_entity), f"k.{member.key}")
            except ResourceNotFoundError:
                return

    def note_gone(self, feed: str, legal_entity: str, number: int) -> None:
        """Read, compare, write if unchanged since."""
        row = {"PartitionKey": _partition(feed, legal_entity), "RowKey": _LAST, "number": str(number)}
        with translated("noting a number"):
            try:
                found = self._table.get_entity(row["PartitionKey"], _LAST)
            except ResourceNotFoundError:
                found = None
            try:
                if found is None:
                    self._table.create_entity(row)
                elif int(found["number"]) < number:
                    self._table.update_entity(
                        row,
                        mode=UpdateMode.REPLACE,
                        etag=found.metadata["etag"],
                        match_condition=MatchConditions.IfNotModified,
                    )
            except (ResourceExistsError, ResourceModifiedError) as error:
                raise Conflict(f"another worker noted a number of {feed}") from error


def _partition(feed: str, legal_entity: str) -> str:
    return f"order.{feed}.{legal_entity}"


def _key(job: Job) -> str:
    return f"k.{job.order_key}.{job.job_id.rpartition('.')[2]}"


def _member(row: Any) -> Member:
    key = row["RowKey"].removeprefix("k.")
    return Member(key=key, job_id=row["job_id"], joined_at=datetime.fromisoformat(row["joined_at"]))
