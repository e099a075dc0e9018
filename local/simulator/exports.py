"""Export queues: messages leased for 30 minutes, offered again with a new pop receipt, kept for 7 days.

Lease, redelivery and lifetime are documented. That an old pop receipt is refused, and a second ack as well, is assumed
from the receipt's form (an Azure Storage queue's); whether the correlation ID survives is not known and is a knob.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .clock import VirtualClock

LEASE = timedelta(minutes=30)
LIFETIME = timedelta(days=7)


@dataclass
class ExportMessage:
    """One produced export and what became of it."""

    activity_id: str
    correlation_id: str
    blob_id: str
    content: bytes | None
    produced_at: datetime
    state: str = "ready"
    pop_receipt: str = ""
    leased_until: datetime | None = None
    last_dequeued_at: datetime | None = None
    deliveries: int = 0
    acknowledged_at: datetime | None = None
    downloads: list[int] = field(default_factory=list)


@dataclass
class ExportJob:
    """A recurring export."""

    activity_id: str
    data_project: str
    entity: str = ""
    policy: set[str] | None = None


class StaleReceipt(Exception):
    """The acknowledgement does not belong to the present delivery."""


class ExportQueue:
    """The queues of all export jobs."""

    def __init__(self, clock: VirtualClock) -> None:
        self.jobs: dict[str, ExportJob] = {}
        self.messages: list[ExportMessage] = []
        self.correlation_survives = True
        self._clock = clock

    def add_job(self, activity_id: str, data_project: str, entity: str) -> None:
        """Add a recurring export."""
        self.jobs[activity_id.lower()] = ExportJob(activity_id.lower(), data_project, entity)

    def produce(self, activity_id: str, content: bytes | None, correlation_id: str | None) -> str:
        """Put a new message into the queue."""
        message = ExportMessage(
            activity_id=activity_id.lower(),
            correlation_id=correlation_id or str(uuid.uuid4()),
            blob_id=str(uuid.uuid4()),
            content=content,
            produced_at=self._clock.now(),
        )
        self.messages.append(message)
        return message.correlation_id

    def dequeue(self, activity_id: str) -> tuple[ExportMessage, datetime | None] | None:
        """Lease the next message: (message, when it was dequeued before)."""
        self.expire()
        now = self._clock.now()
        for message in self.messages:
            lapsed = message.leased_until is not None and message.leased_until <= now
            if message.activity_id != activity_id or not (
                message.state == "ready" or (message.state == "leased" and lapsed)
            ):
                continue
            before = message.last_dequeued_at
            if before and not self.correlation_survives:
                message.correlation_id = str(uuid.uuid4())
            message.state, message.leased_until, message.last_dequeued_at = "leased", now + LEASE, now
            message.deliveries += 1
            message.pop_receipt = base64.b64encode(b"\x02\x00\x00\x00\x03" + uuid.uuid4().bytes).decode()
            return message, before
        return None

    def find(self, blob_id: str) -> ExportMessage | None:
        """The message of a download location."""
        return next((m for m in self.messages if m.blob_id == blob_id and m.state != "expired"), None)

    def acknowledge(self, activity_id: str, pop_receipt: str) -> None:
        """End a message. Raises StaleReceipt for an earlier delivery's receipt, a lapsed lease, a second time."""
        now = self._clock.now()
        for message in self.messages:
            if message.activity_id == activity_id and message.pop_receipt == pop_receipt:
                if message.state != "leased" or (message.leased_until and message.leased_until <= now):
                    break
                message.state, message.acknowledged_at = "acknowledged", now
                return
        raise StaleReceipt

    def expire(self) -> None:
        """Messages older than 7 days are gone."""
        for message in self.messages:
            if message.state in {"ready", "leased"} and self._clock.now() - message.produced_at > LIFETIME:
                message.state = "expired"

    def clear(self) -> None:
        """Forget all messages."""
        self.messages.clear()


class PackageExports:
    """Exports asked for by the package API: one execution, ready after a recurrence."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self._asked: dict[str, tuple[str, bool]] = {}

    def ask(self, project: str, execution_id: str) -> str:
        """Begin an export; the execution ID is the caller's or a new one. What `contents` holds will be its package."""
        execution_id = execution_id or f"{project}-{uuid.uuid4().hex.upper()}"
        self._asked[execution_id] = (project, False)
        return execution_id

    def ready(self) -> None:
        """A recurrence: what was asked for is ready."""
        self._asked = {key: (project, True) for key, (project, _) in self._asked.items()}

    def content(self, execution_id: str) -> bytes | None:
        """The package, None until it is ready. Raises KeyError for an execution that nobody asked for."""
        project, is_ready = self._asked[execution_id]
        return self.contents.get(project, b"PK\x05\x06" + bytes(18)) if is_ready else None
