"""How messages of a queue are worked off, against Azurite."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host.queue_listener import Limits, QueueListener, Undeliverable
from local.host.storage import Storage
from local.host.work import Work

if TYPE_CHECKING:
    from local.azurite import Azurite
    from tests.conftest import StorageNames

_LIMITS = Limits(parallelism=2, max_dequeue_count=3)


class Bench:
    """A queue, its poison queue, and what came of its messages."""

    def __init__(self, storage: Storage, connection: str, names: StorageNames) -> None:
        self._storage = storage
        self._connection = connection
        self._names = names
        self.deliveries: list[str] = []

    async def queue(self, kind: str = "work") -> QueueClient:
        return await self._storage.made_queue(self._connection, self._names.queue(kind))

    @contextlib.asynccontextmanager
    async def listening(
        self, deliver: Callable[[QueueMessage], Awaitable[bool]], limits: Limits = _LIMITS, *, has_poison: bool = True
    ) -> AsyncIterator[Work]:
        async def noted(message: QueueMessage) -> bool:
            self.deliveries.append(message.content)
            return await deliver(message)

        async def poison(_: QueueMessage) -> QueueClient | None:
            return await self.queue("poison") if has_poison else None

        work = Work()
        listener = QueueListener(await self.queue(), noted, poison, limits, work)
        work.start(listener.run(), "listener")
        yield work
        work.stop()
        assert await work.finish(timedelta(seconds=10)) == []

    async def contents(self, kind: str = "work") -> list[str]:
        """The messages that can be seen."""
        return [message.content async for message in _peeked(await self.queue(kind))]


async def _peeked(queue: QueueClient) -> AsyncIterator[QueueMessage]:
    for message in await queue.peek_messages(32):
        yield message


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(15):
        while not await condition():
            await asyncio.sleep(0.02)


def _run(azurite: Azurite, names: StorageNames, scene: Callable[[Bench], Awaitable[None]]) -> None:
    async def play() -> None:
        async with Storage() as storage:
            await scene(Bench(storage, azurite.connection_string, names))

    asyncio.run(play())


def test_a_message_is_gone_when_its_function_succeeded(azurite: Azurite, storage_names: StorageNames) -> None:
    async def scene(bench: Bench) -> None:
        async def deliver(_: QueueMessage) -> bool:
            return True

        async with bench.listening(deliver):
            await (await bench.queue()).send_message("one")
            await _until(lambda: _is(bench.deliveries, ["one"]))
        properties = await (await bench.queue()).get_queue_properties()
        assert properties.approximate_message_count == 0

    _run(azurite, storage_names, scene)


async def _is(found: list[str], wanted: list[str]) -> bool:
    return found == wanted


def test_a_message_that_keeps_failing_moves_to_the_poison_queue_as_it_was(
    azurite: Azurite, storage_names: StorageNames
) -> None:
    async def scene(bench: Bench) -> None:
        async def deliver(_: QueueMessage) -> bool:
            return False

        async def is_poison() -> bool:
            return await bench.contents("poison") == ["b25l <&>"]

        async with bench.listening(deliver):
            await (await bench.queue()).send_message("b25l <&>")
            await _until(is_poison)
        assert len(bench.deliveries) == 3

    _run(azurite, storage_names, scene)


def test_a_message_that_no_function_can_read_is_poison_at_once(azurite: Azurite, storage_names: StorageNames) -> None:
    async def scene(bench: Bench) -> None:
        async def deliver(_: QueueMessage) -> bool:
            raise Undeliverable("it is noise")

        async def is_poison() -> bool:
            return await bench.contents("poison") == ["noise"]

        async with bench.listening(deliver):
            await (await bench.queue()).send_message("noise")
            await _until(is_poison)
        assert bench.deliveries == ["noise"]

    _run(azurite, storage_names, scene)


def test_a_failing_message_of_a_poison_queue_stays_hidden_and_is_not_lost(
    azurite: Azurite, storage_names: StorageNames
) -> None:
    async def scene(bench: Bench) -> None:
        async def deliver(_: QueueMessage) -> bool:
            return False

        async with bench.listening(deliver, has_poison=False):
            await (await bench.queue()).send_message("one")
            await _until(lambda: _is(bench.deliveries, ["one"]))
        assert await bench.contents() == []
        properties = await (await bench.queue()).get_queue_properties()
        assert properties.approximate_message_count == 1

    _run(azurite, storage_names, scene)


def test_a_message_stays_hidden_for_longer_than_its_time_while_the_function_runs(
    azurite: Azurite, storage_names: StorageNames
) -> None:
    async def scene(bench: Bench) -> None:
        async def deliver(message: QueueMessage) -> bool:
            receipts = {message.pop_receipt}

            async def is_renewed_twice() -> bool:
                receipts.add(message.pop_receipt)
                return len(receipts) == 3

            await _until(is_renewed_twice)
            return True

        limits = Limits(parallelism=2, max_dequeue_count=3, hidden=timedelta(seconds=1))
        async with bench.listening(deliver, limits):
            await (await bench.queue()).send_message("long")
            await _until(lambda: _is(bench.deliveries, ["long"]))
        assert bench.deliveries == ["long"]
        properties = await (await bench.queue()).get_queue_properties()
        assert properties.approximate_message_count == 0  # deleted with the newest receipt

    _run(azurite, storage_names, scene)


def test_no_more_messages_run_side_by_side_than_allowed(azurite: Azurite, storage_names: StorageNames) -> None:
    async def scene(bench: Bench) -> None:
        running, most = 0, 0

        async def deliver(_: QueueMessage) -> bool:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.05)
            running -= 1
            return True

        async def are_done() -> bool:
            return len(bench.deliveries) == 5 and running == 0

        queue = await bench.queue()
        for number in range(5):
            await queue.send_message(str(number))
        async with bench.listening(deliver):
            await _until(are_done)
        assert most == 2

    _run(azurite, storage_names, scene)


def test_a_defect_in_the_host_stops_it_loudly(azurite: Azurite, storage_names: StorageNames) -> None:
    async def scene(bench: Bench) -> None:
        async def deliver(_: QueueMessage) -> bool:
            raise ZeroDivisionError

        async with bench.listening(deliver) as work:
            await (await bench.queue()).send_message("one")
            await asyncio.wait_for(work.until_stop(), 10)
        assert work.broken

    _run(azurite, storage_names, scene)


def test_a_queue_that_vanished_is_made_again(azurite: Azurite, storage_names: StorageNames) -> None:
    async def scene(bench: Bench) -> None:
        async def deliver(_: QueueMessage) -> bool:
            return True

        async def is_there() -> bool:
            with contextlib.suppress(ResourceNotFoundError):
                return bool(await queue.send_message("after all"))
            return False

        async with bench.listening(deliver):
            queue = await bench.queue()
            await queue.delete_queue()
            await _until(is_there)
            await _until(lambda: _is(bench.deliveries, ["after all"]))

    _run(azurite, storage_names, scene)


def test_a_stop_leaves_the_messages_that_wait_in_the_queue(azurite: Azurite, storage_names: StorageNames) -> None:
    async def scene(bench: Bench) -> None:
        works: list[Work] = []

        async def deliver(_: QueueMessage) -> bool:
            works[0].stop()
            return True

        async with bench.listening(deliver, Limits(parallelism=1, max_dequeue_count=3)) as work:
            works.append(work)
            for text in ("first", "second"):
                await (await bench.queue()).send_message(text)
            await asyncio.wait_for(work.until_stop(), 10)
        assert bench.deliveries == ["first"]
        assert await bench.contents() == ["second"]

    _run(azurite, storage_names, scene)
