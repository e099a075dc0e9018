"""The ledger in one Azure table. docs/ledger.md explains keys, indexes and what a crash between two writes leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableClient, TableTransactionError, UpdateMode

from shared.adapters.storage_errors import translated
from shared.adapters.tables import ledger_rows as rows
from shared.adapters.tables.bulk import LARGEST_TRANSACTION, if_as, is_due_anew, note_row, version_of, write_in_bulk
from shared.adapters.tables.slots import TableSlots
from shared.domain.job import Job, Lane, Source
from shared.domain.naming import source_key
from shared.errors import Conflict
from shared.ports import DueEntry, Slot, Stored, Version


class TableLedger:
    """Ledger over a TableClient. Thread-safe as the client is."""

    def __init__(self, table: TableClient) -> None:
        self._table = table
        self._slots = TableSlots(table)

    def open(self, job: Job) -> tuple[Stored, bool]:
        """Arrival, claim, due entry, job row: in this order, so what a crash leaves is seen and finished later."""
        with translated("opening a job"):
            self._note_arrival(job)
            claimed_by = self._claim(job.source, job.job_id)
            if claimed_by and claimed_by != job.job_id:  # feeds.yaml says otherwise than when it was claimed
                job = replace(job, job_id=claimed_by)
                self._table.upsert_entity(_arrival(job))
            found = self.read(claimed_by) if claimed_by else None
            if found is not None:
                return found, False
            self._note_due(job)
            try:
                answer = self._table.create_entity(rows.to_row(job))
            except ResourceExistsError:
                winner = self.read(job.job_id)
                if winner is None:
                    raise
                return winner, False
            return Stored(job, version_of(job, answer["etag"])), True

    def _note_arrival(self, job: Job) -> None:
        """A row of its own that no job's fate touches, so that a lost job is missed: docs/decisions/0014."""
        try:
            self._table.create_entity(_arrival(job))
        except ResourceExistsError:
            return

    def claim(self, source: Source, job_id: str) -> str:
        """An insert that fails when the source is claimed."""
        with translated("claiming a file"):
            return self._claim(source, job_id) or job_id

    def _claim(self, source: Source, job_id: str) -> str | None:
        """None when the source is this job's from now on, else the ID of the job that owns it."""
        partition, key = rows.source_row_key(source_key(source))
        claim = {"PartitionKey": partition, "RowKey": key, "job_id": job_id, "path": source.path}
        try:
            self._table.create_entity(claim)
        except ResourceExistsError:
            return str(self._table.get_entity(partition, key, select=["job_id"])["job_id"])
        return None

    def read(self, job_id: str) -> Stored | None:
        """A point read."""
        with translated("reading a job"):
            try:
                row = self._table.get_entity(*rows.job_key(job_id))
            except ResourceNotFoundError:
                return None
            job = rows.from_row(dict(row))
            return Stored(job, version_of(job, row.metadata["etag"]))

    def write(self, job: Job, seen: Version) -> Version:
        """Due entry first, then the row if it is still as seen: a job is never without an entry that finds it."""
        with translated("writing a job"):
            if is_due_anew(job, seen):
                self._note_due(job, seen.token)
            return self._merge(job, seen)

    def write_intent(self, job: Job, seen: Version) -> Version:
        """The row alone."""
        with translated("writing the intent to send"):
            return self._merge(job, seen)

    def _merge(self, job: Job, seen: Version) -> Version:
        try:
            answer = self._table.update_entity(rows.to_row(job, seen.entries), mode=UpdateMode.MERGE, **if_as(seen))
        except (ResourceModifiedError, ResourceNotFoundError) as error:
            raise Conflict(f"job {job.job_id} changed since it was read") from error
        return version_of(job, answer["etag"])

    def write_all(self, changes: Sequence[tuple[Job, Version]]) -> list[Version | None]:
        """The order of `write`, in transactions."""
        with translated("writing jobs"):
            return write_in_bulk(self._table, changes, self.write)

    def _note_due(self, job: Job, replaces: str = "") -> None:
        """Where a tick finds the job; one that only a person moves is noted apart, so that open ones can be counted."""
        if row := note_row(job, replaces):
            self._table.upsert_entity(row)

    def by_source(self, source: Source) -> str | None:
        """A point read of the claim."""
        return self._pointed(*rows.source_row_key(source_key(source)))

    def by_message(self, message_id: str) -> str | None:
        """A point read of the message index."""
        return self._pointed(*rows.message_row_key(message_id))

    def _pointed(self, partition: str, key: str) -> str | None:
        with translated("looking a job up"):
            try:
                return str(self._table.get_entity(partition, key, select=["job_id"])["job_id"])
            except ResourceNotFoundError:
                return None

    def note_message(self, message_id: str, job_id: str) -> None:
        """An upsert of the message index."""
        partition, key = rows.message_row_key(message_id)
        with translated("noting a message ID"):
            self._table.upsert_entity({"PartitionKey": partition, "RowKey": key, "job_id": job_id})

    def note_doubt(self, job: Job) -> None:
        """An upsert into the activity's partition of doubts."""
        with translated("noting a doubt"):
            self._table.upsert_entity({"PartitionKey": rows.doubt_partition(job.activity_id), "RowKey": job.job_id})

    def doubts(self, activity_id: str) -> list[str]:
        """One partition, which holds what waits for a person."""
        with translated("listing doubts"):
            bounds = f"PartitionKey eq '{rows.doubt_partition(activity_id)}'"
            return [str(row["RowKey"]) for row in self._table.query_entities(bounds, select=["RowKey"])]

    def settle_doubt(self, activity_id: str, job_id: str) -> None:
        """A delete; the client takes a missing row for deleted."""
        with translated("settling a doubt"):
            self._table.delete_entity(rows.doubt_partition(activity_id), job_id)

    def on_date(self, feed: str, business_date: date) -> Iterator[Job]:
        """One partition, page by page."""
        partition = rows.date_partition(feed, business_date)
        with translated("listing a business date"):
            for row in self._table.query_entities("PartitionKey eq @p", parameters={"p": partition}):
                yield rows.from_row(dict(row))

    def due(self, lane: Lane, now: datetime) -> Iterator[DueEntry]:
        """A range of row keys of one partition: the store touches due entries only."""
        partition = rows.due_partition(lane)
        bounds = f"PartitionKey eq '{partition}' and RowKey lt '{rows.due_bound(now)}'"
        with translated("listing due jobs"):
            for row in self._table.query_entities(
                bounds, select=["RowKey", "feed", "replaces", "landed_at", "order_key"]
            ):
                due_at, job_id = rows.parse_due_key(row["RowKey"])
                yield DueEntry(
                    lane=lane,
                    due_at=due_at,
                    job_id=job_id,
                    feed=row["feed"],
                    key=row["RowKey"],
                    replaces=row.get("replaces") or "",
                    landed_at=datetime.fromisoformat(row["landed_at"]) if row.get("landed_at") else due_at,
                    order_key=row.get("order_key") or "",
                )

    def remind(self, job: Job) -> None:
        """An upsert under the same key."""
        with translated("noting a due job"):
            self._note_due(job)

    def forget(self, entries: Iterable[DueEntry]) -> None:
        """Delete in transactions of one partition; an entry that another tick has dropped is no fault."""
        by_lane = sorted(entries, key=lambda entry: entry.lane)
        with translated("dropping due entries"):
            for lane, of_lane in groupby(by_lane, key=lambda entry: entry.lane):
                partition = rows.due_partition(lane)
                while batch := list(islice(of_lane, LARGEST_TRANSACTION)):
                    self._delete_all(partition, sorted({entry.key for entry in batch}))

    def _delete_all(self, partition: str, keys: list[str]) -> None:
        try:
            self._table.submit_transaction([("delete", {"PartitionKey": partition, "RowKey": key}) for key in keys])
        except TableTransactionError:
            for key in keys:
                self._delete(partition, key)

    def _delete(self, partition: str, key: str) -> None:
        try:
            self._table.delete_entity(partition, key)
        except ResourceNotFoundError:
            return

    def take_slots(self, job: Job, caps: Mapping[str, int], now: datetime) -> tuple[str, ...] | None:
        """See TableSlots."""
        with translated("taking a place under the caps"):
            return self._slots.take(job.job_id, caps, now)

    def free_slots(self, job_id: str, slots: Iterable[str]) -> None:
        """See TableSlots."""
        with translated("giving a place back"):
            self._slots.free(job_id, set(slots))

    def free_orphan(self, slot: Slot) -> bool:
        """See TableSlots."""
        with translated("freeing a place"):
            return self._slots.free_orphan(slot)

    def taken(self) -> list[Slot]:
        """See TableSlots."""
        with translated("listing taken places"):
            return self._slots.taken()

    def first_seen(self, feed: str, fingerprint: str, now: datetime) -> datetime:
        """An insert that fails when the cause is known."""
        row = {"PartitionKey": f"cause.{feed}", "RowKey": fingerprint, "first_seen_at": now.isoformat()}
        with translated("noting a cause"):
            try:
                self._table.create_entity(row)
            except ResourceExistsError:
                known = self._table.get_entity(row["PartitionKey"], fingerprint)
                return datetime.fromisoformat(known["first_seen_at"])
        return now

    def turn(self, name: str, now: datetime, every: timedelta) -> bool:
        """A row that says when the work is next due; whoever moves it forward has the turn."""
        key = {"PartitionKey": "turn", "RowKey": name}
        following = {**key, "next_at": (now + every).isoformat()}
        with translated("taking a turn"):
            try:
                row = self._table.get_entity("turn", name)
            except ResourceNotFoundError:
                return self._first_turn(following)
            if datetime.fromisoformat(row["next_at"]) > now:
                return False
            return self._move_turn(following, row.metadata["etag"])

    def _first_turn(self, following: dict[str, str]) -> bool:
        try:
            self._table.create_entity(following)
        except ResourceExistsError:
            return False
        return True

    def _move_turn(self, following: dict[str, str], etag: str | None) -> bool:
        try:
            self._table.update_entity(
                following,
                mode=UpdateMode.REPLACE,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )
        except HttpResponseError as error:
            if error.status_code == 412:
                return False
            raise
        return True


def _arrival(job: Job) -> dict[str, str]:
    return {
        "PartitionKey": rows.arrivals_partition(job.source.landed_at.astimezone(UTC).date()),
        "RowKey": source_key(job.source),
        "job_id": job.job_id,
        "landed_at": job.source.landed_at.isoformat(),
        "path": job.source.path,
    }
