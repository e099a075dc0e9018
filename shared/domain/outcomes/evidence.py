"""What F&O tells of an import that did not go clean, and its headline."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.job import Job, JobState
from shared.domain.outcomes.errors_list import MOST_CAUSES, Cause, ErrorList
from shared.domain.outcomes.outcome import EntityCounts

#: The states that ask for evidence, once F&O has taken the file.
_NOT_CLEAN = frozenset({JobState.PARTIAL, JobState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What could be fetched about an execution. `files` are names in the job's archive folder.

    `missing` says in sentences what F&O did not offer, `pending` what it is still making; an execution that failed
    before staging lists no errors. `causes` are the errors grouped, the most frequent first; `new_causes` is how many
    of the first MOST_CAUSES the feed did not have until the day before.
    """

    execution_id: str
    page_url: str
    errors: ErrorList
    raw_errors: str
    entities: tuple[EntityCounts, ...]
    files: tuple[str, ...]
    causes: tuple[Cause, ...] = ()
    new_causes: int = 0
    missing: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


def needs_evidence(job: Job) -> bool:
    """True for an import that ended with errors and whose evidence is not saved yet."""
    unclear = job.state in _NOT_CLEAN or job.nothing_loaded
    return bool(job.message_id or job.execution_id) and unclear and job.evidence_at is None and job.forgotten_at is None


def headline(job: Job, evidence: Evidence) -> str:
    """One line: rows, bad rows, causes, and how many of them were not seen in this feed until yesterday.

    Where F&O told neither rows nor errors, it is the job's own reason.
    """
    rows = job.rows
    counted = f"{rows.rows_in} rows in, {rows.rows_ok} loaded, {rows.rows_bad} not" if rows else "no row counts"
    causes = evidence.causes
    listed = sum(cause.count for cause in causes)
    if not listed and rows is None:
        return job.reason
    if not listed:
        return f"{counted}; F&O lists no row errors"
    kinds = "1 cause" if len(causes) == 1 else f"{len(causes)} causes"
    first = f" of the first {MOST_CAUSES}" if len(causes) > MOST_CAUSES else ""
    errors = "1 row error" if listed == 1 else f"{listed} row errors"
    return f"{counted}; {errors}, {kinds}, {evidence.new_causes}{first} new since yesterday"
