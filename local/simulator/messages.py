"""Imports on their way: recurring data jobs, their messages, and the states of a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .imports import EntityResult

#: States of a message by the numbers of jobstatus (Microsoft's client; 9 is in the message table only).
ENQUEUED, DEQUEUED, IN_PROCESS, PROCESSED = 0, 1, 4, 5
WITH_ERRORS, POST_PROCESS_ERROR, PRE_PROCESS_ERROR, PRE_PROCESSING = 6, 7, 8, 9
ENDED = frozenset({PROCESSED, WITH_ERRORS, POST_PROCESS_ERROR, PRE_PROCESS_ERROR})
RUNNING = frozenset({DEQUEUED, PRE_PROCESSING, IN_PROCESS})


@dataclass
class ImportJob:
    """A recurring data job that takes files in. `policy` lists the clients it admits; None admits every mapped one."""

    activity_id: str
    data_project: str
    kind: str = "file"
    entity: str | None = None
    company: str = "USMF"
    use_company_from_message: bool = True
    ordered: bool = False
    policy: set[str] | None = None

    @property
    def one_at_a_time(self) -> bool:
        """ "Process messages in order" exists for File jobs only."""
        return self.ordered and self.kind == "file"


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent: `body` is None when it was not kept; `rows` are its lines without the first."""

    content_sha256: str
    size_bytes: int
    rows: int
    body: bytes | None


@dataclass
class Message:
    """One enqueued file.

    `fate` is the name of a fault that decides how it goes (`stuck`, `conflict`, ...), or empty. `body` is empty when it
    was not kept, or is gone after its 7 days.
    """

    message_id: str
    activity_id: str
    entity: str
    legal_entity: str
    external_id: str
    content_sha256: str
    size_bytes: int
    enqueued_at: datetime
    body: bytes = b""
    rows_if_not_kept: int | None = None
    state: int = ENQUEUED
    started_at: datetime | None = None
    ended_at: datetime | None = None
    execution_id: str = ""
    entities: list[EntityResult] = field(default_factory=list)
    log: str = ""
    fate: str = ""
    held: bool = False
    history_deleted: bool = False

    @property
    def ended(self) -> bool:
        """True when it has come to an end."""
        return self.state in ENDED

    @property
    def rows_written(self) -> int:
        """Rows that reached the target."""
        return sum(entity.written for entity in self.entities)
