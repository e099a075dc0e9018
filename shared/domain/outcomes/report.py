"""The report on one file that a functional user reads: what it was, what became of it, why, and what to do now.

It is put together here once; shared/formats/report_markdown.py and report_html.py write the same in two ways.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.checks.findings import Finding
from shared.domain.job import Job, JobState
from shared.domain.outcomes.errors_list import MOST_CAUSES, Cause, Reading
from shared.domain.outcomes.evidence import Evidence, headline, needs_evidence
from shared.domain.outcomes.outcome import EntityCounts

_BEFORE_STAGING = (
    "F&O failed before it read any row, so it lists no row errors. Check in this order: the file's format and "
    "encoding against the data project's source format, the column names against its mapping, the entity label, "
    "the legal entity. The execution page in F&O may say more."
)
#: What F&O's RecordId counts is not documented by Microsoft.
ROWS_COUNTED = (
    "Row numbers are those that F&O gives; where they do not fit the lines of the file "
    "(its header, line breaks within quotes), look for the values"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One file's report: `facts` are label and value, `files` names of what lies beside it in the archive.

    `not_there` says in sentences what F&O did not give, or not yet; `more_causes` counts those that are not told.
    """

    title: str
    outcome: JobState
    headline: str
    facts: tuple[tuple[str, str], ...]
    page_url: str
    entities: tuple[EntityCounts, ...]
    causes: tuple[Cause, ...]
    more_causes: int
    errors_unreadable: bool
    findings: tuple[Finding, ...]
    next_step: str
    files: tuple[str, ...]
    not_there: tuple[str, ...]


def report_of(job: Job, evidence: Evidence | None = None) -> Report:
    """Tell of a job at its end. Without evidence it is what the courier itself knows."""
    causes = evidence.causes if evidence else ()
    return Report(
        title=f"{job.source.name}: {job.state.value.lower()}",
        outcome=job.state,
        headline=headline(job, evidence) if evidence else _own_headline(job),
        facts=tuple(_facts(job, evidence)),
        page_url=evidence.page_url if evidence else "",
        entities=(evidence.entities if evidence else ()) or job.entities,
        causes=causes[:MOST_CAUSES],
        more_causes=max(0, len(causes) - MOST_CAUSES),
        errors_unreadable=evidence is not None and evidence.errors.reading is Reading.RAW,
        findings=job.findings,
        next_step=next_step(job, evidence),
        files=evidence.files if evidence else (),
        not_there=tuple(_not_there(evidence)) if evidence else (),
    )


def _own_headline(job: Job) -> str:
    """What is wrong with a rejected file stands under the findings, each once."""
    if job.state is not JobState.REJECTED or not job.findings:
        return job.reason
    wrong = sum(not finding.is_warning for finding in job.findings)
    return f"Not sent to F&O: {wrong} thing{'' if wrong == 1 else 's'} to mend first"


def next_step(job: Job, evidence: Evidence | None) -> str:
    """What a person should do now."""
    match job.state:
        case JobState.REJECTED:
            return "Nothing was sent to F&O. Do what stands under the findings, and write the file again."
        case JobState.SUCCEEDED if job.nothing_loaded:
            return "Nothing was loaded although F&O says processed. " + _why_nothing(job)
        case JobState.SUCCEEDED:
            return "Nothing: the file is loaded."
        case JobState.PARTIAL:
            return (
                "Correct the rows listed under the causes in the source system and send them again in a new file. "
                "The other rows are loaded. Leave them out of the new file, unless F&O finds them by their key and "
                "updates them (customers, products); where each row makes a record (journal lines), they would be "
                "there twice."
            )
        case JobState.FAILED:
            return _after_failure(job, evidence)
        case _:
            return job.reason


def _after_failure(job: Job, evidence: Evidence | None) -> str:
    if not (job.message_id or job.execution_id):
        return "F&O refused the request, so nothing was imported. Have its cause mended, and send the file again."
    if evidence is None:
        return "Nothing was loaded. What F&O knows of it is being fetched; this report will be written again."
    if evidence.errors.rows:
        return "Nothing was loaded. Correct the causes and send the file again under a new name."
    if job.findings:
        return f"{_BEFORE_STAGING} Our check before sending warned of the findings above: begin with them."
    return _BEFORE_STAGING


def _why_nothing(job: Job) -> str:
    if job.entity:
        return "The file has a header and no rows, or F&O took none of them: look at the file first."
    return "Check the field map of the package's Manifest.xml, and whether its data files have rows."


def _facts(job: Job, evidence: Evidence | None) -> list[tuple[str, str]]:
    rows = job.rows
    execution_id = (evidence.execution_id if evidence else "") or job.execution_id
    facts = [
        ("File", job.source.path) if not job.members else ("Files", ", ".join(f.source.path for f in job.members)),
        ("Feed", job.feed),
        ("Legal entity", job.legal_entity),
        ("Business date", job.business_date.isoformat()),
        ("Rows in", str(rows.rows_in) if rows else "not counted"),
        ("Rows loaded", str(rows.rows_ok) if rows else "not counted"),
        ("Rows not loaded", str(rows.rows_bad) if rows else "not counted"),
        ("Landed", job.source.landed_at.isoformat(timespec="seconds")),
        ("Ended", job.ended_at.isoformat(timespec="seconds") if job.ended_at else ""),
        ("Job", job.job_id),
        ("Folder", job.archive_path or "none"),
        ("Message ID", job.message_id or _no_message(job)),
    ]
    if job.execution_log:
        facts.append(("F&O says", job.execution_log[:2000]))
    if job.message_id or job.execution_id:
        waiting = "being asked for" if needs_evidence(job) else "none: F&O started no execution"
        facts.append(("Execution ID", execution_id or waiting))
    return facts


def _no_message(job: Job) -> str:
    return "not known: the answer to the send was lost" if job.execution_id else "none: nothing was taken by F&O"


def _not_there(evidence: Evidence) -> list[str]:
    return [
        *(f"not there: {sentence}" for sentence in evidence.missing),
        *(f"still being made by F&O: {name}" for name in evidence.pending),
    ]
