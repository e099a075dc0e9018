"""Timer triggers: runs by schedule, past due runs, run now. The runs of one timer never overlap.

Sources: Microsoft Learn, "Timer trigger for Azure Functions", and the timer extension for what happens at a start.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError
from azure.storage.blob.aio import ContainerClient

from local.host.cron import BadSchedule, Schedule
from local.host.invoker import Invoker
from local.host.messages import TypedData
from local.host.runtime import AppRefused, Call, Function, Outcome
from local.host.schedule_monitor import ScheduleMonitor, Status
from local.host.settings import AppSettings
from local.host.storage import brief
from local.host.work import Work

_log = logging.getLogger("local.host")

_SHORTEST_MONITORED = timedelta(minutes=1)
_LONGEST_NAP = timedelta(minutes=1)  # a laptop that slept finds out by looking at the clock


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


class Timer:
    """One function, and when it is due."""

    def __init__(
        self,
        function: Function,
        settings: AppSettings,
        invoker: Invoker,
        work: Work,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Reads the binding; touches no storage.

        Raises:
            AppRefused: the schedule cannot be read, or never comes due.
        """
        self.function = function
        self.expression = settings.resolve(function.trigger["schedule"])
        self._invoker = invoker
        self._work = work
        self._clock = clock
        self._running = asyncio.Lock()
        self._monitor: ScheduleMonitor | None = None
        self._past_due = False
        try:
            self._schedule = Schedule.parse(self.expression)
            self._status = Status.first(self._schedule, clock())
        except BadSchedule as error:
            raise AppRefused(f"{function.name}: schedule {self.expression!r}: {error}") from None

    async def recall(self, container: ContainerClient, host_id: str) -> None:
        """Take up what an earlier host remembered, if this timer is of a kind that is remembered."""
        if not self._is_monitored():
            return
        blob = container.get_blob_client(f"timers/{host_id}/{self.function.full_name}/status")
        self._monitor = ScheduleMonitor(blob)
        if remembered := await self._monitor.read():
            self._status, self._past_due = remembered.on_start(self._schedule, self._clock())
        await self._monitor.write(self._status)

    def _is_monitored(self) -> bool:
        """Off by wish, and for schedules under a minute."""
        following = self._schedule.next_after(self._status.next_at)
        often = following - self._status.next_at < _SHORTEST_MONITORED
        return bool(self.function.trigger.get("useMonitor", True)) and not often

    async def run(self) -> None:
        """Run the function whenever it is due, until the host stops."""
        if self._past_due or self.function.trigger.get("runOnStartup", False):
            await self._due(self._clock())
        while await self._work.pause(min(self._status.next_at - self._clock(), _LONGEST_NAP)):
            if (now := self._clock()) >= self._status.next_at:
                await self._due(now)

    async def run_now(self) -> Outcome:
        """Run it beside its schedule. Waits for a run that is under way; retries count as part of the run."""
        return await self._invoke("asked for", past_due=False)

    async def _due(self, at: datetime) -> None:
        await self._invoke("past due" if self._past_due else "due", past_due=self._past_due)
        self._past_due = False
        self._status = Status.after_run(self._schedule, at)
        try:
            if self._monitor:
                await self._monitor.write(self._status)
        except AzureError as error:
            _log.warning("%s: its run could not be noted: %s", self.function.name, brief(error))

    async def _invoke(self, reason: str, *, past_due: bool) -> Outcome:
        argument = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": self._status.to_dict() if self._monitor else None,
            "IsPastDue": past_due,
        }
        async with self._running:
            return await self._invoker.with_retries(
                self.function, Call(TypedData(json=json.dumps(argument)), {}, reason)
            )
