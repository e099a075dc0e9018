"""Clients of the storage accounts that the app is connected to: one set for each connection string."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.blob.aio import BlobServiceClient, ContainerClient, LinearRetry
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.host.runtime import AppRefused


class Storage:
    """Opens clients when first asked for, and closes all of them when left by `async with`."""

    def __init__(self) -> None:
        """Opens nothing."""
        self._open = AsyncExitStack()
        self._blobs: dict[str, BlobServiceClient] = {}
        self._queues: dict[str, QueueServiceClient] = {}

    def container(self, connection: str, name: str) -> ContainerClient:
        """A client of a container, which need not exist. Raises AppRefused for what is no connection string."""
        if connection not in self._blobs:
            with _connection_read():
                client = BlobServiceClient.from_connection_string(connection, retry_policy=_retry())
            self._open.push_async_callback(client.close)
            self._blobs[connection] = client
        return self._blobs[connection].get_container_client(name)

    async def made_container(self, connection: str, name: str) -> ContainerClient:
        """The same, created if it was missing."""
        client = self.container(connection, name)
        with contextlib.suppress(ResourceExistsError):
            await client.create_container()
        return client

    async def made_queue(self, connection: str, name: str) -> QueueClient:
        """A client of a queue, which is created if it was missing. Texts go through as they are, without base64."""
        if connection not in self._queues:
            with _connection_read():
                client = QueueServiceClient.from_connection_string(connection, retry_policy=_retry())
            self._open.push_async_callback(client.close)
            self._queues[connection] = client
        queue = self._queues[connection].get_queue_client(name)
        with contextlib.suppress(ResourceExistsError):
            await queue.create_queue()
        return queue

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()


def brief(error: AzureError) -> str:
    """What happened, without the request ID and the XML that follow it."""
    return str(error).partition("\n")[0]


def _retry() -> LinearRetry:
    """Short: a laptop's storage is there or is not, and the listeners ask again by themselves."""
    return LinearRetry(backoff=1, retry_total=1, random_jitter_range=0)


@contextlib.contextmanager
def _connection_read() -> Iterator[None]:
    try:
        yield
    except ValueError as error:  # the text may hold a key, so it is not shown
        raise AppRefused(f"a storage connection is no connection string: {error}") from None
