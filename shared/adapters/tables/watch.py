"""What watchers remember, as a few rows of the ledger's table. docs/ledger.md has the keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from azure.data.tables import TableClient, UpdateMode

from shared.adapters.storage_errors import translated
from shared.domain.job import JobState
from shared.domain.watching.balance import DayBalance
from shared.domain.watching.promises import PromiseKind, PromiseRecord

_SEEN, _PROMISE, _DAY = "seen", "promise", "day"

Row = dict[str, Any]


class TableWatch:
    """WatchLedger over a TableClient. Thread-safe as the client is."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def note_seen(self, what: str, at: datetime) -> None:
        """An upsert."""
        self._note({"PartitionKey": _SEEN, "RowKey": what, "at": _text(at)})

    def seen(self) -> Mapping[str, datetime]:
        """One partition: a row for each timer and each export."""
        return {row["RowKey"]: datetime.fromisoformat(row["at"]) for row in self._rows(_SEEN)}

    def note_promise(self, record: PromiseRecord) -> None:
        """An upsert."""
        self._note(
            {
                "PartitionKey": _PROMISE,
                "RowKey": f"{record.kind}.{record.feed}",
                "day": record.day.isoformat(),
                "broken": "yes" if record.broken else "",
                "since": _text(record.since),
            }
        )

    def promises(self) -> list[PromiseRecord]:
        """One partition: a row for each promise of feeds.yaml."""
        return [_promise(row) for row in self._rows(_PROMISE)]

    def note_day(self, balance: DayBalance) -> None:
        """An upsert."""
        self._note(
            {
                "PartitionKey": _DAY,
                "RowKey": f"{balance.day:%Y%m%d}.{balance.feed}",
                "arrived": str(balance.arrived),
                "states": json.dumps(dict(balance.states)),
                "lost": str(balance.lost),
                "unclaimed": str(balance.unclaimed),
                "examples": json.dumps(balance.examples),
                "even": "yes" if balance.is_even else "",
            }
        )

    def days(self, since: date) -> list[DayBalance]:
        """A range of row keys of one partition."""
        return [_day(row) for row in self._rows(_DAY, f" and RowKey ge '{since:%Y%m%d}'")]

    def _note(self, row: Row) -> None:
        with translated("noting what was watched"):
            self._table.upsert_entity(row, mode=UpdateMode.REPLACE)

    def _rows(self, partition: str, further: str = "") -> list[Row]:
        with translated("reading what was watched"):
            return [dict(row) for row in self._table.query_entities(f"PartitionKey eq '{partition}'{further}")]


def _promise(row: Row) -> PromiseRecord:
    kind, _, feed = str(row["RowKey"]).partition(".")
    return PromiseRecord(
        feed=feed,
        kind=PromiseKind(kind),
        day=date.fromisoformat(row["day"]),
        broken=row.get("broken") == "yes",
        since=datetime.fromisoformat(row["since"]),
    )


def _day(row: Row) -> DayBalance:
    day, _, feed = str(row["RowKey"]).partition(".")
    return DayBalance(
        feed=feed,
        day=datetime.strptime(f"{day}+0000", "%Y%m%d%z").date(),
        arrived=int(row["arrived"]),
        states={JobState(state): count for state, count in json.loads(row["states"]).items()},
        lost=int(row["lost"]),
        unclaimed=int(row["unclaimed"]),
        examples=tuple(json.loads(row["examples"])),
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
