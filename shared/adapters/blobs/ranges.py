"""A blob as a file that can be read anywhere: a zip's directory and one member cost a few calls, whatever its size.

A zip is read from both ends by turns, so the two windows read last are kept, and what is near the end is read up to it.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from shared.adapters.storage_errors import translated
from shared.errors import SourceLost, Transient

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

#: What one call reads at least, where the file is that long.
WINDOW_BYTES = 1024 * 1024
_WINDOWS_KEPT = 2
_STEP_BYTES = 16 * 1024


def open_ranges(blob: BlobClient, size_bytes: int, etag: str = "", window_bytes: int = WINDOW_BYTES) -> BinaryIO:
    """Open a blob of known length. With an ETag (in quotes) every read is of that version: else SourceLost."""
    return cast("BinaryIO", io.BufferedReader(_Ranges(blob, size_bytes, etag, window_bytes), _STEP_BYTES))


class _Ranges(io.RawIOBase):
    def __init__(self, blob: BlobClient, size_bytes: int, etag: str, window_bytes: int) -> None:
        self._blob = blob
        self._size = size_bytes
        self._window = window_bytes
        self._windows: list[tuple[int, bytes]] = []
        self._at = 0
        pin = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        self._pin: dict[str, Any] = pin if etag else {}

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the base takes any writable buffer
        if self._at >= self._size:
            return 0
        start, window = self._window_there()
        piece = memoryview(window)[self._at - start :][: len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _window_there(self) -> tuple[int, bytes]:
        """Where the window begins that holds the place of reading, and its bytes."""
        for start, window in self._windows:
            if start <= self._at < start + len(window):
                return start, window
        start = self._at if self._at + self._window < self._size else max(0, self._size - self._window)
        read = start, self._read(start, min(self._window, self._size - start))
        self._windows = [read, *self._windows[: _WINDOWS_KEPT - 1]]
        return read

    def _read(self, start: int, length: int) -> bytes:
        with translated("reading a range"):
            try:
                read = bytes(self._blob.download_blob(offset=start, length=length, **self._pin).readall())
            except (ResourceModifiedError, ResourceNotFoundError) as error:
                raise SourceLost("the file was overwritten or removed while it was read") from error
        if len(read) != length:
            raise Transient("storage gave fewer bytes than asked for")
        return read
