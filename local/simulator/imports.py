"""What becomes of an enqueued file: parsed, checked row by row against the catalogue, written or not.

Documented: a package's zip root, manifest, units/levels/sequence. Seen: no field map gives zero rows; a folder in the
zip fails; a wrong label hangs. Assumed: the error texts, the meaning of the four counts.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree

from .entities import CATALOGUE, Entity


class PreProcessError(Exception):
    """The file cannot even be staged."""


@dataclass
class RowError:
    """One rejected row, as GetExecutionErrors lists it."""

    record_id: str
    field: str
    message: str


@dataclass
class EntityResult:
    """One entity of one execution."""

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


#: Keys present in the environment: legal entity -> entity label -> keys.
Tables = dict[str, dict[str, set[tuple[str, ...]]]]


def run_file(label: str, legal_entity: str, body: bytes, tables: Tables) -> list[EntityResult]:
    """Import one data file. Raises PreProcessError when it cannot be staged."""
    if body.startswith(b"PK\x03\x04"):
        raise PreProcessError("The source format of the file is not valid")
    return [_load(CATALOGUE[label], label + ".csv", legal_entity, _rows(body), None, tables)]


def run_package(legal_entity: str, body: bytes, tables: Tables) -> list[EntityResult]:
    """Import a data package in the order of its units, levels and sequences. Raises PreProcessError."""
    try:
        package = zipfile.ZipFile(io.BytesIO(body))
    except zipfile.BadZipFile:
        raise PreProcessError("The package is not a valid zip file") from None
    with package:
        names = {name.casefold(): name for name in package.namelist()}
        if "manifest.xml" not in names:
            where = "inside a folder" if any(n.endswith("/manifest.xml") for n in names) else "missing"
            raise PreProcessError(f"Manifest.xml is {where}; files must be at the root of the package")
        described = _manifest(package.read(names["manifest.xml"]))
        for entity in described:
            if entity.label not in CATALOGUE:
                raise PreProcessError(f"Entity {entity.label} does not exist")
            if entity.file.casefold() not in names:
                raise PreProcessError(f"File {entity.file} was not found in the package")
        return [
            _load_described(entity, legal_entity, package.read(names[entity.file.casefold()]), tables)
            for entity in sorted(described, key=lambda e: (e.unit, e.level, e.sequence))
        ]


@dataclass
class Described:
    """One entity as a manifest describes it."""

    label: str = ""
    file: str = ""
    unit: int = 1
    level: int = 1
    sequence: int = 1
    mapped: dict[str, str] = field(default_factory=dict)


def _manifest(content: bytes) -> list[Described]:
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - a simulator on loopback, fed by its own tests
    except ElementTree.ParseError as error:
        raise PreProcessError(f"Manifest.xml cannot be read: {error}") from None
    rows = [node for node in root.iter() if _local(node) == "DataManagementPackageEntityData"]
    return [_described(row) for row in rows]


def _described(row: ElementTree.Element) -> Described:
    """Members are read in alphabetical order, as the .NET reader does: one that comes too late is passed over."""
    found, reached = Described(), ""
    for node in row:
        name = _local(node)
        if name < reached:
            continue
        reached = name
        text = (node.text or "").strip()
        if name == "EntityName":
            found.label = text
        elif name == "InputFilePath":
            found.file = text
        elif name in {"ExecutionUnit", "LevelInExecutionUnit", "SequenceInLevel"}:
            target = {"ExecutionUnit": "unit", "LevelInExecutionUnit": "level"}.get(name, "sequence")
            setattr(found, target, int(text or 1))
        elif name == "EntityMapList":
            found.mapped = dict(filter(None, (_mapping(entry) for entry in node)))
    return found


def _mapping(entry: ElementTree.Element) -> tuple[str, str] | None:
    told = {_local(node): (node.text or "").strip() for node in entry}
    return (told["XMLField"], told["EntityField"]) if told.get("XMLField") and told.get("EntityField") else None


def _local(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _load_described(entity: Described, legal_entity: str, body: bytes, tables: Tables) -> EntityResult:
    if not entity.mapped:
        result = EntityResult(entity.label, entity.file)
    elif entity.file.casefold().endswith(".csv"):
        result = _load(CATALOGUE[entity.label], entity.file, legal_entity, _rows(body), entity.mapped, tables)
    else:
        result = EntityResult(entity.label, entity.file, total=1, staged=1, written=1)
    result.unit, result.level, result.sequence = entity.unit, entity.level, entity.sequence
    return result


def _rows(body: bytes) -> list[dict[str, str]]:
    try:
        text = body.decode("utf-16" if body[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError:
        raise PreProcessError("The file's encoding does not match the source data format") from None
    return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))]


def _load(
    entity: Entity,
    file: str,
    legal_entity: str,
    rows: list[dict[str, str]],
    mapped: dict[str, str] | None,
    tables: Tables,
) -> EntityResult:
    present = tables.setdefault(legal_entity, {})
    keys = present.setdefault(entity.label, set())
    columns = [column for column in (rows[0] if rows else {}) if column is not None]
    if rows and not set(_renamed(dict.fromkeys(columns, ""), mapped)) & set(entity.fields):
        raise PreProcessError("The columns of the file do not match the mapping of the data project")
    result = EntityResult(entity.label, file, total=len(rows))
    for number, row in enumerate(rows, start=1):
        _load_row(entity, _renamed(row, mapped), number, result, keys, present)
    return result


def _load_row(
    entity: Entity,
    row: dict[str, str],
    number: int,
    result: EntityResult,
    keys: set[tuple[str, ...]],
    present: dict[str, set[tuple[str, ...]]],
) -> None:
    bad_field, message, at_staging = _fault(entity, row, present)
    if at_staging:
        result.staging_errors += 1
    else:
        result.staged += 1
        result.target_errors += bool(bad_field)
    if bad_field:
        result.errors.append(RowError(str(number), bad_field, message))
        return
    key = tuple(row[name] for name in entity.key)
    result.written += 1
    result.updated += key in keys
    keys.add(key)


def _fault(entity: Entity, row: dict[str, str], present: dict[str, set[tuple[str, ...]]]) -> tuple[str, str, bool]:
    """(field, message, whether the row fails before staging); an empty field when the row is good."""
    for name in entity.numeric:
        if row.get(name) and not _is_number(row[name]):
            return name, f"Value '{row[name]}' of field {name} is not a number", True
    for name, most in entity.lengths.items():
        if len(row.get(name, "")) > most:
            return name, f"Value of field {name} is longer than {most} characters", True
    for name in (*entity.key, *entity.required):
        if not row.get(name):
            return name, f"Field '{name}' must be filled in. validateField failed on data entity", False
    for name, other in entity.references.items():
        if row.get(name) and (row[name],) not in present.get(other, set()):
            return name, f"The value '{row[name]}' in field '{name}' is not found in the related table", False
    return "", "", False


def _renamed(row: dict[str, str], mapped: dict[str, str] | None) -> dict[str, str]:
    named = {name: value for name, value in row.items() if name is not None}
    return {(mapped or {}).get(name, name).upper(): (value or "").strip() for name, value in named.items()}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
