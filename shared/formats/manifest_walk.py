"""Walking through a Manifest.xml, element by element, with nothing expanded. What is looked for, the reader knows."""

from __future__ import annotations

from xml.parsers import expat

ENTITY = "DataManagementPackageEntityData"


class NoManifest(Exception):
    """The content cannot be read as a manifest; the text says why."""


class ManifestWalk:
    """A reader is one of these: it is told of each element and text, with the names of the open elements in `path`."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self.text
        self._parser.StartDoctypeDeclHandler = _refuse

    def through(self, content: bytes) -> None:
        """Walk once from the beginning to the end. Raises NoManifest; a document type is refused, too."""
        try:
            self._parser.Parse(content, True)
        except (expat.ExpatError, ValueError) as error:
            raise NoManifest(str(error)) from error

    @property
    def at_byte(self) -> int:
        """Where in the content the tag or text stands that is being told of."""
        return self._parser.CurrentByteIndex

    def is_in(self, *names: str) -> bool:
        """True when these are the innermost open elements."""
        return tuple(self.path[-len(names) :]) == names

    def began(self, name: str) -> None:
        """An element begins; `path` holds those around it."""

    def text(self, words: str) -> None:
        """Text, or a part of one, of the innermost element of `path`."""

    def ended(self, name: str) -> None:
        """An element ends; `path` holds those around it."""

    def _start(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        self.began(local)
        self.path.append(local)

    def _end(self, _: str) -> None:
        self.ended(self.path.pop())


def _refuse(*_: object) -> None:
    raise ValueError("a manifest has no document type")
