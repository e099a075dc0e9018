"""Blob triggers with `source="EventGrid"`: from an event over the internal queue to the function.

The behaviour is that of Microsoft's storage extension 5.3. An event becomes a message in
`azure-webjobs-blobtrigger-<host id>` of the host's storage. The path pattern is not looked at and a changed ETag is no
matter; a blob that is gone is dropped. After `poisonBlobThreshold` tries without delay the message moves to
`webjobs-blobtrigger-poison` in the account of the blob.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobClient, ContainerClient
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host.blob_path import BlobPath
from local.host.invoker import Invoker
from local.host.messages import ModelBindingData, TypedData
from local.host.queue_listener import Limits, QueueListener, Undeliverable
from local.host.queue_trigger import decoded, encoded
from local.host.runtime import AppRefused, Call, Function
from local.host.settings import AppSettings, HostJson
from local.host.storage import Storage
from local.host.work import Work

_log = logging.getLogger("local.host")

POISON_QUEUE = "webjobs-blobtrigger-poison"


@dataclass(frozen=True, slots=True)
class BlobEvent:
    """Something was written, as told to one function. The ETag has no quotes."""

    full_name: str
    container: str
    blob: str
    etag: str
    blob_type: str = "BlockBlob"

    def to_message(self) -> str:
        """The text of its message, in base64."""
        content = {
            "Type": "BlobTrigger",
            "FunctionId": self.full_name,
            "BlobType": self.blob_type,
            "ContainerName": self.container,
            "BlobName": self.blob,
            "ETag": f'"{self.etag}"',
        }
        return encoded(json.dumps(content, ensure_ascii=False))

    @classmethod
    def from_message(cls, text: str) -> Self:
        """Raises Undeliverable for any other text."""
        try:
            content = json.loads(decoded(text))
            return cls(
                full_name=content["FunctionId"],
                container=content["ContainerName"],
                blob=content["BlobName"],
                etag=content["ETag"].strip('"'),
                blob_type=content.get("BlobType", "BlockBlob"),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Undeliverable("it is no message of a blob trigger") from None


class BlobTrigger:
    """One function, and the container whose events it gets."""

    def __init__(self, function: Function, settings: AppSettings) -> None:
        """Reads the binding; touches no storage.

        Raises:
            AppRefused: the source is not Event Grid, or the path cannot be read.
        """
        if function.trigger.get("source") != "EventGrid":
            raise AppRefused(
                f"{function.name}: only source=func.BlobSource.EVENT_GRID runs on Flex Consumption and here"
            )
        self.function = function
        self.path = BlobPath.parse(settings.resolve(function.trigger["path"]))
        self.connection = settings.connection(function.trigger["connection"])

    async def call(self, blob: BlobClient, properties: BlobProperties) -> Call:
        """The argument: a reference where the function takes an SDK client, else the content."""
        place = f"{blob.container_name}/{blob.blob_name}"
        metadata = {
            "BlobTrigger": TypedData(string=place),
            "Uri": TypedData(json=json.dumps(blob.url)),
            "Properties": TypedData(json=json.dumps(_described(properties))),
            "Metadata": TypedData(json=json.dumps(properties.metadata or {})),
        }
        metadata |= {name: TypedData(string=value) for name, value in self.path.values(blob.blob_name).items()}
        return Call(await self._argument(blob), metadata, f"blob {place}")

    async def _argument(self, blob: BlobClient) -> TypedData:
        if not (self.function.trigger.get("properties") or {}).get("SupportsDeferredBinding"):
            return TypedData(bytes=await (await blob.download_blob()).readall())
        reference = {
            "Connection": self.function.trigger["connection"],
            "ContainerName": blob.container_name,
            "BlobName": blob.blob_name,
        }
        content = json.dumps(reference).encode()
        return TypedData(model_binding_data=ModelBindingData("1.0", "AzureStorageBlobs", "application/json", content))


class BlobEvents:
    """The internal queue that all blob triggers of a host share."""

    def __init__(self, triggers: Iterable[BlobTrigger], storage: Storage, invoker: Invoker, host_storage: str) -> None:
        """`host_storage` is the connection string of AzureWebJobsStorage."""
        self._triggers = {trigger.function.full_name: trigger for trigger in triggers}
        self._storage = storage
        self._invoker = invoker
        self._host_storage = host_storage
        self._queue: QueueClient | None = None
        self._listener: QueueListener | None = None

    async def listener(self, host_id: str, host_json: HostJson, work: Work) -> QueueListener:
        """A listener on the queue, which is created if it was missing."""
        self._queue = await self._storage.made_queue(self._host_storage, f"azure-webjobs-blobtrigger-{host_id}")
        limits = Limits(
            parallelism=host_json.blob_parallelism,
            max_dequeue_count=host_json.poison_blob_threshold,
        )
        self._listener = QueueListener(self._queue, self._deliver, self._poison_queue, limits, work)
        return self._listener

    def container(self, trigger: BlobTrigger) -> ContainerClient:
        """The container that a trigger watches."""
        return self._storage.container(trigger.connection, trigger.path.container)

    async def tell(self, event: BlobEvent) -> None:
        """Put an event into the queue. AzureError when the storage does not take it."""
        assert self._queue is not None, "there is a listener before there are events"
        assert self._listener is not None
        await self._queue.send_message(event.to_message())
        self._listener.nudge()

    async def _deliver(self, message: QueueMessage) -> bool:
        event = BlobEvent.from_message(message.content)
        trigger = self._triggers.get(event.full_name)
        if trigger is None:
            _log.warning("an event for %s, which this app does not have, is dropped", event.full_name)
            return True
        blob = self._storage.container(trigger.connection, event.container).get_blob_client(event.blob)
        try:
            call = await trigger.call(blob, await blob.get_blob_properties())
        except ResourceNotFoundError:
            _log.info("%s: %s/%s is gone, its event is dropped", trigger.function.name, event.container, event.blob)
            return True
        return (await self._invoker.once(trigger.function, call)).succeeded

    async def _poison_queue(self, message: QueueMessage) -> QueueClient:
        return await self._storage.made_queue(self._account_of(message), POISON_QUEUE)

    def _account_of(self, message: QueueMessage) -> str:
        """The connection to the blob's account; that of the host for a message that names no function of this app."""
        try:
            return self._triggers[BlobEvent.from_message(message.content).full_name].connection
        except (Undeliverable, KeyError):
            return self._host_storage


def _described(properties: BlobProperties) -> dict[str, object]:
    return {
        "BlobType": str(getattr(properties.blob_type, "value", properties.blob_type)),
        "ContentLength": properties.size,
        "ContentType": properties.content_settings.content_type,
        "ETag": properties.etag,
        "LastModified": properties.last_modified.isoformat(),
        "Length": properties.size,
    }
