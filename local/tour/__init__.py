"""The tour: sample files dropped into landing, followed through the ledger to their end, and told as a table."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from local.app_settings import LANDING
from local.samples import samples
from local.samples.exports import export_samples
from local.stack import Stack
from local.tour.exporting import Exporting, ExportRow
from local.tour.following import Following, Row
from local.tour.screen import Screen, guide

BUDGET = timedelta(seconds=120)
_GLANCE_SECONDS = 0.4


def take(stack: Stack, budget: timedelta = BUDGET) -> bool:
    """Drop the samples and show them until each is at its end; True if each came to what is named beside it.

    Raises:
        StackFailed: a part of the stack ended meanwhile.
    """
    screen = Screen()
    deadline = time.monotonic() + budget.total_seconds()
    run = secrets.token_hex(2)
    exporting = Exporting(stack.settings, stack.erp_url)
    with Following(stack.settings, LANDING) as following:
        for export in export_samples(run):
            exporting.make(export)
        for sample in samples(run):
            _keep_copy(stack.place / "samples", sample.path, sample.content)
            following.drop(sample)
        with screen.moving() as show:
            rows, exports = following.rows(), exporting.rows()
            while not _at_the_end(rows, exports) and time.monotonic() < deadline:
                stack.must_be_up()
                show(rows)
                time.sleep(_GLANCE_SECONDS)
                rows, exports = following.rows(), exporting.rows()
            show(rows)
        screen.result(rows, budget)
        screen.reports(rows, following.fetch_reports(stack.place / "reports"))
        screen.exports(exports)
    return all(row.is_as_expected for row in rows) and all(row.is_as_expected for row in exports)


def _at_the_end(rows: Sequence[Row], exports: Sequence[ExportRow]) -> bool:
    return all(row.is_done for row in rows) and all(row.is_as_expected for row in exports)


def stay(stack: Stack) -> None:
    """Tell how to drop files of one's own, and of each what becomes of it, until Ctrl-C.

    Raises:
        StackFailed: a part of the stack ended meanwhile.
    """
    screen = Screen()
    print(guide(stack))
    with Following(stack.settings, LANDING) as following:
        try:
            while True:
                stack.must_be_up()
                following.look_for_more()
                screen.tell_changes(following.rows())
                time.sleep(_GLANCE_SECONDS)
        except KeyboardInterrupt:
            print("\nEnding everything ...", flush=True)


def _keep_copy(folder: Path, path: str, content: bytes) -> None:
    """A copy to look into, and to drop again under another name."""
    copy = folder / path
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(content)
