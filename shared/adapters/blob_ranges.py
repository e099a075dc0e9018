"""A blob as a file that can be read anywhere: a zip's directory and one member cost a few calls, whatever its size."""

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


def open_ranges(blob: BlobClient, size_bytes: int, etag: str = "", window_bytes: int = WINDOW_BYTES) -> BinaryIO:
    """Open a blob of known length. With an ETag (in quotes) every read is of that version: else SourceLost."""
    return cast("BinaryIO", io.BufferedReader(_Ranges(blob, size_bytes, etag), window_bytes))


class _Ranges(io.RawIOBase):
    def __init__(self, blob: BlobClient, size_bytes: int, etag: str) -> None:
        self._blob = blob
        self._size = size_bytes
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
        length = min(len(buffer), self._size - self._at)
        if length <= 0:
            return 0
        block = self._read(length)
        if len(block) != length:
            raise Transient("storage gave fewer bytes than asked for")
        buffer[:length] = block
        self._at += length
        return length

    def _read(self, length: int) -> bytes:
        with translated("reading a range"):
            try:
                return bytes(self._blob.download_blob(offset=self._at, length=length, **self._pin).readall())
            except (ResourceModifiedError, ResourceNotFoundError) as error:
                raise SourceLost("the file was overwritten or removed while it was read") from error
