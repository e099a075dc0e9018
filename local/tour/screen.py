"""What the tour prints: a moving table in a terminal, a line for each move elsewhere, and the final table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local.app_settings import LAKE, LANDING
from local.stack import SETTINGS_FILE, Stack
from local.tour.exporting import ExportRow
from local.tour.following import Row

_WIDTH_OF_A_FILE = 220  # columns where no terminal sets them, so that paths stay whole
_COLOURS = {"SUCCEEDED": "green", "PARTIAL": "yellow", "FAILED": "red", "REJECTED": "magenta", "IN_DOUBT": "red"}


class Screen:
    """The terminal, or whatever stands in its place."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        if not self._console.is_terminal:
            self._console.width = _WIDTH_OF_A_FILE
        self._told: dict[tuple[str, str], str] = {}

    @contextmanager
    def moving(self) -> Iterator[Callable[[Sequence[Row]], None]]:
        """A function that shows how far the files are."""
        if not self._console.is_terminal:
            yield self.tell_changes
            return
        with Live(console=self._console, refresh_per_second=8, transient=True) as live:
            yield lambda rows: live.update(_moving_table(rows))

    def tell_changes(self, rows: Sequence[Row]) -> None:
        """One line for each file that has moved since the last call. The same path landed anew is another file."""
        for row in rows:
            told = _sentence(row)
            if self._told.get((row.path, row.etag)) != told:
                now = datetime.now(UTC).strftime("%H:%M:%S")
                self._console.print(f"{now}  {row.path}: {told}", markup=False, highlight=False, soft_wrap=True)
                self._told[row.path, row.etag] = told

    def result(self, rows: Sequence[Row], budget: timedelta) -> None:
        """The final table and one sentence."""
        self._console.print(_result_table(rows, self._console.is_terminal))
        open_rows = [row for row in rows if not row.is_done]
        wrong = [row for row in rows if row.is_done and not row.is_as_expected]
        for row in open_rows:
            self._console.print(
                f"Not at its end after {budget.total_seconds():.0f} s: {row.path}: {row.state} {row.reason}",
                markup=False,
            )
        for row in wrong:
            self._console.print(f"Not as expected: {row.path}: {_difference(row)}", markup=False)
        good = len(rows) - len(open_rows) - len(wrong)
        self._console.print(f"{good} of {len(rows)} files came to the outcome named beside them.", highlight=False)

    def reports(self, rows: Sequence[Row], pages: Mapping[str, Path]) -> None:
        """Why the files that are not all loaded are not, and the page that says it at length."""
        not_loaded = [row for row in rows if row.path in pages]
        if not not_loaded:
            return
        self._console.print("\nWhy not every row was loaded")
        for row in not_loaded:
            told = f"  {_name(row)}: {row.why}\n    open {pages[row.path]}"
            self._console.print(told, markup=False, highlight=False, soft_wrap=True)
        self._console.print()

    def exports(self, rows: Sequence[ExportRow]) -> None:
        """The exports: what F&O knows of each, its rows, and where it lies in the lake."""
        in_terminal = self._console.is_terminal
        table = Table(
            box=box.SIMPLE_HEAD if in_terminal else box.ASCII2, title="What came out of F&O", title_justify="left"
        )
        table.add_column("Export", no_wrap=True)
        table.add_column("In F&O", no_wrap=True)
        table.add_column("Rows", justify="right")
        table.add_column(f"In the lake (container {LAKE})", overflow="fold")
        for row in rows:
            where = "\n".join(row.paths) or ("not there yet" if row.has_file else "nothing to store")
            state = row.state if row.is_as_expected else f"{row.state}: not as expected"
            counted = "-" if row.rows is None else str(row.rows)
            table.add_row(f"{row.name}\n  {row.shows}", state, counted, Text(where))
        self._console.print(table)
        good = sum(row.is_as_expected for row in rows)
        self._console.print(f"{good} of {len(rows)} exports lie in the lake and are acknowledged.", highlight=False)


def _moving_table(rows: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("File", overflow="fold")
    for title in ("State", "Rows in / ok / bad", "What it shows"):
        table.add_column(title)
    for row in rows:
        table.add_row(Text(_name(row)), _coloured(row.state), _rows_text(row.rows), row.shows)
    return table


def _result_table(rows: Sequence[Row], in_terminal: bool) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD if in_terminal else box.ASCII2, title="What became of each file", title_justify="left"
    )
    table.add_column("File", overflow="fold")
    table.add_column("Legal entity")
    table.add_column("Rows in / ok / bad", justify="right")
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Expected", no_wrap=True)
    table.add_column("Evidence", overflow="fold")
    for row in rows:
        evidence = f"{row.evidence} ({row.evidence_files} files)" if row.evidence_files else row.evidence
        entity, counts = row.legal_entity or "-", _rows_text(row.rows)
        file = Text(_name(row) if in_terminal else row.path)
        table.add_row(file, entity, counts, _coloured(row.state), row.expected, Text(evidence))
    return table


def _sentence(row: Row) -> str:
    why = f"  ({row.why or row.reason})" if row.reason else ""
    return f"{row.state}{why}, kept in {row.evidence}" if row.is_done and not row.expected else f"{row.state}{why}"


def _name(row: Row) -> str:
    """The folders tell feed and legal entity, which stand in columns of their own."""
    return row.path.rpartition("/")[2]


def _coloured(state: str) -> Text:
    return Text(state, style=_COLOURS.get(state, ""))


def _rows_text(rows: tuple[int, int, int] | None) -> str:
    return " / ".join(map(str, rows)) if rows else "-"


def _difference(row: Row) -> str:
    wanted = f"{row.expected} with rows {_rows_text(row.expected_rows)} and file and record in the archive"
    found = f"{row.state} with rows {_rows_text(row.rows)} and {row.evidence_files} files there"
    return f"wanted {wanted}; found {found} ({row.reason})"


def guide(stack: Stack) -> str:
    """How to drop files of one's own, and what can be looked at. Ctrl-C ends it all."""
    return f"""
Everything is up; Ctrl-C ends it. Moves of files that you drop are told here.

Drop a file into container `{LANDING}` as {{feed}}/{{legal entity}}/{{name}}.
Copies of the samples lie in {stack.place / "samples"}.
    .venv/bin/python -m local.drop my.csv customer-groups/USMF/my.csv
Or attach Azure Storage Explorer by this connection string:
    {stack.storage}

The command line, in a shell of its own:
    set -a; . {stack.place / SETTINGS_FILE}; set +a
    .venv/bin/python -m shared.courier today

The page        {stack.app_url}/api/board
F&O simulator   {stack.erp_url}/_sim/state and /_sim/messages
Logs            {stack.place / "logs"}
"""
