"""Queue triggers: one listener for each function.

Source for names, limits and metadata: Microsoft Learn, "Azure Queue storage trigger".
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime

from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host.invoker import Invoker
from local.host.messages import TypedData
from local.host.queue_listener import Limits, QueueListener, Undeliverable
from local.host.runtime import Call, Function
from local.host.settings import AppSettings, HostJson
from local.host.storage import Storage
from local.host.work import Work

_POISON = "-poison"
_NEVER = datetime.max.replace(tzinfo=UTC)  # as the service says for a message that does not expire


class QueueTrigger:
    """One function, and the queue whose messages it gets."""

    def __init__(self, function: Function, settings: AppSettings, host_json: HostJson) -> None:
        """Reads the binding; touches no storage."""
        self.function = function
        self.queue_name = settings.resolve(function.trigger["queueName"])
        self._connection = settings.connection(function.trigger["connection"])
        self._host_json = host_json

    async def listener(self, storage: Storage, invoker: Invoker, work: Work) -> QueueListener:
        """A listener on the queue, which is created if it was missing."""

        async def deliver(message: QueueMessage) -> bool:
            return (await invoker.once(self.function, self._call(message))).succeeded

        async def poison(_: QueueMessage) -> QueueClient | None:
            if self.queue_name.endswith(_POISON):
                return None  # a poison queue has none of its own
            return await storage.made_queue(self._connection, self.queue_name + _POISON)

        queue = await storage.made_queue(self._connection, self.queue_name)
        return QueueListener(queue, deliver, poison, self._limits(), work)

    def _limits(self) -> Limits:
        batch = self._host_json.queue_batch_size
        return Limits(
            parallelism=batch + batch // 2,  # a batch, and the next one when half of it is done
            max_dequeue_count=self._host_json.queue_max_dequeue_count,
            retry_delay=self._host_json.queue_visibility_timeout,
        )

    def _call(self, message: QueueMessage) -> Call:
        text = message.content if self._host_json.queue_message_encoding == "none" else decoded(message.content)
        metadata = {
            "Id": TypedData(string=message.id),
            "DequeueCount": TypedData(json=str(message.dequeue_count)),
            "PopReceipt": TypedData(string=message.pop_receipt),
            "InsertionTime": _moment(message.inserted_on),
            "ExpirationTime": _moment(message.expires_on),
            "NextVisibleTime": _moment(message.next_visible_on),
        }
        return Call(TypedData(string=text), metadata, f"message {message.id} of {self.queue_name}")


def decoded(text: str) -> str:
    """The UTF-8 text behind base64. Raises Undeliverable when it is neither."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Undeliverable("it is not text in base64, as host.json (queues.messageEncoding) expects") from None


def encoded(text: str) -> str:
    """What `decoded` reads."""
    return base64.b64encode(text.encode()).decode()


def _moment(at: datetime | None) -> TypedData:
    return TypedData(json=json.dumps((at or _NEVER).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))
