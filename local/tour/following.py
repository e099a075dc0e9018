"""Follow files through the ledger, which alone knows where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from azure.storage.blob import BlobServiceClient

from local.samples import Sample
from shared.domain.job import Job, JobState, Source
from shared.domain.outcomes.evidence import needs_evidence
from shared.wiring import engine_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One file as the tour shows it. `rows` are read, loaded and not loaded; None while nobody counted them.

    `why` is the headline of a file that is not all loaded: causes where F&O lists errors, else the reason.
    `expected` and `expected_rows` stand beside a sample; a file of the user's own has none.
    """

    path: str
    etag: str
    legal_entity: str = ""
    state: str = "landed"
    reason: str = ""
    why: str = ""
    is_done: bool = False
    rows: tuple[int, int, int] | None = None
    evidence: str = ""
    evidence_files: int = 0
    shows: str = ""
    expected: str = ""
    expected_rows: tuple[int, int, int] | None = None

    @property
    def is_as_expected(self) -> bool:
        """True when outcome and row counts are those named, and file and record lie where the ledger says."""
        found = (self.state, self.rows)
        return self.is_done and found == (self.expected, self.expected_rows) and self.evidence_files > 1


@dataclass(slots=True)
class _Followed:
    source: Source
    sample: Sample | None = None
    job_id: str | None = None
    last: Row | None = None


class Following:
    """The files that are being followed: samples that it drops, and what others drop."""

    def __init__(self, settings: Mapping[str, str], landing: str) -> None:
        self._ledger = engine_from(settings).ledger
        self._blobs = BlobServiceClient.from_connection_string(settings["FILES"])
        self._landing = landing
        self._files: dict[tuple[str, str], _Followed] = {}

    def drop(self, sample: Sample) -> None:
        """Write a sample into landing, as an upstream system would, and follow it."""
        told = self._blobs.get_blob_client(self._landing, sample.path).upload_blob(sample.content)
        self._follow(sample.path, str(told["etag"]), len(sample.content), sample)

    def look_for_more(self) -> None:
        """Follow every file in landing that is not followed yet."""
        for blob in self._blobs.get_container_client(self._landing).list_blobs():
            self._follow(blob.name, str(blob.etag), blob.size)

    def rows(self) -> list[Row]:
        """Every followed file as the ledger has it now, in the order in which they came."""
        return [self._now(followed) for followed in self._files.values()]

    def fetch_reports(self, folder: Path) -> dict[str, Path]:
        """The reports of the files that are not all loaded, as pages to open: path in landing -> page on this disk."""
        fetched = {}
        for row in self.rows():
            if row.why:
                page = folder / f"{row.path.rpartition('/')[2]}.html"
                folder.mkdir(parents=True, exist_ok=True)
                container, _, where = row.evidence.partition("/")
                page.write_bytes(
                    self._blobs.get_blob_client(container, f"{where}/report.html").download_blob().readall()
                )
                fetched[row.path] = page
        return fetched

    def _follow(self, path: str, etag: str, size_bytes: int, sample: Sample | None = None) -> None:
        bare = etag.strip('"')
        if (path, bare) not in self._files:
            source = Source(
                container=self._landing, path=path, etag=bare, size_bytes=size_bytes, landed_at=datetime.now(UTC)
            )
            self._files[path, bare] = _Followed(source, sample)

    def _now(self, followed: _Followed) -> Row:
        """A file at its end is not asked for again."""
        if followed.last is None or not followed.last.is_done:
            followed.job_id = followed.job_id or self._ledger.by_source(followed.source)
            stored = self._ledger.read(followed.job_id) if followed.job_id else None
            job = stored.job if stored else None
            followed.last = _row(followed, job, self._files_of(job))
        return followed.last

    def _files_of(self, job: Job | None) -> int:
        """How many files lie in the job's folder, once it says that they are safe there."""
        if job is None or job.archived_at is None:
            return 0
        container, _, folder = job.archive_path.partition("/")
        return sum(
            1 for _ in self._blobs.get_container_client(container).list_blob_names(name_starts_with=folder + "/")
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._blobs.close()


def _row(followed: _Followed, job: Job | None, evidence_files: int) -> Row:
    sample = followed.sample
    shows, expected, expected_rows = (sample.shows, sample.outcome, sample.rows) if sample else ("", "", None)
    path, etag = followed.source.path, followed.source.etag
    if job is None:
        return Row(path=path, etag=etag, shows=shows, expected=expected, expected_rows=expected_rows)
    counts, is_done = job.rows, job.is_final and job.archived_at is not None and not needs_evidence(job)
    return Row(
        path=path,
        etag=etag,
        legal_entity=job.legal_entity,
        state=str(job.state),
        reason=job.reason,
        why=_why(job) if is_done else "",
        is_done=is_done,
        rows=(counts.rows_in, counts.rows_ok, counts.rows_bad) if counts else None,
        evidence=job.archive_path,
        evidence_files=evidence_files,
        shows=shows,
        expected=expected,
        expected_rows=expected_rows,
    )


def _why(job: Job) -> str:
    """Why not every row was loaded; empty for a clean import."""
    clean = job.state is JobState.SUCCEEDED and not job.nothing_loaded
    return "" if clean else job.causes or job.reason
