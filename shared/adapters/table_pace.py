"""The shared pace as rows of the ledger's table. Each change is a compare-and-swap on the row's ETag."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode

from shared.adapters.storage_errors import translated
from shared.domain.circuit import Circuit
from shared.domain.pace import EnvironmentPace, FeedPace, Standing
from shared.errors import Conflict

_PARTITION = "pace"
_ENVIRONMENT = "environment"
#: Writers who meet at one row try again; who loses so often leaves it to the next tick.
_TRIES = 12

Row = dict[str, Any]
_Pace = TypeVar("_Pace")


class TablePace:
    """PaceLedger over a TableClient. Thread-safe as the client is."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def environment(self) -> EnvironmentPace:
        """A point read."""
        with translated("reading the pace"):
            return _environment(self._row(_ENVIRONMENT) or {})

    def change_environment(self, change: Callable[[EnvironmentPace], EnvironmentPace]) -> EnvironmentPace:
        """Read, change, write if unchanged since."""
        with translated("changing the pace"):
            return self._swap(_ENVIRONMENT, change, _environment, _environment_row)

    def standing(self, feed: str) -> Standing:
        """One query of a partition that has a row a feed."""
        keys = f"(RowKey eq '{_ENVIRONMENT}' or RowKey eq '{_feed_key(feed)}')"
        with translated("reading the pace"):
            found = {
                row["RowKey"]: dict(row)
                for row in self._table.query_entities(f"PartitionKey eq '{_PARTITION}' and {keys}")
            }
        return Standing(_environment(found.get(_ENVIRONMENT, {})), _feed(found.get(_feed_key(feed), {})))

    def change_feed(self, feed: str, change: Callable[[FeedPace], FeedPace]) -> FeedPace:
        """Read, change, write if unchanged since."""
        with translated("changing the pace"):
            return self._swap(_feed_key(feed), change, _feed, _feed_row)

    def _swap(
        self, key: str, change: Callable[[_Pace], _Pace], read: Callable[[Row], _Pace], row_of: Callable[[_Pace], Row]
    ) -> _Pace:
        for _ in range(_TRIES):
            found = self._row(key)
            before = read(found or {})
            after = change(before)
            if after is before or self._written(key, row_of(after), found):
                return after
        raise Conflict(f"too many writers at the pace of {key}")

    def _row(self, key: str) -> Any:
        try:
            return self._table.get_entity(_PARTITION, key)
        except ResourceNotFoundError:
            return None

    def _written(self, key: str, columns: Row, found: Any) -> bool:
        """True when the row was as `found`, or not there where nothing was found."""
        row = {"PartitionKey": _PARTITION, "RowKey": key, **columns}
        try:
            if found is None:
                self._table.create_entity(row)
            else:
                self._table.update_entity(
                    row,
                    mode=UpdateMode.REPLACE,
                    etag=found.metadata["etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
        except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
            return False
        return True


def _environment(row: Row) -> EnvironmentPace:
    return EnvironmentPace(
        paused_until=_time(row.get("paused_until", "")),
        pause_why=row.get("pause_why", ""),
        tokens=float(row.get("tokens", "0")),
        filled_at=_time(row.get("filled_at", "")),
        crowded=frozenset(row.get("crowded", "").split()),
        crowded_until=_time(row.get("crowded_until", "")),
    )


def _environment_row(pace: EnvironmentPace) -> Row:
    return {
        "paused_until": _text(pace.paused_until),
        "pause_why": pace.pause_why[:500],
        "tokens": repr(pace.tokens),
        "filled_at": _text(pace.filled_at),
        "crowded": " ".join(sorted(pace.crowded)),
        "crowded_until": _text(pace.crowded_until),
    }


def _feed_key(feed: str) -> str:
    return f"feed.{feed}"


def _feed(row: Row) -> FeedPace:
    circuit = Circuit(
        refusals=int(row.get("refusals", "0")),
        why=row.get("refused_why", ""),
        opened_at=_time(row.get("opened_at", "")),
        try_at=_time(row.get("try_at", "")),
    )
    return FeedPace(circuit=circuit)


def _feed_row(pace: FeedPace) -> Row:
    circuit = pace.circuit
    return {
        "refusals": str(circuit.refusals),
        "refused_why": circuit.why[:1000],
        "opened_at": _text(circuit.opened_at),
        "try_at": _text(circuit.try_at),
    }


def _text(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
