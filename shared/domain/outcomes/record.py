"""job.json and the rejection note: what the archive says about a file without asking the ledger or F&O."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from shared.domain.checks.findings import Finding
from shared.domain.job import Job, LandedFile, TimelineEntry
from shared.domain.naming import outcome_path
from shared.domain.outcomes.evidence import needs_evidence
from shared.domain.outcomes.outcome import EntityCounts

RECORD_VERSION = 1


def as_text(record: dict[str, object]) -> str:
    """A record as the text of its file: indented, for people, in any language."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def job_record(job: Job) -> dict[str, object]:
    """The index of a job's archive folder."""
    rows = job.rows
    return {
        "record_version": RECORD_VERSION,
        "job_id": job.job_id,
        "feed": job.feed,
        "legal_entity": job.legal_entity,
        "business_date": job.business_date.isoformat(),
        "outcome": job.state.value,
        "reason": job.reason,
        "rows": {"in": rows.rows_in, "ok": rows.rows_ok, "bad": rows.rows_bad} if rows else None,
        "nothing_loaded": job.nothing_loaded,
        "entities": [_entity(counts) for counts in job.entities],
        "file": {
            "kept_as": job.kept_as,
            "landed_as": f"{job.source.container}/{job.source.path}",
            "landed_at": _iso(job.source.landed_at),
            "etag": job.source.etag,
            "size_bytes": job.source.size_bytes,
            "sha256": (job.content_sha256 or job.sha256 or None) if not job.members else None,
        },
        "package": _package(job) if job.template_sha256 else None,
        "members": [_member(member) for member in job.members],
        "remote": {
            "activity_id": job.activity_id,
            "entity": job.entity,
            "message_id": job.message_id,
            "execution_id": job.execution_id,
            "page_url": job.page_url or None,
            "status": job.remote_status,
            "summary": job.summary or None,
            "execution_log": job.execution_log,
        },
        "findings": [finding_record(finding) for finding in job.findings],
        "sent_at": _iso(job.sent_at),
        "ended_at": _iso(job.ended_at),
        "archived_at": _iso(job.archived_at),
        "evidence_at": _iso(job.evidence_at),
        "causes": job.causes,
        "forgotten_at": _iso(job.forgotten_at),
        "duplicate_of": job.duplicate_of or None,
        "replay_of": job.replay_of or None,
        "attempts": job.attempt,
        "feeds_version": job.feeds_version,
        "timeline": [_entry(entry) for entry in job.timeline],
    }


def outcome_notes(job: Job) -> Iterator[tuple[str, str]]:
    """(path, text) of what each sender of a file is told; the members of a bundle share their end."""
    for member in job.files:
        yield outcome_path(member.source), as_text(outcome_record(job, member))


def outcome_record(job: Job, member: LandedFile) -> dict[str, object]:
    """What the system that wrote the file needs to know of its end."""
    rows = job.rows
    return {
        "record_version": RECORD_VERSION,
        "file": member.source.path,
        "job_id": job.job_id,
        "legal_entity": job.legal_entity,
        "business_date": job.business_date.isoformat(),
        "sha256": member.sha256 or None,
        "outcome": job.state.value,
        "reason": job.reason,
        "rows": {"in": rows.rows_in, "ok": rows.rows_ok, "bad": rows.rows_bad} if rows else None,
        "nothing_loaded": job.nothing_loaded,
        "causes": job.causes or None,
        "duplicate_of": job.duplicate_of or None,
        "findings": [finding_record(finding) for finding in job.findings],
        "ended_at": _iso(job.ended_at),
        "evidence": job.archive_path,
        "evidence_complete": not needs_evidence(job),
    }


def rejection_record(job: Job) -> dict[str, object]:
    """The sidecar of a rejected file: each rule broken, the value seen, what to do."""
    return {
        "record_version": RECORD_VERSION,
        "job_id": job.job_id,
        "file": f"{job.source.container}/{job.source.path}",
        "members": [member.source.name for member in job.members],
        "size_bytes": job.source.size_bytes,
        "landed_at": _iso(job.source.landed_at),
        "rejected_at": _iso(job.ended_at),
        "findings": [finding_record(finding) for finding in job.findings],
    }


def _package(job: Job) -> dict[str, object]:
    """What was sent in place of the landed files; it can be made again from them and the template."""
    return {"sha256": job.sha256 or None, "template_sha256": job.template_sha256}


def _member(member: LandedFile) -> dict[str, object]:
    return {
        "name": member.source.name,
        "entity": member.entity or None,
        "landed_as": f"{member.source.container}/{member.source.path}",
        "landed_at": _iso(member.source.landed_at),
        "etag": member.source.etag,
        "size_bytes": member.source.size_bytes,
        "sha256": member.sha256 or None,
    }


def finding_record(finding: Finding) -> dict[str, object]:
    """One finding: the rule, the value seen, what to do, and what F&O would have shown where that is known."""
    told: dict[str, object] = {"rule": finding.rule, "value_seen": finding.seen, "what_to_do": finding.advice}
    told |= {"warning": True} if finding.is_warning else {}
    return told | ({"symptom_in_f_and_o": finding.symptom} if finding.symptom else {})


def _entity(counts: EntityCounts) -> dict[str, object]:
    return {
        "entity": counts.entity,
        "rows_total": counts.total,
        "staged": counts.staged,
        "staging_errors": counts.staging_errors,
        "written": counts.written,
        "target_errors": counts.target_errors,
    }


def _entry(entry: TimelineEntry) -> dict[str, object]:
    return {
        "at": _iso(entry.at),
        "from": entry.from_state.value if entry.from_state else None,
        "to": entry.to_state.value,
        "why": entry.why,
        "attempt": entry.attempt,
        "actor": entry.actor,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
