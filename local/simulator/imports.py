"""What becomes of an imported file: read, checked row by row against the catalogue, written or not.

Seen: a package without a field map ends well with zero rows; CSV-Unicode wants UTF-16LE, byte order mark and CRLF.
Assumed: the error texts, and which failure belongs to which of the four counts (see COVERAGE.md).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from .entities import CATALOGUE, Entity
from .packages import Member, PreProcessError, opened
from .tables import Tables

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BARE_LINE_FEED = re.compile(r"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class RowError:
    """One rejected row, as GetExecutionErrors lists it; `key` holds its key fields' values."""

    record_id: str
    field: str
    message: str
    at_staging: bool
    key: tuple[str, ...]


@dataclass(slots=True)
class EntityResult:
    """One entity of one execution. Counts are rows; `updated` is the part of `written` that replaced a row."""

    entity: str
    file: str = ""
    unit: int = 1
    level: int = 1
    sequence: int = 1
    total: int = 0
    staged: int = 0
    staging_errors: int = 0
    written: int = 0
    updated: int = 0
    target_errors: int = 0
    errors: list[RowError] = field(default_factory=list)

    def reject(self, error: RowError) -> None:
        """Count and list a bad row."""
        self.errors.append(error)
        if error.at_staging:
            self.staging_errors += 1
        else:
            self.staged += 1
            self.target_errors += 1


def import_file(label: str, legal_entity: str, body: bytes, tables: Tables) -> list[EntityResult]:
    """Import one data file. Raises PreProcessError when it cannot be staged."""
    if body.startswith(b"PK\x03\x04"):
        raise PreProcessError("The source format of the file is not valid")
    result = EntityResult(label, f"{label}.csv")
    _load(CATALOGUE[label], _table_of(body), {}, legal_entity, tables, result)
    return [result]


def import_package(legal_entity: str, body: bytes, tables: Tables) -> list[EntityResult]:
    """Import a data package in the order of its units, levels and sequences. Raises PreProcessError."""
    return [_import_member(member, legal_entity, tables) for member in opened(body)]


def counted(label: str, rows: int) -> list[EntityResult]:
    """The result of a file that was not kept: all of its rows are taken for good."""
    return [EntityResult(label, total=rows, staged=rows, written=rows)]


def _import_member(member: Member, legal_entity: str, tables: Tables) -> EntityResult:
    told = member.described
    result = EntityResult(told.label, told.file, told.unit, told.level, told.sequence)
    if not told.mapped:
        return result
    if told.file.casefold().endswith(".csv"):
        table = _table_of(member.content, unicode_format=told.source_format == "CSV-Unicode")
        _load(CATALOGUE[told.label], table, told.mapped, legal_entity, tables, result)
    else:
        result.total = result.staged = result.written = _rows_of_other_format(told.file, member.content)
    return result


def _table_of(body: bytes, unicode_format: bool = False) -> list[list[str]]:
    """The header and the rows of a CSV file; lines without any cell are passed over."""
    text = _text_of(body)
    if unicode_format and (not body.startswith(b"\xff\xfe") or _BARE_LINE_FEED.search(text)):
        raise PreProcessError("The mapping of the file is not valid: a column could not be found")
    try:
        table = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise PreProcessError(f"The file cannot be read: {error}") from None
    if not table:
        raise PreProcessError("The file has no header row")
    return table


def _text_of(body: bytes) -> str:
    try:
        return body.decode("utf-16" if body[:2] in _UTF16_MARKS else "utf-8-sig")
    except UnicodeDecodeError:
        raise PreProcessError("The file's encoding does not match the source data format") from None


def _rows_of_other_format(file: str, body: bytes) -> int:
    """Rows of an XML file are the children of its root; of any other format one is assumed."""
    if not file.casefold().endswith(".xml"):
        return 1
    try:
        return len(ElementTree.fromstring(body))  # noqa: S314 - a simulator on loopback, fed by its own tests
    except ElementTree.ParseError as error:
        raise PreProcessError(f"XML is not in correct format: {error}") from None


def _load(
    entity: Entity,
    table: list[list[str]],
    mapped: Mapping[str, str],
    legal_entity: str,
    tables: Tables,
    result: EntityResult,
) -> None:
    columns = _columns(entity, table[0], mapped)
    for number, row in enumerate(_named(columns, table[1:]), start=1):
        result.total += 1
        error = _error_of(entity, row, number, legal_entity, tables)
        if error is not None:
            result.reject(error)
            continue
        result.staged += 1
        result.written += 1
        result.updated += tables.upsert(legal_entity, entity, row)


def _columns(entity: Entity, header: list[str], mapped: Mapping[str, str]) -> list[str]:
    """The field of each column, "" for a column that is not loaded. Without a mapping names are taken as they are."""
    known = {name.upper() for name in entity.fields}
    by_column = {column.casefold(): target.upper() for column, target in mapped.items()}
    named = [by_column.get(cell.strip().casefold(), "") if mapped else cell.strip().upper() for cell in header]
    columns = [name if name in known else "" for name in named]
    if not any(columns):
        raise PreProcessError("The columns of the file do not match the mapping of the data project")
    return columns


def _named(columns: list[str], rows: list[list[str]]) -> Iterator[dict[str, str]]:
    """Rows by field; a row with fewer cells than the header lacks the last ones."""
    for row in rows:
        yield {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name}


def _error_of(
    entity: Entity, row: Mapping[str, str], number: int, legal_entity: str, tables: Tables
) -> RowError | None:
    at_staging = entity.unstageable(row)
    found = at_staging or entity.unfilled(row) or _dangling(entity, row, legal_entity, tables)
    if found is None:
        return None
    key = tuple(row.get(name, "") for name in entity.key)
    return RowError(str(number), found[0], found[1], bool(at_staging), key)


def _dangling(entity: Entity, row: Mapping[str, str], legal_entity: str, tables: Tables) -> tuple[str, str] | None:
    for name, other in entity.references.items():
        if row.get(name) and not tables.holds(legal_entity, other, row[name]):
            return name, f"The value '{row[name]}' in field '{name}' is not found in the related table '{other}'"
    return None
