"""Places under the caps: numbered rows that are there or not, so that no cap is ever exceeded, by any number of hosts.

A job takes its place under the activity's cap and under the environment's in one transaction: both or none.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
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
#: An operation of a transaction: what, on which row, on which condition.
_Change = tuple[str, dict[str, str], dict[str, Any]]


class TableSlots:
    """Numbered places in one partition of the ledger's table."""

    def __init__(self, table: TableClient) -> None:
        self._table = table
        #: Who holds which place, as this process last saw or made it. Replaced as a whole, never changed.
        self._believed: Mapping[str, str] = {}

    def take(self, job_id: str, caps: Mapping[str, int], now: datetime) -> tuple[str, ...] | None:
        """One place under each cap, all or none; None when one is full or the rush is too great.

        Numbers that are free as far as this process knows are tried unseen, from one on that the job's ID gives: an
        insert that is refused leads to a look. A job that holds places of which this process does not know, after a
        crash, is most often refused, and finds them; else it has two of a cap until the older is freed as an orphan.
        """
        if unseen := self._taken_unseen(job_id, caps, now):
            return unseen
        for _ in range(_TRIES):
            present = self._rows()
            held = [row for row in present if row["job_id"] == job_id]
            missing = {name: cap for name, cap in caps.items() if name not in {_cap_of(row["RowKey"]) for row in held}}
            numbers = {row["RowKey"] for row in present}
            chosen = [_free_number(name, cap, numbers, job_id) for name, cap in missing.items()]
            keys = [key for key in chosen if key]
            if len(keys) < len(chosen):
                return None
            taken_at = {"taken_at": now.isoformat()}
            # Its own places are taken anew, so that nobody who saw them grow old frees them now.
            changes = [_if_as_seen("update", row, taken_at) for row in held]
            changes += [("create", _row(key) | taken_at | {"job_id": job_id}, {}) for key in keys]
            if self._all_or_none(changes):
                return tuple(sorted([*keys, *(row["RowKey"] for row in held)]))
        return None

    def _taken_unseen(self, job_id: str, caps: Mapping[str, int], now: datetime) -> tuple[str, ...]:
        """One place under each cap, without a look at who is there; empty where a look is needed."""
        if job_id in self._believed.values():
            return ()
        chosen = [_free_number(name, cap, self._believed, job_id) for name, cap in caps.items()]
        keys = tuple(sorted(filter(None, chosen)))
        columns = {"job_id": job_id, "taken_at": now.isoformat()}
        if len(keys) < len(caps) or not self._all_or_none([("create", _row(key) | columns, {}) for key in keys]):
            return ()
        self._believed = {**self._believed, **dict.fromkeys(keys, job_id)}
        return keys

    def free(self, job_id: str, keys: set[str]) -> None:
        """Delete those of the rows that this job holds, each only if it is as read."""
        held = [row for row in self._rows() if row["RowKey"] in keys and row["job_id"] == job_id] if keys else []
        # Where someone freed one of them first, what is left is found by the next look for orphans.
        self._all_or_none([_if_as_seen("delete", row) for row in held])

    def free_orphan(self, slot: Slot) -> bool:
        """Delete the row if it still says who took it and when."""
        as_read = [row for row in self._rows() if _slot(row) == slot]
        return bool(as_read) and self._all_or_none([_if_as_seen("delete", row) for row in as_read])

    def taken(self) -> list[Slot]:
        """All rows."""
        return [_slot(row) for row in self._rows()]

    def _rows(self) -> list[Any]:
        found = list(self._table.query_entities(f"PartitionKey eq '{_PARTITION}'", select=_COLUMNS))
        self._believed = {row["RowKey"]: row["job_id"] for row in found}
        return found

    def _all_or_none(self, changes: list[_Change]) -> bool:
        """Make all changes in one transaction; False when a row is not as seen, or is there already."""
        try:
            if changes:
                self._table.submit_transaction(changes)
        except TableTransactionError as error:
            if error.status_code not in {404, 409, 412}:
                raise
            return False
        return True


def _row(key: str) -> dict[str, str]:
    return {"PartitionKey": _PARTITION, "RowKey": key}


def _if_as_seen(operation: str, row: Any, change: Mapping[str, str] | None = None) -> _Change:
    condition = {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
    return operation, _row(row["RowKey"]) | dict(change or {}), condition


def _cap_of(key: str) -> str:
    return key.rpartition(".")[0]


def _slot(row: Any) -> Slot:
    taken_at = datetime.fromisoformat(row["taken_at"]).astimezone(UTC)
    return Slot(key=row["RowKey"], job_id=row["job_id"], taken_at=taken_at)


def _free_number(name: str, cap: int, taken: Container[str], job_id: str) -> str | None:
    """A free number from one on that the job's ID gives, so that takers at once seldom choose the same."""
    first = crc32(job_id.encode())
    numbers = ((first + step) % cap for step in range(cap))
    return next((key for number in numbers if (key := f"{name}.{number:03}") not in taken), None)
