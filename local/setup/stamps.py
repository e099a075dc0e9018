"""A stamp says from which files something was made, so that the second time costs nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path


class Stamp:
    """A small file beside what was made, holding a hash of what it was made from."""

    def __init__(self, path: Path, sources: Sequence[Path], version: str = "1") -> None:
        """`version` changes when the way of making does."""
        self._path = path
        self._sources = sources
        self._version = version

    def is_current(self) -> bool:
        """True when nothing changed since `write`."""
        try:
            return self._path.read_text(encoding="ascii") == self._hash()
        except OSError:
            return False

    def write(self) -> None:
        """Say that what stands here was made from the sources as they are."""
        self._path.write_text(self._hash(), encoding="ascii")

    def _hash(self) -> str:
        digest = hashlib.sha256(self._version.encode())
        for source in self._sources:
            # Line ends differ between systems and checkouts; what is installed does not.
            digest.update(source.name.encode() + b"\0" + source.read_bytes().replace(b"\r\n", b"\n") + b"\0")
        return digest.hexdigest()
