"""The end of a job: file and evidence kept together, and only then is landing cleared.

Copy, verify, note, delete, write. Each step may be repeated after a crash and finds what the last run left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.backoff import poll_delay
from shared.domain.checks.findings import Finding
from shared.domain.job import Job, JobState, LandedFile, advance
from shared.domain.naming import archive_folder, kept_name, rejected_folder
from shared.domain.outcomes.evidence import needs_evidence
from shared.domain.outcomes.record import as_text, job_record, outcome_notes, rejection_record
from shared.domain.outcomes.report import report_of
from shared.errors import SourceLost, Terminal, Transient
from shared.formats.report_html import as_html
from shared.formats.report_markdown import as_markdown
from shared.ports import Clock, FileStore, Ledger, Stored
from shared.services.outcomes.evidence import EvidenceCollection
from shared.telemetry import Event, emit

#: A copy that is still under way, or a store that cannot be reached, is looked at again after this long at first;
#: the longer it lasts the rarer, for each look at a copy that differs reads the whole file.
ARCHIVE_RETRY = timedelta(minutes=1)
ARCHIVE_RETRY_LONGEST = timedelta(hours=6)


class CopyDiffers(Terminal):
    """The kept copy is not byte for byte what was sent. Landing keeps the file; a person must look."""


@dataclass(frozen=True, slots=True)
class Archiving:
    """Moves finished files out of landing, with all that is known about them."""

    ledger: Ledger
    files: FileStore
    evidence: EvidenceCollection
    clock: Clock
    archive_container: str
    rejected_container: str
    outcomes_container: str

    def reject(self, stored: Stored, findings: list[Finding]) -> Stored:
        """End a job that was never sent, say why, and move its file to the rejected container."""
        now = self.clock()
        why = " ".join(finding.sentence() for finding in findings)
        job = advance(stored.job, JobState.REJECTED, now, why)
        job = replace(job, findings=tuple(findings), due_at=now, slots=())
        stored = Stored(job, self.ledger.write(job, stored.version))
        emit(Event.JOB_REJECTED, job, rule=",".join(finding.rule for finding in findings))
        return self.archive(stored)

    def archive(self, stored: Stored) -> Stored:
        """Put a final job's file where it rests, clear landing, write that it is done, and then fetch the evidence.

        What fails leaves the job due again and is told. Raises Conflict when another worker was first.
        """
        try:
            if stored.job.archived_at is None:
                stored = self._archive(stored)
        except (Transient, Terminal) as failure:
            return self._later(stored, str(failure))
        return self.evidence.collect(stored) if needs_evidence(stored.job) and stored.job.archived_at else stored

    def _archive(self, stored: Stored) -> Stored:
        job = stored.job
        container, folder = self._place(job)
        kept = [self._keep(job, member, container, folder) for member in job.files]
        if None in kept:
            return self._later(stored, "the copy into the archive is under way")
        now = self.clock()
        kept_as = "; ".join(filter(None, kept))
        done = replace(job, archive_path=f"{container}/{folder}", kept_as=kept_as, archived_at=now)
        done = replace(done, due_at=now if needs_evidence(done) else None)
        self._write_notes(done, container, folder)
        for member in job.files:
            self.files.remove(member.source)
        version = self.ledger.write(done, stored.version)
        emit(Event.JOB_ARCHIVED, done, archive_path=done.archive_path)
        return Stored(done, version)

    def _place(self, job: Job) -> tuple[str, str]:
        if job.state is JobState.REJECTED:
            return self.rejected_container, rejected_folder(job)
        return self.archive_container, archive_folder(job)

    def _keep(self, job: Job, member: LandedFile, container: str, folder: str) -> str | None:
        """Copy one landed file: where it is kept or why it is not; None while the copy is under way."""
        path = f"{folder}/{kept_name(member.source)}"
        metadata = {"job_id": job.job_id, "outcome": job.state.value.lower()}
        try:
            if not self.files.keep(member.source, container, path, metadata):
                return None
            self._verify(member, container, path)
        except SourceLost as lost:
            return f"not kept: {lost}"
        return path

    def _verify(self, member: LandedFile, container: str, path: str) -> None:
        """Read the copy back and compare it with what was sent. A file that was never sent has no hash to meet."""
        if member.sha256 and self.files.sha256_of(container, path) != member.sha256:
            raise CopyDiffers(f"{container}/{path} differs from what was sent (SHA-256 {member.sha256})")

    def _write_notes(self, job: Job, container: str, folder: str) -> None:
        if job.state is JobState.REJECTED:
            sidecar = f"{folder}/{job.source.name}.reason.json"
            self.files.note(container, sidecar, as_text(rejection_record(job)))
        report = report_of(job)
        self.files.note(container, f"{folder}/report.md", as_markdown(report))
        self.files.note(container, f"{folder}/report.html", as_html(report))
        self.files.note(container, f"{folder}/job.json", as_text(job_record(job)))
        for path, outcome in outcome_notes(job):
            self.files.note(self.outcomes_container, path, outcome)

    def _later(self, stored: Stored, why: str) -> Stored:
        now = self.clock()
        age = now - (stored.job.ended_at or now)
        job = replace(stored.job, due_at=now + poll_delay(age, ARCHIVE_RETRY, ARCHIVE_RETRY_LONGEST))
        emit(Event.JOB_ARCHIVE_DELAYED, job, why=why)
        return Stored(job, self.ledger.write(job, stored.version))
