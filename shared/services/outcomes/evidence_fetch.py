"""What F&O knows of one execution is fetched: errors, counts, the error files of each entity, the page.

Each part is asked for by itself, so that one that fails keeps nothing else from being saved; what a try before has
saved is not asked for again, and a try has a budget of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.job import Job
from shared.domain.outcomes.errors_list import Reading, causes_of, read_errors
from shared.domain.outcomes.evidence import Evidence
from shared.domain.outcomes.outcome import EntityCounts
from shared.errors import Transient
from shared.ports import Clock, ErpEvidence, FileStore

#: A part that F&O is still making (the error-keys file) is waited for so long before it is noted as missing.
PATIENCE = timedelta(hours=6)
#: One job's error files are asked for so long in one try; with 200 entities the rest comes with the next one.
BUDGET = timedelta(minutes=2)

#: Asks for the URL of a file: None when there is none, empty while it is made. Raises Transient.
_Ask = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class _Part:
    """One error file: `url` is None where F&O offers none and empty while it is made; `failed` says what went wrong."""

    name: str
    url: str | None = None
    failed: str = ""
    is_saved: bool = False

    @property
    def is_in_the_making(self) -> bool:
        return self.url == "" and not self.failed and not self.is_saved

    @property
    def is_offered_nowhere(self) -> bool:
        return not self.url and not self.failed and not self.is_saved


@dataclass(frozen=True, slots=True)
class EvidenceFetch:
    """Asks F&O, and saves error files in the job's archive folder as they come."""

    files: FileStore
    erp: ErpEvidence
    clock: Clock

    def fetched(self, job: Job, *, is_last: bool) -> Evidence:
        """All that F&O tells now; with `is_last` what fails is missing, else it is pending.

        Raises Transient when not even the errors and counts can be had.
        """
        execution_id = job.execution_id or self.erp.execution_id(job.message_id)
        if not execution_id:
            return nothing_of(job, "an execution: F&O failed before it started one")
        raw = self.erp.errors(execution_id)
        errors, counts = read_errors(raw), self.erp.entity_counts(execution_id)
        parts = self._parts(job, execution_id, _with_errors(job, counts))
        page_url, no_page = self._page_url(execution_id)
        failed = (*(part.failed for part in parts if part.failed), *no_page)
        asked_for = self.clock() - (job.archived_at or job.changed_at)
        waited_for = {part.name for part in parts if part.is_in_the_making and asked_for < PATIENCE}
        nowhere = (part.name for part in parts if part.is_offered_nowhere and part.name not in waited_for)
        return Evidence(
            execution_id=execution_id,
            page_url=page_url,
            errors=errors,
            causes=tuple(causes_of(errors.rows)),
            raw_errors=raw,
            entities=counts,
            files=(*_texts(errors.reading), *(part.name for part in parts if part.is_saved)),
            missing=(*(f"{name}: none offered" for name in nowhere), *(failed if is_last else ())),
            pending=(*sorted(waited_for), *(() if is_last else failed)),
        )

    def is_saved(self, job: Job) -> bool:
        """True when an earlier try has saved the errors: what F&O no longer gives does not wipe them out."""
        return "errors.json" in self._there(job)

    def _there(self, job: Job) -> set[str]:
        container, _, folder = job.archive_path.partition("/")
        return set(self.files.listed(container, folder))

    def _parts(self, job: Job, execution_id: str, entities: Iterable[str]) -> list[_Part]:
        there, until = self._there(job), self.clock() + BUDGET
        return [
            _Part(name, is_saved=True) if name in there else self._part(job, name, ask, until)
            for entity in entities
            for name, ask in self._asks(execution_id, entity)
        ]

    def _part(self, job: Job, name: str, ask: _Ask, until: datetime) -> _Part:
        """Fetch one file. What fails is said and asked for again, and keeps nothing else waiting."""
        if self.clock() > until:
            return _Part(name, failed=f"{name}: not asked for yet, there are many")
        try:
            url = ask()
            if url:
                self._save(job, name, url)
        except Transient as failure:
            return _Part(name, failed=f"{name}: {failure}")
        return _Part(name, url, is_saved=bool(url))

    def _page_url(self, execution_id: str) -> tuple[str, tuple[str, ...]]:
        try:
            return self.erp.page_url(execution_id), ()
        except Transient as failure:
            return "", (f"the address of F&O's page: {failure}",)

    def _asks(self, execution_id: str, entity: str) -> list[tuple[str, _Ask]]:
        """The two error files of an entity by our name."""
        return [
            (f"error-keys.{_safe(entity)}.csv", lambda: self.erp.error_keys_url(execution_id, entity)),
            (f"staging-errors.{_safe(entity)}.csv", lambda: self.erp.staging_errors_url(execution_id, entity) or None),
        ]

    def _save(self, job: Job, name: str, url: str) -> None:
        container, _, folder = job.archive_path.partition("/")
        with closing(self.erp.fetch(url)) as download:
            self.files.save(container, f"{folder}/{name}", download.blocks())


def nothing_of(job: Job, what: str) -> Evidence:
    """Evidence that there is none; `what` says what is missing and why."""
    errors = read_errors("")
    return Evidence(
        execution_id=job.execution_id,
        page_url="",
        errors=errors,
        raw_errors="",
        entities=job.entities,
        files=_texts(errors.reading),
        missing=(what,),
    )


def _with_errors(job: Job, counts: tuple[EntityCounts, ...]) -> list[str]:
    """Entities that may have error files: all but those whose rows were all loaded."""
    latest = {told.entity: told for told in (*job.entities, *counts)}
    return [name for name, told in latest.items() if told.staging_errors or told.target_errors or not told.written]


def _texts(reading: Reading) -> tuple[str, ...]:
    return ("errors.json", "report.md", "report.html", *(() if reading is Reading.STRICT else ("errors.raw.txt",)))


def _safe(entity: str) -> str:
    return "".join(character if character.isalnum() or character in " -_." else "_" for character in entity)
