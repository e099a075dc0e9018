"""An import that did not go clean gets its evidence: errors, counts, files, page, and a report, beside the file.

F&O keeps this for 7 days. It is asked for until it is saved, in small pieces, and never holds up another job.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.backoff import poll_delay
from shared.domain.errors_list import Reading, causes_of, read_errors
from shared.domain.evidence import Evidence, headline
from shared.domain.job import Job
from shared.domain.record import as_text, job_record, outcome_notes
from shared.domain.report import report_of
from shared.domain.sizes import duration_text
from shared.errors import Transient
from shared.formats.report_html import as_html
from shared.formats.report_markdown import as_markdown
from shared.ports import Clock, ErpEvidence, FileStore, Ledger, Stored
from shared.telemetry import Event, emit

#: After this long what is missing is noted as missing: F&O has deleted it.
REMOTE_KEEPS = timedelta(days=7)
#: From this age on, evidence that could not be fetched is at risk, and that is an error in the log.
AT_RISK_AFTER = timedelta(days=3)
#: A part that F&O is still making (the error-keys file) is waited for so long before it is noted as missing.
PATIENCE = timedelta(hours=6)
#: A cause counts as new when its feed did not have it until so long before the file ended.
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Part:
    """One error file: `url` is None where F&O offers none and empty while it is made; `failed` says what went wrong."""

    name: str
    url: str | None
    failed: str = ""

    @property
    def is_saved(self) -> bool:
        return bool(self.url)

    @property
    def is_in_the_making(self) -> bool:
        return self.url == ""

    @property
    def is_offered_nowhere(self) -> bool:
        return not self.url and not self.failed


@dataclass(frozen=True, slots=True)
class EvidenceCollection:
    """Fetches and files what F&O knows about one execution."""

    ledger: Ledger
    files: FileStore
    erp: ErpEvidence
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
            evidence = self._fetched(job, age)
            self._save(job, evidence)
        except Transient as failure:
            if age < REMOTE_KEEPS:
                return self._later(stored, str(failure), age)
            evidence = _nothing(job, f"everything: {failure} (for {duration_text(age)})")
            if not self._is_saved(job):
                self._save(job, evidence)
        if evidence.pending:
            return self._later(stored, f"still to come from F&O: {', '.join(evidence.pending)}", age)
        return self._done(stored, evidence)

    def _fetched(self, job: Job, age: timedelta) -> Evidence:
        execution_id = job.execution_id or self.erp.execution_id(job.message_id)
        if not execution_id:
            return _nothing(job, "an execution: F&O failed before it started one")
        raw = self.erp.errors(execution_id)
        errors, counts = read_errors(raw), self.erp.entity_counts(execution_id)
        texts = ["errors.json", "report.md", "report.html"] + (
            ["errors.raw.txt"] if errors.reading is not Reading.STRICT else []
        )
        named = dict.fromkeys(found.entity for found in (*job.entities, *counts))
        parts = [self._part(job, name, ask) for entity in named for name, ask in self._asks(execution_id, entity)]
        page_url, no_page = self._page_url(execution_id)
        failed = [*(part.failed for part in parts if part.failed), *no_page]
        is_late, asked_for = age >= REMOTE_KEEPS, self.clock() - (job.archived_at or job.changed_at)
        waited_for = {part.name for part in parts if part.is_in_the_making and asked_for < PATIENCE}
        return Evidence(
            execution_id=execution_id,
            page_url=page_url,
            errors=errors,
            raw_errors=raw,
            entities=counts,
            files=(*texts, *(part.name for part in parts if part.is_saved)),
            missing=(
                *(f"{p.name}: none offered" for p in parts if p.is_offered_nowhere and p.name not in waited_for),
                *(failed if is_late else ()),
            ),
            pending=(*sorted(waited_for), *(() if is_late else failed)),
        )

    def _part(self, job: Job, name: str, ask: Callable[[], str | None]) -> _Part:
        """Fetch one file. What fails is said and asked for again, and keeps nothing else waiting."""
        try:
            url = ask()
            if url:
                self._fetch_file(job, name, url)
        except Transient as failure:
            return _Part(name, None, f"{name}: {failure}")
        return _Part(name, url)

    def _page_url(self, execution_id: str) -> tuple[str, tuple[str, ...]]:
        try:
            return self.erp.page_url(execution_id), ()
        except Transient as failure:
            return "", (f"the address of F&O's page: {failure}",)

    def _is_saved(self, job: Job) -> bool:
        """True when an earlier try has saved the errors: what F&O no longer gives does not wipe them out."""
        container, _, folder = job.archive_path.partition("/")
        return "errors.json" in self.files.listed(container, folder)

    def _asks(self, execution_id: str, entity: str) -> list[tuple[str, Callable[[], str | None]]]:
        """The two error files of an entity by our name: its URL, None when there is none, empty while it is made."""
        return [
            (f"error-keys.{_safe(entity)}.csv", lambda: self.erp.error_keys_url(execution_id, entity)),
            (f"staging-errors.{_safe(entity)}.csv", lambda: self.erp.staging_errors_url(execution_id, entity) or None),
        ]

    def _fetch_file(self, job: Job, name: str, url: str) -> None:
        container, _, folder = job.archive_path.partition("/")
        with closing(self.erp.fetch(url)) as download:
            self.files.save(container, f"{folder}/{name}", download.blocks())

    def _new_causes(self, job: Job, evidence: Evidence) -> int:
        """How many causes the feed did not have until a day before this file ended."""
        now = self.clock()
        since = (job.ended_at or now) - A_DAY
        found = causes_of(evidence.errors.rows)
        return sum(self.ledger.first_seen(job.feed, cause.fingerprint, now) > since for cause in found)

    def _save(self, job: Job, evidence: Evidence) -> None:
        container, _, folder = job.archive_path.partition("/")
        if evidence.errors.reading is not Reading.STRICT:
            self.files.note(container, f"{folder}/errors.raw.txt", evidence.raw_errors)
        self.files.note(container, f"{folder}/errors.json", _errors_json(evidence))
        report = report_of(job, evidence, self._new_causes(job, evidence))
        self.files.note(container, f"{folder}/report.md", as_markdown(report))
        self.files.note(container, f"{folder}/report.html", as_html(report))

    def _done(self, stored: Stored, evidence: Evidence) -> Stored:
        causes = causes_of(evidence.errors.rows)
        job = replace(
            stored.job,
            execution_id=evidence.execution_id or stored.job.execution_id,
            evidence_at=self.clock(),
            causes=headline(stored.job, causes, self._new_causes(stored.job, evidence)),
            due_at=None,
        )
        container, _, folder = job.archive_path.partition("/")
        self.files.note(container, f"{folder}/job.json", as_text(job_record(job)))
        for path, outcome in outcome_notes(job):
            self.files.note(self.outcomes_container, path, outcome)
        version = self.ledger.write(job, stored.version)
        emit(Event.JOB_EVIDENCE_SAVED, job, causes=len(causes), reading=evidence.errors.reading.value)
        return Stored(job, version)

    def _later(self, stored: Stored, why: str, age: timedelta) -> Stored:
        job = replace(stored.job, due_at=self.clock() + poll_delay(age, self.shortest, self.longest))
        event = Event.JOB_EVIDENCE_AT_RISK if age >= AT_RISK_AFTER else Event.JOB_EVIDENCE_DELAYED
        gone_at = (job.ended_at or job.changed_at) + REMOTE_KEEPS
        emit(event, job, why=why, age_minutes=int(age.total_seconds() // 60), gone_at=gone_at)
        return Stored(job, self.ledger.write(job, stored.version))


def _nothing(job: Job, what: str) -> Evidence:
    return Evidence(
        execution_id=job.execution_id,
        page_url="",
        errors=read_errors(""),
        raw_errors="",
        entities=job.entities,
        files=("errors.json", "report.md", "report.html"),
        missing=(what,),
    )


def _errors_json(evidence: Evidence) -> str:
    causes = causes_of(evidence.errors.rows)
    told: dict[str, object] = {
        "record_version": 1,
        "execution_id": evidence.execution_id,
        "page_url": evidence.page_url,
        "read_as": evidence.errors.reading.value,
        "causes": [
            {"fingerprint": c.fingerprint, "field": c.field, "message": c.message, "rows": c.count} for c in causes
        ],
        "errors": [
            {"record_id": row.record_id, "field": row.field, "message": row.message} for row in evidence.errors.rows
        ],
        "missing": list(evidence.missing),
    }
    return as_text(told)


def _safe(entity: str) -> str:
    return "".join(character if character.isalnum() or character in " -_." else "_" for character in entity)
