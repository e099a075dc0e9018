"""What a data file must be before it is sent: rules over its beginning, all findings at once.

A finding's `seen` begins with the file's name, for a package holds many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.checks.findings import Finding, found
from shared.domain.feed import Feed, SourceFormat


class Kind(StrEnum):
    """What a file's first bytes show it to be."""

    EMPTY = "empty"
    TEXT = "text"
    XML = "XML or HTML"
    ZIP = "a zip or an Excel workbook (.xlsx)"
    OLD_EXCEL = "an old Excel workbook (.xls)"
    GZIP = "packed with gzip"
    BINARY = "neither text nor anything else that is known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The beginning of a data file, as far as it was read and understood.

    `encoding` is of a text: UTF-8 (or any single-byte one), UTF-16LE, UTF-16BE, UTF-32. `header` holds the fields of
    the first line, None when it does not end within the beginning. `rows` counts lines after the header, None when
    the file goes on. `fault` says why an XML file is not well-formed; `has_root` whether its first element was met.
    """

    kind: Kind
    encoding: str = "UTF-8"
    has_bom: bool = False
    line_ends: frozenset[str] = frozenset()
    delimiter: str = ","
    header: tuple[str, ...] | None = None
    rows: int | None = None
    has_doctype: bool = False
    has_root: bool = True
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is declared for a data file: format, columns of the field map, columns that the feed insists on."""

    file_format: SourceFormat
    mapped: Sequence[str] = ()
    demanded: Sequence[str] = ()


_TEXTS = {SourceFormat.CSV, SourceFormat.CSV_UNICODE}
_KINDS = {
    SourceFormat.CSV: Kind.TEXT,
    SourceFormat.CSV_UNICODE: Kind.TEXT,
    SourceFormat.XML: Kind.XML,
    SourceFormat.EXCEL: Kind.ZIP,
}


def expected_of(feed: Feed) -> Expected:
    """What a file feed declares for its files."""
    return Expected(file_format=feed.file_format, demanded=feed.columns)


def check_content(name: str, opening: Opening, expected: Expected, feed: str) -> list[Finding]:
    """Findings about one data file that is not empty."""
    wanted = _KINDS.get(expected.file_format, opening.kind)
    if opening.kind is not wanted or opening.kind is Kind.GZIP:
        seen = f"{name} is declared {expected.file_format} and is {opening.kind}"
        return [found("wrong-format", seen, feed)]
    if opening.kind is Kind.XML:
        return list(_of_xml(name, opening, feed))
    if opening.kind is Kind.TEXT and _is_table(name, expected):
        return [
            *_of_writing(name, opening, expected.file_format, feed),
            *_of_header(name, opening, expected, feed),
        ]
    return []


def _is_table(name: str, expected: Expected) -> bool:
    """True for what is declared CSV, and where nothing is declared, for what is called so."""
    is_called_so = expected.file_format is SourceFormat.UNDECLARED and name.casefold().endswith(".csv")
    return expected.file_format in _TEXTS or is_called_so or bool(expected.demanded)


def _of_writing(name: str, opening: Opening, declared: SourceFormat, feed: str) -> Iterator[Finding]:
    """What F&O's own CSV formats ask for; a format that is not declared may be any of them, or the customer's own."""
    if declared in _TEXTS:
        yield from _of_encoding(name, opening, declared, feed)
        yield from _of_line_ends(name, opening, declared, feed)
        if opening.header and len(opening.header) > 1 and opening.delimiter != ",":
            yield found("delimiter", f"columns of {name} are set apart by {_spoken(opening.delimiter)}", feed)


def _of_xml(name: str, opening: Opening, feed: str) -> Iterator[Finding]:
    if opening.has_doctype:
        yield found("xml-doctype", f"{name} has a DOCTYPE", feed)
    elif opening.fault:
        yield found("broken-xml", f"{name}: {opening.fault}", feed)
    elif not opening.has_root:
        yield found("xml-late-root", f"{name} begins with comments or blanks only", feed)


def _of_encoding(name: str, opening: Opening, declared: SourceFormat, feed: str) -> Iterator[Finding]:
    written = f"{opening.encoding} {'with' if opening.has_bom else 'without'} a byte order mark"
    is_unicode = opening.encoding == "UTF-16LE" and opening.has_bom
    if declared is SourceFormat.CSV_UNICODE and not is_unicode:
        yield found("unicode-expected", f"{name} is {written}", feed)
    if declared is SourceFormat.CSV and opening.encoding != "UTF-8":
        yield found("unicode-unexpected", f"{name} is {written}", feed)


def _of_line_ends(name: str, opening: Opening, declared: SourceFormat, feed: str) -> Iterator[Finding]:
    others = opening.line_ends - {"CR LF"}
    if others:
        rule = "unicode-line-ends" if declared is SourceFormat.CSV_UNICODE else "line-ends"
        mixed = " and CR LF" if "CR LF" in opening.line_ends else ""
        yield found(rule, f"lines of {name} end with {' and '.join(sorted(others))}{mixed}", feed)


def _of_header(name: str, opening: Opening, expected: Expected, feed: str) -> Iterator[Finding]:
    if opening.header is None:
        return
    wanted = expected.demanded or expected.mapped
    there = {column.casefold() for column in opening.header}
    if wanted and not there & {column.casefold() for column in wanted}:
        yield found("no-header", f"{name} begins with {listed(opening.header)}; {listed(wanted)} expected", feed)
        if expected.demanded:
            yield found("columns", f"{name} lacks {listed(wanted)}", feed)
        return
    missing = [column for column in wanted if column.casefold() not in there]
    if missing:
        rule = "columns" if expected.demanded else "missing-column"
        yield found(rule, f"{name} lacks {listed(missing)}", feed)
    yield from _of_spare_columns(name, opening.header, wanted, feed)
    if opening.rows == 0:
        yield found("no-rows", f"{name} has a header and no rows", feed)


def _of_spare_columns(name: str, header: Sequence[str], wanted: Sequence[str], feed: str) -> Iterator[Finding]:
    known = {column.casefold() for column in wanted}
    spare = [column for column in header if known and column.casefold() not in known]
    if spare:
        yield found("unmapped-column", f"{name} has {listed(spare)} besides", feed)
    twice = [column for column, count in Counter(column.casefold() for column in header).items() if count > 1]
    if twice:
        yield found("duplicate-column", f"{name} has {listed(twice)} twice", feed)


_MOST_NAMED = 5


def listed(names: Sequence[str]) -> str:
    """The first few names, each cut to what a person reads."""
    shown = ", ".join(name[:40] or "(a column without a name)" for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _spoken(delimiter: str) -> str:
    return {"\t": "tabs", ";": "semicolons", "|": "bars"}.get(delimiter, delimiter)
