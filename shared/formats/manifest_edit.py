"""Elements of a Manifest.xml given other texts, and every other byte left as it is: encoding, order, spaces, comments.

The parser only says where things stand; what is replaced is cut out of the bytes themselves.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from shared.formats.manifest_walk import ENTITY, ManifestWalk, NoManifest

_LABEL = "EntityName"
_START_TAG = re.compile(r"""<([^\s/>]+)((?:[^>"']|"[^"]*"|'[^']*')*)>""")
_NIL = re.compile(r"""\s+[^\s=:]+:nil\s*=\s*(?:"[^"]*"|'[^']*')""")

#: Element name -> text, by entity label.
Changes = Mapping[str, Mapping[str, str]]


def rewritten(content: bytes, changes: Changes) -> bytes:
    """The manifest with the named elements of the named entities changed; one that is not there is put in its place.

    Its place is the alphabetical one, in which F&O's reader expects it.

    Raises:
        NoManifest: it cannot be read, or does not have each named entity exactly once.
    """
    locator = _Locator()
    locator.through(content)
    entities = locator.found
    labels = [entity.label for entity in entities]
    for label in changes:
        if labels.count(label) != 1:
            raise NoManifest(f"has entity {label!r} {labels.count(label)} times and not once")
    cuts = list(_cuts(entities, changes, _Writing.of(content)))
    for start, end, put in sorted(cuts, reverse=True):
        content = content[:start] + put + content[end:]
    return content


def _cuts(entities: Iterable[_Entity], changes: Changes, writing: _Writing) -> Iterator[tuple[int, int, bytes]]:
    for entity in entities:
        for name, text in changes.get(entity.label, {}).items():
            yield writing.cut(entity, name, text)


@dataclass(slots=True)
class _Element:
    """A direct child of an entity, from the `<` of its start tag to the `<` of its end tag, or to the end of `<x/>`."""

    name: str
    start: int
    end: int = -1


@dataclass(slots=True)
class _Entity:
    """One entity: where it begins, its children in their order, and where its end tag begins."""

    start: int
    end: int = -1
    label: str = ""
    children: list[_Element] = field(default_factory=list)


class _Locator(ManifestWalk):
    """Notes where entities and their children stand."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Entity] = []

    def began(self, name: str) -> None:
        if name == ENTITY:
            self.found.append(_Entity(self.at_byte))
        elif self.is_in(ENTITY):
            self.found[-1].children.append(_Element(name, self.at_byte))

    def text(self, words: str) -> None:
        if self.is_in(ENTITY, _LABEL):
            self.found[-1].label += words

    def ended(self, name: str) -> None:
        if name == ENTITY:
            self.found[-1].end = self.at_byte
            self.found[-1].label = self.found[-1].label.strip()
        elif self.is_in(ENTITY):
            self.found[-1].children[-1].end = self.at_byte


@dataclass(frozen=True, slots=True)
class _Writing:
    """How this manifest is written. Of an encoding that is not UTF only the ASCII part is relied on."""

    content: bytes
    tags: str
    text: str

    @classmethod
    def of(cls, content: bytes) -> _Writing:
        if content.startswith(codecs.BOM_UTF16_LE) or content[1:2] == b"\0":
            return cls(content, "utf-16-le", "utf-16-le")
        if content.startswith(codecs.BOM_UTF16_BE) or content[:1] == b"\0":
            return cls(content, "utf-16-be", "utf-16-be")
        declared = re.match(rb"""<\?xml[^>]*encoding\s*=\s*["']([^"']+)""", content.removeprefix(codecs.BOM_UTF8))
        is_utf8 = declared is None or declared[1].lower() in {b"utf-8", b"utf8"}
        return cls(content, "latin-1", "utf-8" if is_utf8 else "ascii")

    def cut(self, entity: _Entity, name: str, text: str) -> tuple[int, int, bytes]:
        """(from, to, what to put there) that gives an element of the entity its new text."""
        words = escape(text).encode(self.text, "xmlcharrefreplace")
        for child in entity.children:
            if child.name == name:
                return self._replaced(child, words)
        after = next((child.start for child in entity.children if child.name > name), entity.end)
        prefix, colon, _ = self._start_tag(entity.start, entity.end)[1].rpartition(":")
        return after, after, self._element(f"{prefix}{colon}{name}", "", words)

    def _replaced(self, child: _Element, words: bytes) -> tuple[int, int, bytes]:
        tag = self._start_tag(child.start, child.end)
        if tag[2].endswith("/"):
            kept = _NIL.sub("", tag[2][:-1]).rstrip()
            return child.start, child.end, self._element(tag[1], kept, words)
        return child.start + len(tag[0].encode(self.tags)), child.end, words

    def _element(self, name: str, attributes: str, words: bytes) -> bytes:
        return f"<{name}{attributes}>".encode(self.tags) + words + f"</{name}>".encode(self.tags)

    def _start_tag(self, start: int, end: int) -> re.Match[str]:
        found = _START_TAG.match(self.content[start:end].decode(self.tags))
        if found is None:
            raise NoManifest(f"has no readable start tag at byte {start}")
        return found
