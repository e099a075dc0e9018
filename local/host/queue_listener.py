"""Messages of one storage queue, each brought to a function until it succeeds or counts as poison.

The behaviour is that of the queue processor in Microsoft's storage extension: a message is hidden while its function
runs, and that is renewed; success deletes it; failure shows it again, at once unless host.json says otherwise; at the
largest dequeue count it moves to the poison queue. Where there is none, it stays hidden till its time is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host.storage import brief
from local.host.work import Work

_log = logging.getLogger("local.host")

#: Azure lets this grow to a minute; on a laptop someone is waiting.
_IDLE_SECONDS = 0.2
_AFTER_AN_OUTAGE = timedelta(seconds=1)


class Undeliverable(Exception):
    """No function can make anything of this message; it is poison from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How a queue is worked off."""

    parallelism: int
    max_dequeue_count: int
    hidden: timedelta = timedelta(minutes=10)
    retry_delay: timedelta = timedelta()


class QueueListener:
    """Takes messages from a queue for as long as the host runs."""

    def __init__(
        self,
        queue: QueueClient,
        deliver: Callable[[QueueMessage], Awaitable[bool]],
        poison: Callable[[QueueMessage], Awaitable[QueueClient | None]],
        limits: Limits,
        work: Work,
    ) -> None:
        """`deliver` runs the function and says whether it succeeded; `poison` names the poison queue, if any."""
        self._queue = queue
        self._deliver = deliver
        self._poison = poison
        self._limits = limits
        self._work = work
        self._free = asyncio.Semaphore(limits.parallelism)
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """There is a new message: look now."""
        self._nudged.set()

    async def run(self) -> None:
        """Work until the host stops. Returns with messages still running; they are tasks of the host's."""
        while not self._work.is_stopping:
            await self._free.acquire()
            message = None if self._work.is_stopping else await self._receive()
            if message is None:
                self._free.release()
            else:
                self._work.start(self._take(message), f"message {message.id} of {self._queue.queue_name}")

    async def _receive(self) -> QueueMessage | None:
        try:
            message = await self._queue.receive_message(visibility_timeout=_whole_seconds(self._limits.hidden))
        except AzureError as error:
            _log.warning("queue %s does not answer: %s", self._queue.queue_name, brief(error))
            await self._recover()
            return None
        if message is None:
            await self._idle()
        return message

    async def _recover(self) -> None:
        """Wait a little; then make the queue if the storage was emptied under the host."""
        if await self._work.pause(_AFTER_AN_OUTAGE):
            with contextlib.suppress(AzureError):
                await self._queue.create_queue()

    async def _idle(self) -> None:
        try:
            await asyncio.wait_for(self._nudged.wait(), _IDLE_SECONDS)
        except TimeoutError:
            return
        self._nudged.clear()

    async def _take(self, message: QueueMessage) -> None:
        try:
            async with self._kept_hidden(message):
                succeeded = await self._try(message)
            await self._settle(message, succeeded)
        except Undeliverable as error:
            _log.warning("message %s of %s: %s", message.id, self._queue.queue_name, error)
            await self._move_to_poison(message)
        except AzureError as error:
            _log.warning("message %s of %s will come again: %s", message.id, self._queue.queue_name, brief(error))
        finally:
            self._free.release()

    async def _try(self, message: QueueMessage) -> bool:
        try:
            return await self._deliver(message)
        except AzureError:
            _log.exception("message %s of %s could not be delivered", message.id, self._queue.queue_name)
            return False

    async def _settle(self, message: QueueMessage, succeeded: bool) -> None:
        if succeeded:
            await self._queue.delete_message(message)
        elif (message.dequeue_count or 0) >= self._limits.max_dequeue_count:
            await self._move_to_poison(message)
        elif await self._poison(message) is not None:
            delay = _whole_seconds(self._limits.retry_delay)
            await self._queue.update_message(message, visibility_timeout=delay)
            self.nudge()

    async def _move_to_poison(self, message: QueueMessage) -> None:
        poison = await self._poison(message)
        if poison is None:
            return
        await poison.send_message(message.content)
        await self._queue.delete_message(message)
        _log.warning(
            "message %s of %s moved to %s at try %s",
            message.id,
            self._queue.queue_name,
            poison.queue_name,
            message.dequeue_count,
        )

    @contextlib.asynccontextmanager
    async def _kept_hidden(self, message: QueueMessage) -> AsyncIterator[None]:
        done = asyncio.Event()
        renewal = asyncio.create_task(self._renew(message, done))
        try:
            yield
        finally:
            done.set()  # not cancelled: a renewal under way brings the receipt that the deletion needs
            await renewal

    async def _renew(self, message: QueueMessage, done: asyncio.Event) -> None:
        hidden = _whole_seconds(self._limits.hidden)
        while True:
            try:
                await asyncio.wait_for(done.wait(), hidden / 2)
            except TimeoutError:
                try:
                    renewed = await self._queue.update_message(message, visibility_timeout=hidden)
                except AzureError as error:
                    _log.warning("message %s could not be kept hidden: %s", message.id, brief(error))
                else:
                    message.pop_receipt = renewed.pop_receipt
            else:
                return


def _whole_seconds(duration: timedelta) -> int:
    return round(duration.total_seconds())
