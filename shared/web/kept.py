"""Files of a job's folder, given out by the page: its report to readers, all of them to operators."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any
from urllib.parse import quote

from shared.domain.job import Job
from shared.services.outcomes.bad_rows import BadRowsFile
from shared.web.http import Answer, Refused
from shared.web.principal import Principal, Role, must_be
from shared.wiring import Engine

REPORT = "report.html"
#: Is made when it is asked for, and lies nowhere.
BAD_ROWS = "bad-rows"
#: What the app gives out by itself; larger files are fetched from the archive.
LARGEST_BYTES = 20 * 1024 * 1024
#: A longer list of errors is not looked into for a page; its causes stand in the report.
_LARGEST_ERRORS_BYTES = 2 * 1024 * 1024
#: A report is a page of ours with a style of its own and no script; the sandbox keeps it from everything else.
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-downloads; frame-ancestors 'none'"


def names(app: Engine, job: Job) -> list[str]:
    """What lies in the job's folder; nothing before it is archived."""
    container, _, folder = job.archive_path.partition("/")
    return app.files.listed(container, folder) if folder else []


def kept_file(app: Engine, job: Job, name: str, who: Principal) -> Answer:
    """One of them: a report is shown, all else is saved. Raises Refused for a name that is not there."""
    if name != REPORT:
        must_be(who, Role.OPERATOR)
    if name == BAD_ROWS:
        return _saved(f"bad-rows {job.source.name}", BadRowsFile(app.files).of(job).content)
    if name not in names(app, job):
        raise Refused(404, "there is no such file")
    body = _read(app, job, name, LARGEST_BYTES)
    if body is None:
        raise Refused(404, f"it is larger than the page gives out; fetch it from {job.archive_path}")
    if name == REPORT:
        return Answer(body=body, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _SANDBOX})
    return _saved(name, body)


def _saved(name: str, body: bytes) -> Answer:
    saved = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Answer(body=body, content_type="application/octet-stream", headers=saved)


def causes(app: Engine, job: Job) -> list[dict[str, Any]]:
    """Why rows were not loaded, as errors.json has it: `rows`, `field`, `message`, the most frequent first."""
    body = _read(app, job, "errors.json", _LARGEST_ERRORS_BYTES) if job.evidence_at and not job.forgotten_at else None
    told: list[dict[str, Any]] = json.loads(body)["causes"] if body else []
    return told


def _read(app: Engine, job: Job, name: str, most_bytes: int) -> bytes | None:
    """A kept file; None when it is gone or larger than that."""
    container, _, folder = job.archive_path.partition("/")
    source = app.files.describe(container, f"{folder}/{name}")
    if source is None or source.size_bytes > most_bytes:
        return None
    with closing(app.files.open(source)) as content:
        return b"".join(content.blocks())
