"""An import that did not go clean gets its evidence: errors, counts, files, page, and a report, beside the file.

F&O keeps this for 7 days. It is asked for until it is saved, in small pieces, and never holds up another job for long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.backoff import poll_delay
from shared.domain.job import Job
from shared.domain.outcomes.errors_list import MOST_CAUSES, Reading
from shared.domain.outcomes.evidence import Evidence, headline
from shared.domain.outcomes.outcome import count_rows
from shared.domain.outcomes.record import as_text, job_record, outcome_notes
from shared.domain.outcomes.report import report_of
from shared.domain.sizes import duration_text
from shared.errors import Transient
from shared.formats.report_html import as_html
from shared.formats.report_markdown import as_markdown
from shared.ports import Clock, FileStore, Ledger, Stored
from shared.services.outcomes.evidence_fetch import EvidenceFetch, nothing_of
from shared.telemetry import Event, emit

#: After this long what is missing is noted as missing: F&O has deleted it.
REMOTE_KEEPS = timedelta(days=7)
#: From this age on, evidence that could not be fetched is at risk, and that is an error in the log.
AT_RISK_AFTER = timedelta(days=3)
#: A cause counts as new when its feed did not have it until so long before the file ended.
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EvidenceCollection:
    """Files what F&O knows about one execution, and tells of it."""

    ledger: Ledger
    files: FileStore
    fetch: EvidenceFetch
    clock: Clock
    outcomes_container: str
    shortest: timedelta
    longest: timedelta

    def collect(self, stored: Stored) -> Stored:
        """Fetch what there is and save it in the job's archive folder; what is not there yet is asked for again later.

        Raises Conflict when another worker was first, Transient when the ledger cannot be reached.
        """
        job = stored.job
        age = self.clock() - (job.ended_at or job.changed_at)
        try:
            evidence = self._compared(job, self.fetch.fetched(job, is_last=age >= REMOTE_KEEPS))
            self._save(job, evidence)
        except Transient as failure:
            if age < REMOTE_KEEPS:
                return self._later(stored, str(failure), age)
            evidence = nothing_of(job, f"everything: {failure} (for {duration_text(age)})")
            if not self.fetch.is_saved(job):
                self._save(job, evidence)
        if evidence.pending:
            return self._later(stored, f"still to come from F&O: {', '.join(evidence.pending)}", age)
        return self._done(stored, evidence)

    def _compared(self, job: Job, evidence: Evidence) -> Evidence:
        """With the number of causes that the feed did not have until a day before this file ended."""
        now = self.clock()
        since = (job.ended_at or now) - A_DAY
        looked_up = evidence.causes[:MOST_CAUSES]
        new = sum(self.ledger.first_seen(job.feed, cause.fingerprint, now) > since for cause in looked_up)
        return replace(evidence, new_causes=new)

    def _save(self, job: Job, evidence: Evidence) -> None:
        container, _, folder = job.archive_path.partition("/")
        if evidence.errors.reading is not Reading.STRICT:
            self.files.note(container, f"{folder}/errors.raw.txt", evidence.raw_errors)
        self.files.note(container, f"{folder}/errors.json", _errors_json(evidence))
        report = report_of(job, evidence)
        self.files.note(container, f"{folder}/report.md", as_markdown(report))
        self.files.note(container, f"{folder}/report.html", as_html(report))

    def _done(self, stored: Stored, evidence: Evidence) -> Stored:
        job = replace(
            stored.job,
            execution_id=evidence.execution_id or stored.job.execution_id,
            entities=evidence.entities or stored.job.entities,
            rows=stored.job.rows or count_rows(evidence.entities),
            page_url=evidence.page_url if evidence.page_url.startswith(("https://", "http://")) else "",
            evidence_at=self.clock(),
            due_at=None,
        )
        job = replace(job, causes=headline(job, evidence))
        container, _, folder = job.archive_path.partition("/")
        self.files.note(container, f"{folder}/job.json", as_text(job_record(job)))
        for path, outcome in outcome_notes(job):
            self.files.note(self.outcomes_container, path, outcome)
        version = self.ledger.write(job, stored.version)
        emit(Event.JOB_EVIDENCE_SAVED, job, causes=len(evidence.causes), reading=evidence.errors.reading.value)
        return Stored(job, version)

    def _later(self, stored: Stored, why: str, age: timedelta) -> Stored:
        job = replace(stored.job, due_at=self.clock() + poll_delay(age, self.shortest, self.longest))
        event = Event.JOB_EVIDENCE_AT_RISK if age >= AT_RISK_AFTER else Event.JOB_EVIDENCE_DELAYED
        gone_at = (job.ended_at or job.changed_at) + REMOTE_KEEPS
        emit(event, job, why=why, age_minutes=int(age.total_seconds() // 60), gone_at=gone_at)
        return Stored(job, self.ledger.write(job, stored.version))


def _errors_json(evidence: Evidence) -> str:
    told: dict[str, object] = {
        "record_version": 1,
        "execution_id": evidence.execution_id,
        "page_url": evidence.page_url,
        "read_as": evidence.errors.reading.value,
        "causes": [
            {"fingerprint": c.fingerprint, "field": c.field, "message": c.message, "rows": c.count}
            for c in evidence.causes
        ],
        "errors": [
            {"record_id": row.record_id, "field": row.field, "message": row.message} for row in evidence.errors.rows
        ],
        "missing": list(evidence.missing),
    }
    return as_text(told)
