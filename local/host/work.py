"""All that runs in the host, and how it comes to rest: stop taking work, finish what runs, bounded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

_log = logging.getLogger("local.host")

_T = TypeVar("_T")


class Work:
    """The tasks of the host. A task that raises is a defect, and stops the host."""

    def __init__(self) -> None:
        """Nothing runs yet. Needs a running event loop."""
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.broken = False

    @property
    def is_stopping(self) -> bool:
        """Whether no new work may be taken."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Ask everything to come to rest. May be called again."""
        self._stopping.set()

    async def until_stop(self) -> None:
        """Return when `stop` was called."""
        await self._stopping.wait()

    async def pause(self, wait: timedelta) -> bool:
        """Wait, but not beyond a stop. False when the work shall end."""
        try:
            await asyncio.wait_for(self._stopping.wait(), wait.total_seconds())
        except TimeoutError:
            return True
        return False

    def start(self, work: Coroutine[Any, Any, _T], name: str) -> asyncio.Task[_T]:
        """Run something beside everything else; the host waits for it before it ends."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def finish(self, within: timedelta) -> list[str]:
        """Wait for all tasks. Returns the names of those that were still running when the time was over."""
        clock = asyncio.get_running_loop().time
        end = clock() + within.total_seconds()
        while self._tasks and clock() < end:
            await asyncio.wait(self._tasks, timeout=end - clock())
        return sorted(task.get_name() for task in self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("%s broke down; the host stops", task.get_name(), exc_info=error)
            self.broken = True
            self.stop()
