"""Manifest.xml of a data package: its entities in order, which file holds each, and whether its columns are mapped.

F&O writes it as UTF-16LE with a BOM and no XML declaration; UTF-8 is accepted as well. Its namespace is ignored.
Elements of an entity stand in alphabetical order; the reader behind F&O (.NET data contracts) is taken to pass over one
that comes too late, and so does this one.
"""

from __future__ import annotations

from xml.parsers import expat

from shared.domain.package_check import ManifestEntity

MANIFEST_NAME = "Manifest.xml"
_ENTITY = "DataManagementPackageEntityData"


class NoManifest(ValueError):
    """The content cannot be read as a manifest; the text says why."""


def entity_names(content: bytes) -> dict[str, str]:
    """File name to entity label; empty for what cannot be read as a manifest."""
    try:
        return {entity.file: entity.label for entity in read_manifest(content) if entity.file}
    except NoManifest:
        return {}


def read_manifest(content: bytes) -> list[ManifestEntity]:
    """The entities of a manifest. A document type is refused, so that nothing expands. Raises NoManifest."""
    reader = _Reader()
    try:
        reader.parser.Parse(content, True)
    except (expat.ExpatError, ValueError) as error:
        raise NoManifest(str(error)) from error
    return reader.found


class _Reader:
    """Collects entities as the parser passes them."""

    def __init__(self) -> None:
        self.found: list[ManifestEntity] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._path: list[str] = []
        self._texts: dict[str, str] = {}
        self._seen: list[str] = []
        self._maps = 0

    def _start(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        parent = self._path[-1] if self._path else ""
        self._path.append(local)
        if local == _ENTITY:
            self._texts, self._seen, self._maps = {}, [], 0
        elif parent == _ENTITY:
            self._seen.append(local)
        elif local == "EntityMap" and "EntityMapList" not in _late(self._seen):
            self._maps += 1

    def _text(self, words: str) -> None:
        if len(self._path) > 1 and self._path[-2] == _ENTITY and self._path[-1] not in _late(self._seen):
            self._texts[self._path[-1]] = self._texts.get(self._path[-1], "") + words

    def _end(self, _: str) -> None:
        if self._path.pop() == _ENTITY:
            self.found.append(
                ManifestEntity(
                    label=self._texts.get("EntityName", "").strip(),
                    file=self._texts.get("InputFilePath", "").strip(),
                    mapped_fields=self._maps,
                    late_elements=tuple(_late(self._seen)),
                )
            )

    def _refuse(self, *_: object) -> None:
        raise ValueError("a manifest has no document type")


def _late(names: list[str]) -> list[str]:
    """Elements that come after one that should follow them."""
    late, reached = [], ""
    for name in names:
        if name < reached:
            late.append(name)
        reached = max(reached, name)
    return late
