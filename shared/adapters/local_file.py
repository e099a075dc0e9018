"""A file on this machine as content to send."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

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

    @property
    def sha256(self) -> str:
        """Of the whole file, as lower-case hex."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """See Content."""
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block

    def close(self) -> None:
        """Nothing stays open."""
