"""A file in doubt: which execution of the data project, if any, is its import. Evidence, never proof.

F&O gives an execution no reference of ours, so a match is by data project, time, entity and row count, and counts only
when it is the single one that no other job of ours has claimed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.job import Job
from shared.domain.outcomes.outcome import EntityCounts

#: F&O's clock and ours may differ by so much.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One run of a data project, with what it read by entity. `started_at` is None until it has begun."""

    execution_id: str
    started_at: datetime | None
    entities: tuple[EntityCounts, ...]


def may_be_the_import_of(job: Job, execution: Execution, rows: int | None) -> bool:
    """True when nothing speaks against the execution: it began after the send, and read this entity and as many rows.

    `rows` is what the file holds, None where it cannot be counted; packages are not told apart by entity.
    """
    if execution.started_at is None or job.sent_at is None or execution.started_at < job.sent_at - CLOCK_SKEW:
        return False
    if job.entity and all(counts.entity != job.entity for counts in execution.entities):
        return False
    read = [counts.total for counts in execution.entities if counts.total is not None]
    return rows is None or not read or sum(read) == rows


def the_one(job: Job, executions: Iterable[Execution], rows: int | None) -> Execution | None:
    """The single execution that may be the job's import; None when there is none, or more than one."""
    found = [execution for execution in executions if may_be_the_import_of(job, execution, rows)]
    return found[0] if len(found) == 1 else None
