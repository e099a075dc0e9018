"""Data packages: the zip, its manifest, and the order in which its entities run.

Documented: files at the root of the zip; units, levels and sequences. Seen: a folder in the zip is refused; manifests
in UTF-16 with a byte order mark and no declaration, or in UTF-8. Inferred: members that stand out of alphabetical order
are passed over, as the .NET data-contract reader does. Namespaces are not looked at.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from .entities import CATALOGUE

_MANIFEST = "manifest.xml"
_STYLESHEETS = "resources/"
_LARGEST_UNPACKED_BYTES = 1024**3


class PreProcessError(Exception):
    """The file fails before anything is staged."""


@dataclass(slots=True)
class Described:
    """One entity as a manifest describes it; `mapped` holds column -> field."""

    label: str = ""
    file: str = ""
    source_format: str = ""
    unit: int = 1
    level: int = 1
    sequence: int = 1
    mapped: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, int, int]:
        """Its place in the order of the package."""
        return self.unit, self.level, self.sequence


@dataclass(frozen=True, slots=True)
class Member:
    """One entity of a package with its file's content."""

    described: Described
    content: bytes


def opened(body: bytes) -> list[Member]:
    """The entities of a package in the order in which they run.

    Raises:
        PreProcessError: it is no zip, has a folder, lacks a file, or names an entity that does not exist.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            return _members(package)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise PreProcessError("The package is not a valid zip file") from None


def _members(package: zipfile.ZipFile) -> list[Member]:
    names = {name.casefold(): name for name in package.namelist()}
    if any("/" in name and not name.startswith(_STYLESHEETS) for name in names):
        raise PreProcessError("The package has a folder; files must be at the root of the package")
    if _MANIFEST not in names:
        raise PreProcessError("Manifest.xml is missing")
    if sum(entry.file_size for entry in package.infolist()) > _LARGEST_UNPACKED_BYTES:
        raise PreProcessError("The package is too large when unpacked")
    described = _described(package.read(names[_MANIFEST]))
    for entity in described:
        if entity.label not in CATALOGUE:
            raise PreProcessError(f"Entity '{entity.label}' does not exist")
        if entity.file.casefold() not in names:
            raise PreProcessError(f"File '{entity.file}' was not found in the package")
    in_order = sorted(described, key=lambda entity: entity.place)
    return [Member(entity, package.read(names[entity.file.casefold()])) for entity in in_order]


def _described(manifest: bytes) -> list[Described]:
    try:
        root = ElementTree.fromstring(manifest)  # noqa: S314 - a simulator on loopback, fed by its own tests
        listed = dict(_in_order(root)).get("PackageEntityList")
        return [_entity(node) for node in (listed if listed is not None else ())]
    except (ElementTree.ParseError, ValueError) as error:
        raise PreProcessError(f"Manifest.xml cannot be read: {error}") from None


def _entity(node: ElementTree.Element) -> Described:
    told = dict(_in_order(node))

    def text(name: str) -> str:
        return (told[name].text or "").strip() if name in told else ""

    maps = filter(None, map(_mapping, told.get("EntityMapList", ())))
    return Described(
        label=text("EntityName"),
        file=text("InputFilePath"),
        source_format=text("SourceFormat"),
        unit=int(text("ExecutionUnit") or 1),
        level=int(text("LevelInExecutionUnit") or 1),
        sequence=int(text("SequenceInLevel") or 1),
        mapped=dict(maps),
    )


def _mapping(node: ElementTree.Element) -> tuple[str, str] | None:
    told = {name: (child.text or "").strip() for name, child in _in_order(node)}
    return (told["XMLField"], told["EntityField"]) if told.get("XMLField") and told.get("EntityField") else None


def _in_order(node: ElementTree.Element) -> Iterator[tuple[str, ElementTree.Element]]:
    """The children by local name; one that comes after a later name of the alphabet is passed over."""
    reached = ""
    for child in node:
        name = child.tag.rpartition("}")[2]
        if name >= reached:
            reached = name
            yield name, child
