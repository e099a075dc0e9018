"""Names that follow from a file and never from the clock of the moment: job ID, external identifier, paths."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, date, datetime

from shared.domain.job import Job, Source

#: The feed name under which files are filed that no feed claims.
UNROUTED = "unrouted"

_DATE = re.compile(r"(?<!\d)(20\d{2})([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_HASH_LENGTH = 16  # 80 bits of SHA-256 in base32: short enough for people, long enough never to collide


def source_key(source: Source) -> str:
    """A short hash of container, path and ETag: the same content version of the same blob, whoever asks."""
    text = f"{source.container}/{source.path}\n{source.etag}".encode()
    return base64.b32encode(hashlib.sha256(text).digest()).decode().lower()[:_HASH_LENGTH]


def job_id_of(feed: str, business_date: date, source: Source) -> str:
    """`{feed}.{yyyymmdd}.{hash}`: tells the feed and the business date, and is the same for every event of a file."""
    return f"{feed}.{business_date:%Y%m%d}.{source_key(source)}"


def external_id(job: Job) -> str:
    """The reference of ours that the ERP shows for a message: the job ID and the attempt. ASCII and short."""
    return f"{job.job_id}.{job.attempt}"


def job_id_from_external(reference: str) -> str:
    """The job ID inside an external identifier."""
    return reference.rpartition(".")[0]


def business_date_of(name: str, landed_at: datetime) -> date:
    """The last date written in the file's name (2026-11-14, 20261114), else the day it landed (UTC)."""
    return date_in_name(name) or landed_at.astimezone(UTC).date()


def date_in_name(name: str) -> date | None:
    """The last date written in a name; None when there is none."""
    for year, _, month, day in reversed(_DATE.findall(name)):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


_OURS = re.compile(
    r"(job|errors)\.json|errors\.raw\.txt|report\.(md|html)|(error-keys|staging-errors)\..*", re.IGNORECASE
)


def kept_name(source: Source) -> str:
    """The name of a landed file in its job's folder: its own, unless one of our notes there would bear it, too."""
    return f"landed.{source.name}" if _OURS.fullmatch(source.name) else source.name


def archive_folder(job: Job) -> str:
    """Where a job's file and evidence rest: `{feed}/{yyyy}/{mm}/{dd}/{job ID}`. One folder per job."""
    return f"{job.feed}/{job.business_date:%Y/%m/%d}/{job.job_id}"


def outcome_path(source: Source) -> str:
    """Where the sender finds the end of a file, from what it knows: the path it wrote to, and `.json`."""
    return f"{source.path}.json"


def rejected_folder(job: Job) -> str:
    """Where a rejected file rests: `{feed}/{yyyy-mm-dd}/{job ID}`; the date is the business date."""
    return f"{job.feed}/{job.business_date:%Y-%m-%d}/{job.job_id}"
