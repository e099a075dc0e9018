"""Places under the caps: numbered rows that are there or not, so that no cap is ever exceeded, by any number of hosts.

A job takes its place under the activity's cap and under the environment's in one transaction: both or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from azure.core import MatchConditions
from azure.data.tables import TableClient, TableTransactionError

from shared.ports import Slot

_PARTITION = "slot"
_COLUMNS = ["RowKey", "job_id", "taken_at"]
#: Two takers may choose the same number; the loser looks again. After so many losses the next tick tries.
_TRIES = 8


class TableSlots:
    """Numbered places in one partition of the ledger's table."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def take(self, job_id: str, caps: Mapping[str, int], now: datetime) -> tuple[str, ...] | None:
        """One place under each cap, all or none; None when one is full or the rush is too great."""
        for _ in range(_TRIES):
            present = self._rows()
            held = tuple(sorted(row["RowKey"] for row in present if row["job_id"] == job_id))
            if held:
                return held
            chosen = [_free_number(name, cap, present, job_id) for name, cap in caps.items()]
            keys = tuple(key for key in chosen if key)
            if len(keys) < len(chosen):
                return None
            if self._insert(keys, job_id, now):
                return keys
        return None

    def free(self, job_id: str, keys: set[str]) -> None:
        """Delete those of the rows that this job holds, each only if it is as read."""
        held = [row for row in self._rows() if row["RowKey"] in keys and row["job_id"] == job_id] if keys else []
        operations = [
            (
                "delete",
                {"PartitionKey": _PARTITION, "RowKey": row["RowKey"]},
                {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified},
            )
            for row in held
        ]
        if not operations:
            return
        try:
            self._table.submit_transaction(operations)
        except TableTransactionError as error:
            # Someone freed one of them first; what is left is found by the next look for orphans.
            if error.status_code not in {404, 412}:
                raise

    def taken(self) -> list[Slot]:
        """All rows."""
        return [
            Slot(
                key=row["RowKey"],
                job_id=row["job_id"],
                taken_at=datetime.fromisoformat(row["taken_at"]).astimezone(UTC),
            )
            for row in self._rows()
        ]

    def _rows(self) -> list[Any]:
        return list(self._table.query_entities(f"PartitionKey eq '{_PARTITION}'", select=_COLUMNS))

    def _insert(self, keys: tuple[str, ...], job_id: str, now: datetime) -> bool:
        operations = [
            (
                "create",
                {
                    "PartitionKey": _PARTITION,
                    "RowKey": key,
                    "job_id": job_id,
                    "taken_at": now.isoformat(),
                },
            )
            for key in keys
        ]
        try:
            self._table.submit_transaction(operations)
        except TableTransactionError as error:
            if error.status_code == 409:
                return False
            raise
        return True


def _free_number(name: str, cap: int, present: list[Any], job_id: str) -> str | None:
    """A free number from one on that the job's ID gives, so that takers at once seldom choose the same."""
    taken, first = {row["RowKey"] for row in present}, crc32(job_id.encode())
    numbers = ((first + step) % cap for step in range(cap))
    return next((key for number in numbers if (key := f"{name}.{number:03}") not in taken), None)
