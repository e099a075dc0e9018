"""Bodies as they come in: hashed and counted on the way, and kept only up to a size."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable

from .messages import Upload

LARGEST_KEPT_BYTES = 64 * 1024 * 1024


async def received(chunks: AsyncIterable[bytes], keep: bool) -> Upload:
    """Take a body of any size in constant memory; above 64 MiB, or without `keep`, its content is not kept."""
    digest, size, line_ends, last = hashlib.sha256(), 0, 0, b"\n"
    kept: bytearray | None = bytearray() if keep else None
    async for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        line_ends += chunk.count(b"\n")
        last = chunk[-1:] or last
        if kept is not None:
            kept += chunk
        if size > LARGEST_KEPT_BYTES:
            kept = None
    lines = line_ends + (last != b"\n")
    return Upload(digest.hexdigest(), size, max(0, lines - 1), None if kept is None else bytes(kept))


def whole(body: bytes, keep: bool = True) -> Upload:
    """The same for a body at hand."""
    lines = body.count(b"\n") + (not body.endswith(b"\n") and bool(body))
    return Upload(hashlib.sha256(body).hexdigest(), len(body), max(0, lines - 1), body if keep else None)
