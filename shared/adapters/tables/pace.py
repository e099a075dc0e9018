"""The shared pace as rows of the ledger's table. Each change is a compare-and-swap on the row's ETag."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode

from shared.adapters.storage_errors import translated
from shared.domain.pacing.circuit import Circuit
from shared.domain.pacing.pace import EnvironmentPace, FeedPace, Standing
from shared.domain.watching.history import ActivityPace, History
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
        self._last_seen = EnvironmentPace()

    def environment(self) -> EnvironmentPace:
        """A point read."""
        with translated("reading the pace"):
            return self._saw(_environment(self._row(_ENVIRONMENT) or {}))

    def environment_last_seen(self) -> EnvironmentPace:
        """See PaceLedger."""
        return self._last_seen

    def _saw(self, pace: EnvironmentPace) -> EnvironmentPace:
        self._last_seen = pace
        return pace

    def change_environment(self, change: Callable[[EnvironmentPace], EnvironmentPace]) -> EnvironmentPace:
        """Read, change, write if unchanged since."""
        with translated("changing the pace"):
            return self._saw(self._swap(_ENVIRONMENT, change, _environment, _environment_row))

    def standing(self, feed: str) -> Standing:
        """One query of a partition that has a row a feed."""
        keys = f"(RowKey eq '{_ENVIRONMENT}' or RowKey eq '{_feed_key(feed)}')"
        with translated("reading the pace"):
            found = {
                row["RowKey"]: dict(row)
                for row in self._table.query_entities(f"PartitionKey eq '{_PARTITION}' and {keys}")
            }
        return Standing(self._saw(_environment(found.get(_ENVIRONMENT, {}))), _feed(found.get(_feed_key(feed), {})))

    def change_feed(self, feed: str, change: Callable[[FeedPace], FeedPace]) -> FeedPace:
        """Read, change, write if unchanged since."""
        with translated("changing the pace"):
            return self._swap(_feed_key(feed), change, _feed, _feed_row)

    def activity(self, activity_id: str) -> ActivityPace:
        """A point read."""
        with translated("reading the pace"):
            return _activity(self._row(_activity_key(activity_id)) or {})

    def change_activity(self, activity_id: str, change: Callable[[ActivityPace], ActivityPace]) -> ActivityPace:
        """Read, change, write if unchanged since."""
        with translated("changing the pace"):
            return self._swap(_activity_key(activity_id), change, _activity, _activity_row)

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
    history = History(
        queued_seconds=_numbers(row.get("queued_seconds", "")), total_seconds=_numbers(row.get("total_seconds", ""))
    )
    stopped_at, stopped_why = _time(row.get("stopped_at", "")), row.get("stopped_why", "")
    return FeedPace(circuit=circuit, history=history, stopped_at=stopped_at, stopped_why=stopped_why)


def _feed_row(pace: FeedPace) -> Row:
    circuit = pace.circuit
    return {
        "refusals": str(circuit.refusals),
        "refused_why": circuit.why[:1000],
        "opened_at": _text(circuit.opened_at),
        "try_at": _text(circuit.try_at),
        "queued_seconds": " ".join(map(str, pace.history.queued_seconds)),
        "total_seconds": " ".join(map(str, pace.history.total_seconds)),
        "stopped_at": _text(pace.stopped_at),
        "stopped_why": pace.stopped_why[:1000],
    }


def _activity_key(activity_id: str) -> str:
    return f"activity.{activity_id.lower()}"


def _activity(row: Row) -> ActivityPace:
    return ActivityPace(saturated_at=_time(row.get("saturated_at", "")), moved_at=_time(row.get("moved_at", "")))


def _activity_row(pace: ActivityPace) -> Row:
    return {"saturated_at": _text(pace.saturated_at), "moved_at": _text(pace.moved_at)}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


def _text(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
