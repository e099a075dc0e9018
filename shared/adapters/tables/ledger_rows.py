"""Rows of the ledger: their keys, and a job as columns. docs/ledger.md explains both.

All columns are text: the SDK spends ten times as long on a DateTime column as on a string. A timeline entry is a
column of its own (`t000`, `t001`, ...), written once and never again.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from shared.adapters.tables.long_text import packed, unpacked
from shared.domain.checks.findings import Finding
from shared.domain.job import LONGEST_TIMELINE, Job, JobState, LandedFile, Lane, Source, TimelineEntry
from shared.domain.listing import JobLine
from shared.domain.outcomes.outcome import EntityCounts, RowCounts

#: Raised when a column is added or changes its meaning. Rows of the version before are read as they are, and become
#: this version when they are next written; tests/contract/recorded holds rows of every earlier version.
SCHEMA_VERSION = 2
#: A text column holds 64 KiB of UTF-16; the ERP's log is cut well below that and kept whole in the archive.
LONGEST_LOG = 20_000

Row = dict[str, Any]


def job_key(job_id: str) -> tuple[str, str]:
    """Partition and row key of a job: one partition for each feed and business date."""
    feed, business_date, key = job_id.split(".")
    return f"job.{feed}.{business_date}", key


def date_partition(feed: str, business_date: date) -> str:
    """The partition of a feed's business date."""
    return f"job.{feed}.{business_date:%Y%m%d}"


def source_row_key(key: str) -> tuple[str, str]:
    """Where the claim of a content version lies."""
    return f"source.{key[:2]}", key


#: What the partitions of all arrivals begin with; they sort by their day.
ARRIVED = "arrived."


def arrivals_partition(day: date) -> str:
    """The partition of the arrivals of a day (UTC); the row key is that of the claim."""
    return f"{ARRIVED}{day:%Y%m%d}"


def message_row_key(message_id: str) -> tuple[str, str]:
    """Where a message ID points to its job."""
    return f"message.{message_id[:2].lower()}", message_id.lower()


def doubt_partition(activity_id: str) -> str:
    """Where an activity's files in doubt are noted that wait for a person; the row key is the job ID."""
    return f"doubt.{activity_id.lower()}"


def due_partition(lane: Lane) -> str:
    """The partition of a lane's due entries."""
    return f"due.{lane.value}"


def due_key(due_at: datetime, job_id: str) -> str:
    """Row key of a due entry: sorts by time, then by job."""
    return f"{due_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}.{job_id}"


#: Where jobs are noted that are open and never due, for a person must move them. The row key is the job ID.
PARKED = "due.parked"


def due_bound(now: datetime) -> str:
    """Row keys up to this one are due at `now`."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%f}/"  # "/" follows "." and precedes "0"


def parse_due_key(key: str) -> tuple[datetime, str]:
    """(due_at, job ID) of a due entry's row key."""
    stamp, fraction, job_id = key.split(".", 2)
    return datetime.strptime(f"{stamp}.{fraction}+0000", "%Y%m%dT%H%M%S.%f%z"), job_id


def to_row(job: Job, entries_stored: int = 0) -> Row:
    """A job as columns. Of its timeline only the entries that are not stored yet."""
    partition, key = job_key(job.job_id)
    first_new = min(entries_stored, LONGEST_TIMELINE - 1)
    return {
        "PartitionKey": partition,
        "RowKey": key,
        "schema_version": str(SCHEMA_VERSION),
        **_facts(job),
        **_progress(job),
        **{f"t{index:03}": _entry_text(entry) for index, entry in enumerate(job.timeline) if index >= first_new},
    }


def _facts(job: Job) -> Row:
    """What never changes once the job is open."""
    return {
        "feed": job.feed,
        "legal_entity": job.legal_entity,
        "activity_id": job.activity_id,
        "entity": job.entity,
        "container": job.source.container,
        "path": job.source.path,
        "etag_landed": job.source.etag,
        "size_bytes": str(job.source.size_bytes),
        "landed_at": _text(job.source.landed_at),
        "business_date": job.business_date.isoformat(),
        "order_key": job.order_key,
        "created_at": _text(job.created_at),
        "feeds_version": job.feeds_version,
        "trace": job.trace,
    }


def _progress(job: Job) -> Row:
    """What moves."""
    rows = job.rows
    return {
        "state": job.state.value,
        "reason": job.reason[:2000],
        "changed_at": _text(job.changed_at),
        "due_at": _text(job.due_at),
        "attempt": str(job.attempt),
        "overdue": "yes" if job.overdue else "",
        "slots": " ".join(job.slots),
        "sha256": job.sha256,
        "sent_at": _text(job.sent_at),
        "message_id": job.message_id,
        "execution_id": job.execution_id,
        "remote_status": job.remote_status,
        "summary": job.summary,
        "rows": f"{rows.rows_in} {rows.rows_ok} {rows.rows_bad}" if rows else "",
        "entities": _entities_text(job.entities),
        "execution_log": job.execution_log[:LONGEST_LOG],
        "findings": _findings_text(job.findings),
        "ended_at": _text(job.ended_at),
        "archive_path": job.archive_path,
        "kept_as": job.kept_as,
        "archived_at": _text(job.archived_at),
        "evidence_at": _text(job.evidence_at),
        "causes": job.causes[:2000],
        "page_url": job.page_url[:2000],
        "forgotten_at": _text(job.forgotten_at),
        "content_sha256": job.content_sha256,
        "duplicate_of": job.duplicate_of,
        "members": _members_text(job.members),
        "template_sha256": job.template_sha256,
        "released_at": _text(job.released_at),
        "replay_of": job.replay_of,
        "replayed_at": _text(job.replayed_at),
    }


def from_row(row: Row) -> Job:
    """The job of a row. Columns that an older writer did not know read as empty.

    Raises ValueError for a row of a later release: while an older app still runs beside it, it leaves such rows alone.
    """
    get = row.get
    if int(get("schema_version", "1")) > SCHEMA_VERSION:
        raise ValueError(f"row {row['PartitionKey']} {row['RowKey']} was written by a later release; run that one")
    return Job(
        job_id=f"{row['PartitionKey'].removeprefix('job.')}.{row['RowKey']}",
        feed=row["feed"],
        legal_entity=get("legal_entity", ""),
        activity_id=get("activity_id", ""),
        entity=get("entity", ""),
        source=_source(row),
        business_date=date.fromisoformat(row["business_date"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        changed_at=datetime.fromisoformat(row["changed_at"]),
        state=JobState(row["state"]),
        reason=get("reason", ""),
        due_at=_time(get("due_at", "")),
        attempt=int(get("attempt", "0")),
        overdue=get("overdue", "") == "yes",
        slots=tuple(get("slots", "").split()),
        sha256=get("sha256", ""),
        sent_at=_time(get("sent_at", "")),
        message_id=get("message_id", ""),
        execution_id=get("execution_id", ""),
        remote_status=get("remote_status", ""),
        summary=get("summary", ""),
        rows=_rows(get("rows", "")),
        entities=_entities(get("entities", "")),
        execution_log=get("execution_log", ""),
        findings=_findings(get("findings", "")),
        ended_at=_time(get("ended_at", "")),
        archive_path=get("archive_path", ""),
        kept_as=get("kept_as", ""),
        archived_at=_time(get("archived_at", "")),
        evidence_at=_time(get("evidence_at", "")),
        causes=get("causes", ""),
        page_url=get("page_url", ""),
        forgotten_at=_time(get("forgotten_at", "")),
        order_key=get("order_key", ""),
        content_sha256=get("content_sha256", ""),
        duplicate_of=get("duplicate_of", ""),
        released_at=_time(get("released_at", "")),
        replay_of=get("replay_of", ""),
        replayed_at=_time(get("replayed_at", "")),
        members=_members(get("members", ""), row["container"]),
        template_sha256=get("template_sha256", ""),
        feeds_version=get("feeds_version", ""),
        trace=get("trace", ""),
        timeline=_timeline(row),
    )


#: The columns that a list of jobs reads.
LINE_COLUMNS = [
    "feed",
    "legal_entity",
    "path",
    "state",
    "reason",
    "landed_at",
    "changed_at",
    "rows",
    "causes",
    "overdue",
    "attempt",
    "message_id",
]


def line_from_row(row: Row) -> JobLine:
    """The line of a row that was read with LINE_COLUMNS."""
    get = row.get
    return JobLine(
        job_id=f"{row['PartitionKey'].removeprefix('job.')}.{row['RowKey']}",
        feed=row["feed"],
        legal_entity=get("legal_entity") or "",
        path=row["path"],
        state=JobState(row["state"]),
        reason=get("reason") or "",
        landed_at=datetime.fromisoformat(row["landed_at"]),
        changed_at=datetime.fromisoformat(row["changed_at"]),
        rows=_rows(get("rows") or ""),
        causes=get("causes") or "",
        overdue=get("overdue") == "yes",
        attempt=int(get("attempt") or "0"),
        message_id=get("message_id") or "",
    )


def _source(row: Row) -> Source:
    return Source(
        container=row["container"],
        path=row["path"],
        etag=row["etag_landed"],
        size_bytes=int(row["size_bytes"]),
        landed_at=datetime.fromisoformat(row["landed_at"]),
    )


def _timeline(row: Row) -> tuple[TimelineEntry, ...]:
    entries: list[TimelineEntry] = []
    while (text := row.get(f"t{len(entries):03}")) is not None:
        entries.append(_entry(json.loads(text)))
    return tuple(entries)


def _entry(told: dict[str, Any]) -> TimelineEntry:
    return TimelineEntry(
        at=datetime.fromisoformat(told["at"]),
        from_state=JobState(told["from"]) if told["from"] else None,
        to_state=JobState(told["to"]),
        why=told["why"],
        attempt=told["attempt"],
        actor=told["by"],
    )


def _entry_text(entry: TimelineEntry) -> str:
    told = {
        "at": _text(entry.at),
        "from": entry.from_state.value if entry.from_state else "",
        "to": entry.to_state.value,
        "why": entry.why[:2000],
        "attempt": entry.attempt,
        "by": entry.actor,
    }
    return json.dumps(told, ensure_ascii=False)


def _entities_text(entities: tuple[EntityCounts, ...]) -> str:
    counts = [[e.entity, e.staged, e.staging_errors, e.written, e.target_errors, e.total] for e in entities]
    return packed(json.dumps(counts, ensure_ascii=False, separators=(",", ":"))) if counts else ""


def _entities(text: str) -> tuple[EntityCounts, ...]:
    return tuple(
        EntityCounts(entity=name, staged=staged, staging_errors=bad, written=written, target_errors=lost, total=total)
        for name, staged, bad, written, lost, total in (json.loads(unpacked(text)) if text else ())
    )


def _members_text(members: tuple[LandedFile, ...]) -> str:
    told = [
        [m.source.path, m.source.etag, m.source.size_bytes, _text(m.source.landed_at), m.entity, m.sha256]
        for m in members
    ]
    return packed(json.dumps(told, ensure_ascii=False, separators=(",", ":"))) if told else ""


def _members(text: str, container: str) -> tuple[LandedFile, ...]:
    """The files of a bundle, which all lie in the same container."""
    return tuple(
        LandedFile(
            source=Source(
                container=container,
                path=path,
                etag=etag,
                size_bytes=size_bytes,
                landed_at=datetime.fromisoformat(landed_at),
            ),
            entity=entity,
            sha256=sha256,
        )
        for path, etag, size_bytes, landed_at, entity, sha256 in (json.loads(unpacked(text)) if text else ())
    )


def _findings_text(findings: tuple[Finding, ...]) -> str:
    told = [[f.rule, f.seen[:500], f.advice[:800], f.feed, f.symptom, f.is_warning] for f in findings[:20]]
    return json.dumps(told, ensure_ascii=False) if told else ""


def _findings(text: str) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            rule=told[0],
            seen=told[1],
            advice=told[2],
            feed=told[3],
            symptom=told[4] if len(told) > 4 else "",
            is_warning=len(told) > 5 and told[5],
        )
        for told in (json.loads(text) if text else ())
    )


def _rows(text: str) -> RowCounts | None:
    if not text:
        return None
    rows_in, rows_ok, rows_bad = map(int, text.split())
    return RowCounts(rows_in=rows_in, rows_ok=rows_ok, rows_bad=rows_bad)


def _text(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
