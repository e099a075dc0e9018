"""What the ERP says about a message, in words of our own. The spelling on the wire is known to the wire module only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.outcomes.outcome import EntityCounts


class RemoteStatus(StrEnum):
    """The status of one message in the recurring data job's queue."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DONE_WITH_ERRORS = "done with errors"
    FAILED_BEFORE_STAGING = "failed before staging"
    FAILED_AFTER_PROCESSING = "failed after processing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteReport:
    """One answer about a message.

    `word` is the status as the remote spelled it, `answer` the whole body as evidence. A report from the
    fallback call has a status only: no execution ID, no counts.
    """

    status: RemoteStatus
    word: str
    execution_id: str = ""
    data_project: str = ""
    entities: tuple[EntityCounts, ...] = ()
    execution_log: str = ""
    answer: str = ""
