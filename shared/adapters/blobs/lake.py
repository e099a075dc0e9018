"""The data-lake container over the blob endpoint, which accounts with and without hierarchical namespace both have."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from azure.core.exceptions import ResourceNotFoundError

from shared.adapters.blobs.ranges import open_ranges
from shared.adapters.blobs.stream import BlobStreams
from shared.adapters.storage_errors import translated
from shared.errors import SourceLost

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobServiceClient

#: Bytes of one block at least, and so what one upload holds in memory.
BLOCK_BYTES = 2 * 1024 * 1024


class BlobLake:
    """Lake over one container."""

    def __init__(self, service: BlobServiceClient, container: str) -> None:
        self._container = service.get_container_client(container)
        self._streams = BlobStreams(service)

    def put(self, path: str, blocks: Iterable[bytes]) -> None:
        """Blocks are staged as they come and committed together: a reader sees the old file or the whole new one."""
        from azure.storage.blob import BlobBlock

        blob = self._blob(path)
        staged: list[BlobBlock] = []
        for pieces in _grouped(blocks):
            with translated("writing to the lake"):
                if not staged and len(pieces) < BLOCK_BYTES:  # all there is; a block list takes one request more
                    blob.upload_blob(b"".join(pieces), overwrite=True)
                    return
                block_id = base64.b64encode(f"{len(staged):08}".encode()).decode()
                blob.stage_block(block_id, pieces, length=len(pieces))
            staged.append(BlobBlock(block_id))
            del pieces  # or they are held while the next are read
        with translated("writing to the lake"):
            blob.commit_block_list(staged)

    def blocks(self, path: str) -> Iterator[bytes]:
        """See Lake."""
        with translated("reading the lake"):
            try:
                content = self._streams.content(self._blob(path))
            except ResourceNotFoundError as error:
                raise SourceLost(f"{path} is not in the lake") from error
            with closing(content):
                yield from content.blocks()

    def open(self, path: str, size_bytes: int) -> BinaryIO:
        """See Lake. Windows are kept, so that a zip's directory costs a few calls and a member streams."""
        return open_ranges(self._blob(path), size_bytes)

    def copy(self, origin: str, path: str) -> bool:
        """See Lake."""
        target = self._blob(path)
        with translated("copying within the lake"):
            answer = target.start_copy_from_url(self._blob(origin).url)
            if answer["copy_status"] == "pending":
                return target.get_blob_properties().copy.status == "success"
            return True

    def remove(self, path: str) -> None:
        """See Lake."""
        with translated("clearing the lake's staging"):
            try:
                self._blob(path).delete_blob()
            except ResourceNotFoundError:
                return

    def _blob(self, path: str) -> BlobClient:
        return self._container.get_blob_client(path)


class _Pieces:
    """What was read, as a body of known length: sent piece by piece, again if it must be, and never joined."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._length += len(piece)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)


def _grouped(blocks: Iterable[bytes]) -> Iterator[_Pieces]:
    """At least one group; all but the last have BLOCK_BYTES or a piece more."""
    pieces = _Pieces()
    for block in blocks:
        if len(pieces) >= BLOCK_BYTES:
            yield pieces
            pieces = _Pieces()
        pieces.add(block)
    yield pieces
