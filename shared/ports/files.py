"""Landing, archive and rejected files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import BinaryIO, Protocol

from shared.domain.job import Source

#: How much of a file's beginning is looked into before it is sent: a header of some 500 columns in UTF-16.
OPENING_BYTES = 32 * 1024


class Content(Protocol):
    """The bytes of a landed blob, pinned to the version that the job was opened for."""

    @property
    def size_bytes(self) -> int:
        """The whole length."""

    @property
    def first_bytes(self) -> bytes:
        """The first OPENING_BYTES of the content, or all of a shorter one; reading it costs nothing more."""

    def blocks(self) -> Iterator[bytes]:
        """The bytes in blocks, from the beginning at each call. Raises Transient when the stream breaks."""

    def close(self) -> None:
        """Give the connection back."""


class Landing(Protocol):
    """Landed files, as what checks and packs them reads them. Raises Transient when the store cannot be reached."""

    def open(self, source: Source) -> Content:
        """Open the landed content; the caller closes it. Raises SourceLost when it is gone or has another ETag."""

    def reader(self, source: Source) -> BinaryIO:
        """Open the landed content for reading at any place, by ranges, pinned to its version like `open`."""


class FileStore(Landing, Protocol):
    """Landing, archive and rejected files. All calls raise Transient when the store cannot be reached."""

    def describe(self, container: str, path: str) -> Source | None:
        """A blob as it is now; None when it is gone."""

    def landed(self, before: datetime) -> Iterator[Source]:
        """What lies in landing and landed before that time, oldest name first."""

    def keep(self, source: Source, container: str, path: str, metadata: Mapping[str, str]) -> bool:
        """Copy a landed blob to `container`/`path`. True when it is there whole, False while the copy is under way.

        An earlier copy of the same content counts. Raises SourceLost when landing no longer holds this content
        and there is no earlier copy.
        """

    def sha256_of(self, container: str, path: str) -> str:
        """Read a kept file back and return its SHA-256 as lower-case hex. Raises SourceLost when it is not there."""

    def note(self, container: str, path: str, text: str) -> None:
        """Write a JSON or text file beside a kept one, replacing an earlier version."""

    def save(self, container: str, path: str, blocks: Iterable[bytes]) -> None:
        """Write a file beside a kept one from a stream, replacing an earlier version."""

    def listed(self, container: str, folder: str) -> list[str]:
        """Names of the files right in a folder of kept files, in order."""

    def discard(self, container: str, path: str) -> None:
        """Delete a kept file; when it is gone already, do nothing."""

    def put_back(self, kept: str, container: str, path: str, replay_of: str) -> bool:
        """Copy a kept file (`container/path`) to landing, marked as what `replay_of` had; False: another lies there.

        Doing it again while that copy lies there changes nothing. Raises SourceLost when the kept file is gone.
        """

    def remove(self, source: Source) -> None:
        """Delete the landed blob if it is still this content; when it is gone or has changed, do nothing."""
