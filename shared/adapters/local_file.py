"""A file on this machine in the place of a landed one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from shared.domain.job import Source
from shared.ports import OPENING_BYTES

_BLOCK_BYTES = 1024 * 1024


class LocalFile:
    """Content over a path; it is read anew each time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size_bytes = path.stat().st_size

    @property
    def first_bytes(self) -> bytes:
        """See Content."""
        with self._path.open("rb") as file:
            return file.read(OPENING_BYTES)

    def blocks(self) -> Iterator[bytes]:
        """See Content."""
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block

    def close(self) -> None:
        """Nothing stays open."""


class LocalLanding:
    """Landing with one file in it, whatever path is asked for. Raises OSError when it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = path.stat().st_size
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()

    def open(self, _: Source) -> LocalFile:
        """See Landing."""
        return LocalFile(self.path)

    def reader(self, _: Source) -> BinaryIO:
        """See Landing."""
        return self.path.open("rb")
