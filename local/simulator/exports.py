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
from .knobs import Knobs

LEASE = timedelta(minutes=30)
LIFETIME = timedelta(days=7)
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


@dataclass
class ExportMessage:
    """One produced export and what became of it: ready, leased, acknowledged or expired.

    `downloads` holds the bytes served by each download.
    """

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

    def is_due(self, now: datetime) -> bool:
        """True when a dequeue may take it: ready, or leased and not acknowledged in time."""
        lapsed = self.leased_until is not None and self.leased_until <= now
        return self.state == "ready" or (self.state == "leased" and lapsed)


@dataclass
class ExportJob:
    """A recurring export. `policy` lists the clients it admits; None admits every mapped one."""

    activity_id: str
    data_project: str
    entity: str = ""
    policy: set[str] | None = None


class StaleReceipt(Exception):
    """The acknowledgement does not belong to the present delivery."""


class ExportQueue:
    """The queues of all export jobs."""

    def __init__(self, clock: VirtualClock, knobs: Knobs) -> None:
        self.jobs: dict[str, ExportJob] = {}
        self.messages: list[ExportMessage] = []
        self._clock = clock
        self._knobs = knobs

    @property
    def correlation_survives(self) -> bool:
        """The world's setting of that name."""
        return self._knobs.correlation_survives

    @correlation_survives.setter
    def correlation_survives(self, survives: bool) -> None:
        self._knobs.correlation_survives = survives

    def add_job(self, activity_id: str, data_project: str, entity: str, policy: set[str] | None = None) -> None:
        """Add a recurring export."""
        self.jobs[activity_id.lower()] = ExportJob(activity_id.lower(), data_project, entity, policy)

    def produce(self, activity_id: str, content: bytes | None, correlation_id: str | None) -> str:
        """Put a new message into the queue. Raises KeyError for an unknown activity ID."""
        message = ExportMessage(
            activity_id=self.jobs[activity_id.lower()].activity_id,
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
        message = next((m for m in self.messages if m.activity_id == activity_id and m.is_due(now)), None)
        if message is None:
            return None
        before = message.last_dequeued_at
        if before and not self.correlation_survives:
            message.correlation_id = str(uuid.uuid4())
        message.state, message.leased_until, message.last_dequeued_at = "leased", now + LEASE, now
        message.deliveries += 1
        message.pop_receipt = base64.b64encode(b"\x02\x00\x00\x00\x03" + uuid.uuid4().bytes).decode()
        return message, before

    def find(self, activity_id: str, blob_id: str) -> ExportMessage | None:
        """The message of a download location, as long as its file is kept."""
        self.expire()
        of_this = (m for m in self.messages if m.activity_id == activity_id and m.blob_id == blob_id)
        return next((m for m in of_this if self._clock.now() - m.produced_at <= LIFETIME), None)

    def acknowledge(self, activity_id: str, correlation_id: str, pop_receipt: str) -> None:
        """End a message. Raises StaleReceipt for an earlier delivery's receipt, a lapsed lease, a second time."""
        now = self._clock.now()
        for message in self.messages:
            if message.activity_id == activity_id and message.pop_receipt == pop_receipt != "":
                if message.state != "leased" or message.is_due(now) or message.correlation_id != correlation_id:
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
        """Forget all messages; jobs stay."""
        self.messages.clear()


class PackageExports:
    """Exports asked for by the package API: one execution, ready after a recurrence. `contents` is by data project."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self._asked: dict[str, tuple[str, bool]] = {}

    def ask(self, project: str, execution_id: str) -> str:
        """Begin an export; the execution ID is the caller's or a new one."""
        execution_id = execution_id or f"{project}-{uuid.uuid4().hex.upper()}"
        self._asked[execution_id] = (project, False)
        return execution_id

    def make_ready(self) -> None:
        """A recurrence: what was asked for is ready."""
        self._asked = {key: (project, True) for key, (project, _) in self._asked.items()}

    def status(self, execution_id: str) -> str | None:
        """Its summary status, None for an execution that nobody asked for."""
        if execution_id not in self._asked:
            return None
        return "Succeeded" if self._asked[execution_id][1] else "Executing"

    def content(self, execution_id: str) -> bytes | None:
        """The package, None until it is ready. Raises KeyError for an execution that nobody asked for."""
        project, is_ready = self._asked[execution_id]
        return self.contents.get(project, _EMPTY_ZIP) if is_ready else None

    def clear(self) -> None:
        """Forget what was asked for."""
        self._asked.clear()
