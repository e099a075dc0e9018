"""Rows of the ledger's table whose time is over: found by the arrivals of days long gone, dropped file by file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient

from shared.adapters.storage_errors import translated
from shared.adapters.tables import ledger_rows as rows
from shared.adapters.tables.bulk import if_as
from shared.adapters.tables.contents import content_key
from shared.domain.job import Job
from shared.domain.naming import source_key
from shared.ports import OldArrival, Stored


class TableOldRows:
    """OldRows over a TableClient. Thread-safe as the client is."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def arrived_before(self, day: date) -> Iterator[OldArrival]:
        """The partitions of the days before, which are neighbours, by one query."""
        bounds = f"PartitionKey ge '{rows.ARRIVED}' and PartitionKey lt '{rows.arrivals_partition(day)}'"
        with translated("listing old arrivals"):
            for row in self._table.query_entities(bounds, select=["PartitionKey", "RowKey", "job_id"]):
                yield OldArrival(job_id=row["job_id"], partition=row["PartitionKey"], key=row["RowKey"])

    def drop(self, arrival: OldArrival, stored: Stored | None) -> bool:
        """The job's row if it is as it was read, what points to it, and the arrival last."""
        with translated("dropping old rows"):
            if stored and not self._job_dropped(stored):
                return False
            for partition, key in _pointers(arrival, stored.job if stored else None):
                self._table.delete_entity(partition, key)
            if stored and stored.job.content_sha256:
                self._drop_content(stored.job)
            self._table.delete_entity(arrival.partition, arrival.key)
        return True

    def _job_dropped(self, stored: Stored) -> bool:
        condition: Any = if_as(stored.version)
        try:
            self._table.delete_entity(*rows.job_key(stored.job.job_id), **condition)
        except ResourceModifiedError:
            return False
        except ResourceNotFoundError:
            return True
        return True

    def _drop_content(self, job: Job) -> None:
        """Another job may have taken the content over since."""
        partition, key = content_key(job)
        try:
            row = self._table.get_entity(partition, key, select=["job_id"])
        except ResourceNotFoundError:
            return
        if row["job_id"] == job.job_id:
            self._table.delete_entity(partition, key)


def _pointers(arrival: OldArrival, job: Job | None) -> list[tuple[str, str]]:
    """Claims and message rows; the client takes a missing row for deleted."""
    found = [rows.source_row_key(arrival.key)]
    if job:
        found += [rows.source_row_key(source_key(file.source)) for file in job.members]
        found += [rows.message_row_key(told) for told in (job.message_id, job.execution_id) if told]
    return found
