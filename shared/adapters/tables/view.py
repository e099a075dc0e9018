"""What watchers ask of the ledger's table: keys and few columns, never a whole job. docs/ledger.md has the keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient

from shared.adapters.storage_errors import translated
from shared.adapters.tables import ledger_rows as rows
from shared.domain.job import JobState
from shared.domain.listing import JobLine
from shared.ports import Arrival, JobStanding, OpenEntry


class TableView:
    """LedgerView over a TableClient."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def open_entries(self) -> Iterator[OpenEntry]:
        """The partitions of due entries and of parked jobs, which are neighbours, by one query."""
        bounds = "PartitionKey ge 'due.' and PartitionKey lt 'due/'"
        with translated("listing open jobs"):
            for row in self._table.query_entities(bounds, select=["PartitionKey", "RowKey", "feed", "replaces"]):
                yield _open_entry(dict(row))

    def unpark(self, entries: Iterable[OpenEntry]) -> None:
        """A delete for each; they are as many as a person has moved since the last look."""
        with translated("dropping notes of parked jobs"):
            for entry in entries:
                try:
                    self._table.delete_entity(rows.PARKED, entry.job_id)
                except ResourceNotFoundError:
                    continue

    def arrivals(self, day: date) -> Iterator[Arrival]:
        """One partition, page by page."""
        bounds = f"PartitionKey eq '{rows.arrivals_partition(day)}'"
        with translated("listing arrivals"):
            for row in self._table.query_entities(bounds, select=["job_id", "landed_at", "path"]):
                job_id = str(row["job_id"])
                landed_at = datetime.fromisoformat(row["landed_at"])
                feed, path = job_id.partition(".")[0], str(row.get("path") or "")
                yield Arrival(job_id=job_id, feed=feed, landed_at=landed_at, path=path)

    def standings(self, feed: str, business_date: date) -> Iterator[JobStanding]:
        """One partition, page by page, three columns of it."""
        partition = rows.date_partition(feed, business_date)
        with translated("listing where jobs stand"):
            for row in self._table.query_entities(
                f"PartitionKey eq '{partition}'", select=["RowKey", "state", "landed_at"]
            ):
                yield JobStanding(
                    job_id=f"{partition.removeprefix('job.')}.{row['RowKey']}",
                    state=JobState(row["state"]),
                    landed_at=datetime.fromisoformat(row["landed_at"]),
                )

    def listed(self, feed: str, business_date: date, besides: JobState | None = None) -> Iterator[JobLine]:
        """One partition, page by page, the columns of a line."""
        partition = rows.date_partition(feed, business_date)
        which = "PartitionKey eq @partition" + (" and state ne @besides" if besides else "")
        given = {"partition": partition} | ({"besides": besides.value} if besides else {})
        with translated("listing jobs"):
            for row in self._table.query_entities(
                which, parameters=given, select=["PartitionKey", "RowKey", *rows.LINE_COLUMNS]
            ):
                yield rows.line_from_row(dict(row))

    def in_state(self, feed: str, business_date: date, state: JobState) -> Iterator[str]:
        """One partition, page by page, nothing but keys."""
        partition = rows.date_partition(feed, business_date)
        given = {"partition": partition, "state": state.value}
        which = "PartitionKey eq @partition and state eq @state"
        with translated("counting jobs"):
            for row in self._table.query_entities(which, parameters=given, select=["RowKey"]):
                yield f"{partition.removeprefix('job.')}.{row['RowKey']}"

    def arrived(self, day: date) -> Iterator[str]:
        """One partition, page by page, one column."""
        bounds = f"PartitionKey eq '{rows.arrivals_partition(day)}'"
        with translated("counting arrivals"):
            for row in self._table.query_entities(bounds, select=["job_id"]):
                yield str(row["job_id"])


def _open_entry(row: dict[str, Any]) -> OpenEntry:
    partition, key = str(row["PartitionKey"]), str(row["RowKey"])
    is_parked = partition == rows.PARKED
    return OpenEntry(
        job_id=key if is_parked else rows.parse_due_key(key)[1],
        feed=str(row["feed"]),
        key=f"{partition}/{key}",
        is_parked=is_parked,
        replaces=row.get("replaces") or "",
    )
