"""What is known of an import that did not go clean, and the report that a functional user reads."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.errors_list import Cause, ErrorList, Reading, causes_of
from shared.domain.job import Job, JobState
from shared.domain.outcome import EntityCounts

#: The states that ask for evidence, once F&O has taken the file.
_NOT_CLEAN = frozenset({JobState.PARTIAL, JobState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What could be fetched about an execution. `files` are names in the job's archive folder.

    `missing` says in sentences what F&O did not offer, `pending` what it is still making; an execution that failed
    before staging lists no errors.
    """

    execution_id: str
    page_url: str
    errors: ErrorList
    raw_errors: str
    entities: tuple[EntityCounts, ...]
    files: tuple[str, ...]
    missing: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


def needs_evidence(job: Job) -> bool:
    """True for an import that ended with errors and whose evidence is not saved yet."""
    zero_rows = job.state is JobState.SUCCEEDED and job.rows is not None and job.rows.rows_ok == 0
    return bool(job.message_id) and (job.state in _NOT_CLEAN or zero_rows) and job.evidence_at is None


def headline(job: Job, causes: list[Cause], new_causes: int = 0) -> str:
    """One line: rows, bad rows, causes, and how many of them were not seen in this feed until yesterday."""
    rows = job.rows
    counted = f"{rows.rows_in} rows in, {rows.rows_ok} loaded, {rows.rows_bad} not" if rows else "no row counts"
    listed = sum(cause.count for cause in causes)
    if not listed:
        return f"{counted}; F&O lists no row errors"
    kinds = "1 cause" if len(causes) == 1 else f"{len(causes)} causes"
    return f"{counted}; {listed} row errors, {kinds}, {new_causes} new since yesterday"


def next_step(job: Job, evidence: Evidence) -> str:
    """What a person should do now."""
    if job.state is JobState.PARTIAL:
        return (
            "Correct the rows listed under the causes in the source system and send them again in a new file. "
            "The other rows are loaded: do not send them again unless the entity upserts by a natural key."
        )
    if job.state is JobState.SUCCEEDED:
        return "Nothing was loaded although F&O says processed. Check the field map of the package's Manifest.xml."
    if evidence.errors.rows:
        return "Nothing was loaded. Correct the causes and send the file again under a new name."
    return (
        "F&O failed before it read any row, so it lists no row errors. Check in this order: the file's format and "
        "encoding against the data project's source format, the column names against its mapping, the entity label, "
        "the legal entity. The execution page in F&O may say more."
    )


def report_text(job: Job, evidence: Evidence, new_causes: int = 0) -> str:
    """report.md: file, legal entity, rows, causes with examples, next step."""
    causes = causes_of(evidence.errors.rows)
    lines = [
        f"# {job.source.name}: {job.state.value.lower()}",
        "",
        headline(job, causes, new_causes) + ".",
        "",
        "| | |",
        "|---|---|",
        f"| File | {_cell(job.source.path)} |",
        f"| Feed | {job.feed} |",
        f"| Legal entity | {job.legal_entity} |",
        f"| Business date | {job.business_date.isoformat()} |",
        f"| Ended | {job.ended_at.isoformat() if job.ended_at else ''} |",
        f"| Message ID | {job.message_id} |",
        f"| Execution ID | {_cell(evidence.execution_id or 'none: F&O started no execution')} |",
        f"| Page in F&O | {evidence.page_url or 'none offered'} |",
        "",
        *_entity_lines(evidence.entities or job.entities),
        *_cause_lines(causes, evidence),
        "## Next step",
        "",
        next_step(job, evidence),
        "",
        "## What was fetched",
        "",
        *[f"- {name}" for name in evidence.files],
        *[f"- not there: {sentence}" for sentence in evidence.missing],
        *[f"- still being made by F&O: {name}" for name in evidence.pending],
    ]
    return "\n".join(lines) + "\n"


def _entity_lines(entities: tuple[EntityCounts, ...]) -> list[str]:
    if not entities:
        return []
    rows = [
        f"| {_cell(e.entity)} | {'' if e.total is None else e.total} | {e.staged} | {e.staging_errors} "
        f"| {e.written} | {e.target_errors} |"
        for e in entities
    ]
    head = [
        "## Rows by entity",
        "",
        "| Entity | In | Staged | Not staged | Loaded | Not loaded |",
        "|---|---|---|---|---|---|",
    ]
    return [*head, *rows, ""]


def _cause_lines(causes: list[Cause], evidence: Evidence) -> list[str]:
    if evidence.errors.reading is Reading.RAW:
        return ["## Causes", "", "The list of errors could not be read; it is kept as it came in errors.raw.txt.", ""]
    lines: list[str] = ["## Causes", ""] if causes else []
    for cause in causes:
        lines += [f"### {cause.count} × {_cell(cause.field or 'no field')}: {_cell(cause.message)}", ""]
        lines += [f"- row {_cell(row.record_id)}: {_cell(row.message)}" for row in cause.examples]
        lines += [""]
    return lines


def _cell(text: str) -> str:
    """Text that breaks no table and starts no markup."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
