"""Manifest.xml of a data package: which file holds which entity.

F&O writes it as UTF-16LE with a BOM and no XML declaration; UTF-8 is accepted as well. Its namespace is ignored.
"""

from __future__ import annotations

from xml.parsers import expat

MANIFEST_NAME = "Manifest.xml"


def entity_names(content: bytes) -> dict[str, str]:
    """File name to entity label, in the manifest's order. What cannot be read as a manifest gives an empty result.

    A document type is refused, so that entities cannot expand.
    """
    found: dict[str, str] = {}
    row: dict[str, str] = {}
    path: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(name: str, _: dict[str, str]) -> None:
        path.append(name.rpartition(" ")[2])
        if path[-1] == "DataManagementPackageEntityData":
            row.clear()

    def text(words: str) -> None:
        if len(path) > 1 and path[-2] == "DataManagementPackageEntityData":
            row[path[-1]] = row.get(path[-1], "") + words

    def end(_: str) -> None:
        if path.pop() == "DataManagementPackageEntityData" and row.get("InputFilePath"):
            found[row["InputFilePath"].strip()] = row.get("EntityName", "").strip()

    def refuse(*_: object) -> None:
        raise ValueError("a manifest has no document type")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError):
        return {}
    return found
