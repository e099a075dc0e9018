"""Remembers when a timer ran and is next due, so that a host that was away notices what it missed.

One blob for each timer, `azure-webjobs-hosts/timers/<host id>/Host.Functions.NAME/status`: Last, Next, LastUpdated,
as Microsoft's timer extension writes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob.aio import BlobClient

from local.host.cron import Schedule

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Status:
    """What is remembered. `last_at` is the year 1 before the first run."""

    last_at: datetime
    next_at: datetime
    updated_at: datetime

    @classmethod
    def first(cls, schedule: Schedule, now: datetime) -> Self:
        """Of a timer that never ran."""
        return cls(_NEVER, schedule.next_after(now), now)

    @classmethod
    def after_run(cls, schedule: Schedule, at: datetime) -> Self:
        """Of a timer whose run started, or was due, at `at`."""
        return cls(at, schedule.next_after(at), at)

    def on_start(self, schedule: Schedule, now: datetime) -> tuple[Self, bool]:
        """The status to go on from when a host starts, and whether a run is past due.

        However many runs were missed, one is due. A schedule that changed in the meantime begins anew from `now`.
        """
        expected = schedule.next_after(self.updated_at if self.last_at == _NEVER else self.last_at)
        if expected != self.next_at:
            return type(self)(self.last_at, schedule.next_after(now), now), False
        return self, now > self.next_at

    def to_dict(self) -> dict[str, str]:
        """As the function sees it in `timer.schedule_status`."""
        return {
            "Last": self.last_at.isoformat(),
            "Next": self.next_at.isoformat(),
            "LastUpdated": self.updated_at.isoformat(),
        }

    @classmethod
    def from_dict(cls, content: dict[str, str]) -> Self:
        """Times without an offset are read as UTC. KeyError or ValueError for what is no status."""
        return cls(*(_utc(content[key]) for key in ("Last", "Next", "LastUpdated")))


class ScheduleMonitor:
    """Keeps the status of one timer in a blob."""

    def __init__(self, blob: BlobClient) -> None:
        """The container must exist."""
        self._blob = blob

    async def read(self) -> Status | None:
        """None when there is no status yet."""
        try:
            return Status.from_dict(json.loads(await (await self._blob.download_blob()).readall()))
        except ResourceNotFoundError:
            return None

    async def write(self, status: Status) -> None:
        """Replace what is remembered."""
        await self._blob.upload_blob(json.dumps(status.to_dict()), overwrite=True)


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
