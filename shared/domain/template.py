"""A template: a data package without its data files, which landed files are packed into."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

MANIFEST = "manifest.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEntity:
    """An entity whose data file a landed file takes the place of: its label, and what the manifest expects of it."""

    label: str
    source_format: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as it was read. `sha256` is of the zip; `parts` are name and content of its files, in their order.

    The data files that are to be replaced are not among the parts. The manifest among them has the units, levels and
    sequences of the feed already; only the names of the data files are still those of the zip.
    """

    path: str
    sha256: str
    parts: tuple[tuple[str, bytes], ...] = field(repr=False)
    entities: tuple[TemplateEntity, ...]

    def entity(self, label: str) -> TemplateEntity:
        """The entity of that label."""
        return next(entity for entity in self.entities if entity.label == label)


def why_unfit(name: str, others: Sequence[str]) -> str:
    """Why a file's name cannot stand in a package beside these others; empty when it can.

    The name goes into XML, into a zip and into F&O's file store, which compares without case.
    """
    for character in name:
        if character in "\\/\ufffe\uffff" or unicodedata.category(character) in {"Cc", "Cs"}:
            return f"{name!r} holds {character!r}"
    if name != name.strip():
        return f"{name!r} begins or ends with a space"
    if name.casefold() in {other.casefold() for other in others}:
        return f"the package has a file {name} already"
    return ""
