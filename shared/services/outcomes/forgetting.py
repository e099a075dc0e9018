"""A person asks that a file's content and errors be removed: they go, the row and the index of its folder stay."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.domain.job import Job
from shared.domain.outcomes.evidence import needs_evidence
from shared.domain.outcomes.forgetting import forgotten
from shared.domain.outcomes.record import as_text, job_record, outcome_notes
from shared.errors import Terminal
from shared.ports import Clock, FileStore, Ledger, Stored
from shared.telemetry import Event, emit

_INDEX = "job.json"


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Removes what lies in a job's folder. What F&O and the lake hold is not ours to remove."""

    ledger: Ledger
    files: FileStore
    clock: Clock
    outcomes_container: str

    def files_of(self, job_id: str) -> list[str]:
        """What would be removed, as names in the job's folder. Raises as `forget` does."""
        container, folder = _place(self._found(job_id).job)
        return [name for name in self.files.listed(container, folder) if name != _INDEX]

    def forget(self, job_id: str, actor: str, why: str) -> Job:
        """Remove content and errors, rewrite index and outcome without them, and say so on the job.

        The row is written last, so a call that was cut short is simply made again.

        Raises:
            Terminal: there is no such job, or it is not at its end yet.
            Conflict: another worker changed the job meanwhile; ask again.
            Transient: a store cannot be reached; ask again.
        """
        stored = self._found(job_id)
        container, folder = _place(stored.job)
        for name in self.files.listed(container, folder):
            if name != _INDEX:
                self.files.discard(container, f"{folder}/{name}")
        job = forgotten(stored.job, self.clock(), actor, why)
        self.files.note(container, f"{folder}/{_INDEX}", as_text(job_record(job)))
        for path, outcome in outcome_notes(job):
            self.files.note(self.outcomes_container, path, outcome)
        self.ledger.write(job, replace(stored.version, entries=0))
        emit(Event.JOB_FORGOTTEN, job, actor=actor)
        return job

    def _found(self, job_id: str) -> Stored:
        stored = self.ledger.read(job_id)
        if stored is None:
            raise Terminal(f"there is no job {job_id}; take the ID from job.json or the outcome blob")
        if stored.job.archived_at is None or needs_evidence(stored.job):
            raise Terminal(
                f"job {job_id} is not at its end ({stored.job.state}); a file in work cannot be forgotten: wait for it"
            )
        return stored


def _place(job: Job) -> tuple[str, str]:
    container, _, folder = job.archive_path.partition("/")
    return container, folder
