"""The rows that F&O did not load of a file that was sent as it landed, as a file to be corrected and sent again.

It is made when a person asks for it, from what lies in the job's archive folder, and is never sent by itself.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from shared.domain.job import Job
from shared.errors import SourceLost, Terminal
from shared.formats.bad_rows import BadRows, NotMapped, bad_rows
from shared.ports import FileStore

#: The file and its keys are held in memory; what is larger is cut out by other means.
LARGEST_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BadRowsFile:
    """Makes it."""

    files: FileStore

    def of(self, job: Job) -> BadRows:
        """The rows of this job that were not loaded. Raises Terminal, which says why they cannot be told."""
        container, _, folder = job.archive_path.partition("/")
        if not folder or job.forgotten_at or not job.entity or job.members:
            raise Terminal(f"job {job.job_id} has no single data file in the archive to pick rows from")
        keys = [name for name in self.files.listed(container, folder) if name.startswith("error-keys.")]
        if not keys:
            raise Terminal(f"F&O gave no keys of rows that it did not load for job {job.job_id}")
        try:
            return bad_rows(self._read(container, job.kept_as), self._read(container, f"{folder}/{keys[0]}"))
        except NotMapped as reason:
            raise Terminal(f"the rows of job {job.job_id} cannot be picked out: {reason}") from reason

    def _read(self, container: str, path: str) -> bytes:
        source = self.files.describe(container, path)
        if source is None:
            raise Terminal(f"{container}/{path} is not there any more")
        if source.size_bytes > LARGEST_BYTES:
            raise Terminal(f"{container}/{path} is too large to be held; pick its rows out by the error-keys file")
        try:
            with closing(self.files.open(source)) as content:
                return b"".join(content.blocks())
        except SourceLost as lost:
            raise Terminal(f"{container}/{path} is not there any more") from lost
