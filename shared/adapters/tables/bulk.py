"""Job rows and due entries, one by one or a hundred at a time: a transaction costs the client a third of its writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.data.tables import TableClient, TableTransactionError

from shared.adapters.tables import ledger_rows as rows
from shared.domain.job import Job, JobState, lane_of
from shared.errors import Conflict
from shared.ports import Version

#: The table service takes up to 100 changes of one partition in a transaction.
LARGEST_TRANSACTION = 100

Change = tuple[Job, Version]
_Item = TypeVar("_Item")


def write_in_bulk(
    table: TableClient, changes: Sequence[Change], alone: Callable[[Job, Version], Version]
) -> list[Version | None]:
    """All due entries first, then the rows of each partition; None for a job that changed since it was seen.

    A transaction of rows that is refused, because of one of them or of its size, is written row by row with `alone`.
    """
    news = [note_row(job, seen.token) for job, seen in changes if is_due_anew(job, seen)]
    for batch in batches(filter(None, news), lambda row: row["PartitionKey"]):
        table.submit_transaction([("upsert", row) for row in batch])
    written: dict[str, Version | None] = {}
    for some in batches(changes, lambda change: rows.job_key(change[0].job_id)[0]):
        written |= _merged(table, some, alone)
    return [written[job.job_id] for job, _ in changes]


def _merged(
    table: TableClient, changes: list[Change], alone: Callable[[Job, Version], Version]
) -> dict[str, Version | None]:
    merges: Any = [("update", rows.to_row(job, seen.entries), if_as(seen)) for job, seen in changes]
    try:
        answers = table.submit_transaction(merges)
    except TableTransactionError:
        return {job.job_id: _or_none(alone, job, seen) for job, seen in changes}
    return {job.job_id: version_of(job, told["etag"]) for (job, _), told in zip(changes, answers, strict=True)}


def _or_none(alone: Callable[[Job, Version], Version], job: Job, seen: Version) -> Version | None:
    try:
        return alone(job, seen)
    except Conflict:
        return None


def batches(items: Iterable[_Item], partition_of: Callable[[_Item], str]) -> Iterator[list[_Item]]:
    """The items by partition, as many together as a transaction takes."""
    by_partition: dict[str, list[_Item]] = {}
    for item in items:
        by_partition.setdefault(partition_of(item), []).append(item)
    for some in by_partition.values():
        for first in range(0, len(some), LARGEST_TRANSACTION):
            yield some[first : first + LARGEST_TRANSACTION]


def is_due_anew(job: Job, seen: Version) -> bool:
    """True when no due entry says yet where and when the job is due."""
    return (job.due_at, lane_of(job)) != (seen.due_at, seen.lane)


def note_row(job: Job, replaces: str) -> dict[str, str] | None:
    """What finds an open job: its due entry, or the note of one that only a person moves; None for one at its end.

    `replaces` is the token of the row that the job's write is to replace.
    """
    if job.due_at is not None:
        key = {"PartitionKey": rows.due_partition(lane_of(job)), "RowKey": rows.due_key(job.due_at, job.job_id)}
    elif not job.is_final:
        key = {"PartitionKey": rows.PARKED, "RowKey": job.job_id}
    else:
        return None
    return {
        **key,
        "feed": job.feed,
        "replaces": replaces,
        "landed_at": job.source.landed_at.isoformat(),
        "order_key": job.order_key,
    }


def if_as(seen: Version) -> dict[str, Any]:
    """The condition of every write of a job row."""
    return {"etag": seen.token, "match_condition": MatchConditions.IfNotModified}


def version_of(job: Job, etag: str | None) -> Version:
    """What a writer of this job need know about its row. A job being sent may have no entry: see `write_intent`."""
    noted_at = None if job.state is JobState.SENDING else job.due_at
    return Version(token=etag or "", entries=len(job.timeline), due_at=noted_at, lane=lane_of(job))
