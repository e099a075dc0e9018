"""How long each export has been silent and how long content waits for its acknowledgement, told by each drain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.export import Delivery, DeliveryState
from shared.domain.feed import FeedBook
from shared.errors import CourierError
from shared.ports import Clock, WatchLedger
from shared.telemetry import Event, emit


def seen_as(export: str) -> str:
    """The name under which the last delivery of an export is remembered."""
    return f"export.{export}"


@dataclass(frozen=True, slots=True)
class ExportGauges:
    """What a drain knows at its end, and the row that remembers the last delivery of each export."""

    watch: WatchLedger
    feeds: FeedBook
    clock: Clock

    def tell(self, delivered: Iterable[str], left: Iterable[Delivery]) -> None:
        """Note the exports that were delivered, and tell how each stands. A ledger out of reach is told, not raised."""
        now, open_ones = self.clock(), list(left)
        try:
            for name in delivered:
                self.watch.note_seen(seen_as(name), now)
            seen = self.watch.seen()
        except CourierError as failure:
            emit(Event.TICK_STEP_FAILED, error=f"export gauges: {failure}")
            return
        for feed in self.feeds.exports.values():
            last_at = seen.get(seen_as(feed.name))
            mine = [delivery for delivery in open_ones if delivery.feed == feed.name]
            emit(
                Event.EXPORT_GAUGE,
                feed=feed.name,
                hours_since_last=_hours(now - last_at) if last_at else None,
                expect_every_hours=_hours(feed.every) if feed.every else None,
                open=len(mine),
                unacknowledged_minutes=_oldest_stored(mine, now),
            )


def _oldest_stored(left: list[Delivery], now: datetime) -> int:
    """Minutes of its lease that the oldest one has used which is stored and not acknowledged."""
    stored = [delivery.taken_at for delivery in left if delivery.state is DeliveryState.STORED]
    return (now - min(stored)) // timedelta(minutes=1) if stored else 0


def _hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 1)
