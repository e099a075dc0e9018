"""The data-lake container over the blob endpoint, which accounts with and without hierarchical namespace both have."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from azure.core.exceptions import ResourceNotFoundError

from shared.adapters.blobs.ranges import open_ranges
from shared.adapters.storage_errors import translated
from shared.errors import SourceLost

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

#: Bytes of one block, and so what one upload holds in memory.
BLOCK_BYTES = 4 * 1024 * 1024


class BlobLake:
    """Lake over one container."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    def put(self, path: str, blocks: Iterable[bytes]) -> None:
        """Blocks are staged as they come and committed together: a reader sees the old file or the whole new one."""
        from azure.storage.blob import BlobBlock

        blob = self._blob(path)
        chunks = iter(_regrouped(blocks))
        first, second = next(chunks, b""), next(chunks, None)
        if second is None:
            with translated("writing to the lake"):
                blob.upload_blob(first, overwrite=True)  # one request; a block list takes two
            return
        staged: list[BlobBlock] = []
        for chunk in chain((first, second), chunks):
            block_id = base64.b64encode(f"{len(staged):08}".encode()).decode()
            with translated("writing to the lake"):
                blob.stage_block(block_id, chunk)
            staged.append(BlobBlock(block_id))
        with translated("writing to the lake"):
            blob.commit_block_list(staged)

    def open(self, path: str) -> BinaryIO:
        """See Lake. Range reads behind a buffer, so that a zip's directory costs a few calls and a member streams."""
        size = self.size_of(path)
        if size is None:
            raise SourceLost(f"{path} is not in the lake")
        return open_ranges(self._blob(path), size)

    def size_of(self, path: str) -> int | None:
        """See Lake."""
        with translated("looking into the lake"):
            try:
                return int(self._blob(path).get_blob_properties().size)
            except ResourceNotFoundError:
                return None

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


def _regrouped(blocks: Iterable[bytes]) -> Iterable[bytes]:
    """Blocks of BLOCK_BYTES, the last one shorter."""
    held = bytearray()
    for block in blocks:
        held += block
        while len(held) >= BLOCK_BYTES:
            yield bytes(held[:BLOCK_BYTES])
            del held[:BLOCK_BYTES]
    if held:
        yield bytes(held)
