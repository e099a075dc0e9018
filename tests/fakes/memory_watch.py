"""What watchers remember, in memory. Passes the contract in tests/contract/test_watch.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from shared.domain.watching.balance import DayBalance
from shared.domain.watching.promises import PromiseKind, PromiseRecord


class MemoryWatch:
    """WatchLedger over dictionaries."""

    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}
        self._promises: dict[tuple[PromiseKind, str], PromiseRecord] = {}
        self._days: dict[tuple[date, str], DayBalance] = {}

    def note_seen(self, what: str, at: datetime) -> None:
        """See WatchLedger."""
        self._seen[what] = at

    def seen(self) -> Mapping[str, datetime]:
        """See WatchLedger."""
        return dict(self._seen)

    def note_promise(self, record: PromiseRecord) -> None:
        """See WatchLedger."""
        self._promises[record.kind, record.feed] = record

    def promises(self) -> list[PromiseRecord]:
        """See WatchLedger."""
        return list(self._promises.values())

    def note_day(self, balance: DayBalance) -> None:
        """See WatchLedger."""
        self._days[balance.day, balance.feed] = balance

    def days(self, since: date) -> list[DayBalance]:
        """See WatchLedger."""
        return [balance for (day, _), balance in sorted(self._days.items()) if day >= since]
