"""The end of a job: file and evidence kept together, and only then is landing cleared.

Copy, verify, note, delete, write. Each step may be repeated after a crash and finds what the last run left.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.findings import Finding
from shared.domain.job import Job, JobState, advance
from shared.domain.naming import archive_folder, rejected_folder
from shared.domain.record import job_record, rejection_record
from shared.errors import SourceLost, Terminal, Transient
from shared.ports import Clock, FileStore, Ledger, Stored
from shared.telemetry import Event, emit

#: A copy that is still under way, or a store that cannot be reached, is looked at again after this long.
ARCHIVE_RETRY = timedelta(minutes=1)


class CopyDiffers(Terminal):
    """The kept copy is not byte for byte what was sent. Landing keeps the file; a person must look."""


@dataclass(frozen=True, slots=True)
class Archiving:
    """Moves finished files out of landing, with all that is known about them."""

    ledger: Ledger
    files: FileStore
    clock: Clock
    archive_container: str
    rejected_container: str

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
        """Put a final job's file and evidence where they rest, clear landing, and write that it is done.

        What can pass later leaves the job due again, never raises. Raises Conflict when another worker was first.
        """
        try:
            return self._archive(stored)
        except (Transient, CopyDiffers) as failure:
            return self._later(stored, str(failure))

    def _archive(self, stored: Stored) -> Stored:
        job = stored.job
        container, folder = self._place(job)
        path = f"{folder}/{job.source.name}"
        whereabouts = path
        try:
            metadata = {"job_id": job.job_id, "outcome": job.state.value.lower()}
            if not self.files.keep(job.source, container, path, metadata):
                return self._later(stored, "the copy into the archive is under way")
            self._verify(job, container, path)
        except SourceLost as lost:
            whereabouts = f"not kept: {lost}"
        done = replace(job, archive_path=f"{container}/{folder}", archived_at=self.clock(), due_at=None)
        self._write_notes(done, container, folder, whereabouts)
        self.files.remove(job.source)
        version = self.ledger.write(done, stored.version)
        emit(Event.JOB_ARCHIVED, done, archive_path=done.archive_path)
        return Stored(done, version)

    def _place(self, job: Job) -> tuple[str, str]:
        if job.state is JobState.REJECTED:
            return self.rejected_container, rejected_folder(job)
        return self.archive_container, archive_folder(job)

    def _verify(self, job: Job, container: str, path: str) -> None:
        """Read the copy back and compare it with what was sent. A file that was never sent has no hash to meet."""
        if job.sha256 and self.files.sha256_of(container, path) != job.sha256:
            raise CopyDiffers(f"{container}/{path} differs from what was sent (SHA-256 {job.sha256})")

    def _write_notes(self, job: Job, container: str, folder: str, whereabouts: str) -> None:
        if job.state is JobState.REJECTED:
            sidecar = f"{folder}/{job.source.name}.reason.json"
            self.files.note(container, sidecar, _json(rejection_record(job)))
        self.files.note(container, f"{folder}/job.json", _json(job_record(job, whereabouts)))

    def _later(self, stored: Stored, why: str) -> Stored:
        job = replace(stored.job, due_at=self.clock() + ARCHIVE_RETRY)
        emit(Event.JOB_ARCHIVE_DELAYED, job, why=why)
        return Stored(job, self.ledger.write(job, stored.version))


def _json(record: dict[str, object]) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"
