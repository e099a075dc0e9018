"""Row counts, and telling partial from failed by them.

The remote has one word, "processed with errors", for "some rows failed" and for "all rows failed". The counts
per entity tell the two apart; where it sends none, the execution's summary status does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCounts:
    """What one entity of an execution read and wrote, in rows.

    `staged` rows reached staging and `staging_errors` did not; `written` rows reached the target and
    `target_errors` did not. `total` is the rows of the file where the remote says so (newer builds).
    """

    entity: str
    staged: int = 0
    staging_errors: int = 0
    written: int = 0
    target_errors: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """Rows of a whole file: read, loaded, and not loaded."""

    rows_in: int
    rows_ok: int
    rows_bad: int


class Summary(StrEnum):
    """The summary status of an execution, as far as it decides an outcome."""

    SUCCEEDED = "succeeded"
    PARTIAL = "partially succeeded"
    FAILED = "failed"
    UNDECIDED = "undecided"


class Outcome(StrEnum):
    """How an import ended."""

    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


def count_rows(entities: Iterable[EntityCounts]) -> RowCounts | None:
    """Add up a file's entities; None when the remote gave no counts at all."""
    listed = list(entities)
    if not listed:
        return None
    rows_in = rows_ok = rows_bad = 0
    for counts in listed:
        bad = counts.staging_errors + counts.target_errors
        total = counts.total if counts.total is not None else counts.written + bad
        rows_in += total
        rows_bad += bad
        rows_ok += max(0, min(counts.written, total - bad))
    return RowCounts(rows_in=rows_in, rows_ok=rows_ok, rows_bad=rows_bad)


def judge_errors(rows: RowCounts | None, summary: Summary) -> Outcome | None:
    """Say what "processed with errors" was: partial or failed; None while nothing decides it.

    Counts come first; the summary status decides where counts are missing or all zero.
    """
    if rows is not None and rows.rows_ok > 0:
        return Outcome.PARTIAL
    if rows is not None and rows.rows_bad > 0:
        return Outcome.FAILED
    match summary:
        case Summary.PARTIAL | Summary.SUCCEEDED:
            return Outcome.PARTIAL
        case Summary.FAILED:
            return Outcome.FAILED
        case Summary.UNDECIDED:
            return None
