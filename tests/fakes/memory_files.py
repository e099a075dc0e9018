"""Landing, archive and rejected files in memory. Passes the contract in tests/contract/test_files.py."""

from __future__ import annotations

import hashlib
import io
import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from shared.domain.job import Source
from shared.errors import SourceLost
from shared.ports import OPENING_BYTES, Clock


@dataclass
class StoredBlob:
    """One blob: bytes, ETag, time, metadata."""

    content: bytes
    etag: str
    modified_at: datetime
    metadata: dict[str, str] = field(default_factory=dict)


class MemoryContent:
    """Content in one block."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size_bytes = len(content)
        self.first_bytes = content[:OPENING_BYTES]

    def blocks(self) -> Iterator[bytes]:
        """The bytes."""
        yield self._content

    def close(self) -> None:
        """Nothing is open."""


class MemoryFiles:
    """FileStore over a dictionary by container and path."""

    def __init__(self, clock: Clock, landing: str = "landing") -> None:
        self.blobs: dict[tuple[str, str], StoredBlob] = {}
        self._landing = landing
        self._clock = clock
        self._etags = itertools.count(1)
        self._lock = threading.RLock()

    def put(self, container: str, path: str, content: bytes, metadata: Mapping[str, str] | None = None) -> Source:
        """Write a blob as an upstream system would, and describe it."""
        with self._lock:
            etag = f"0x8DE{next(self._etags):08}"
            self.blobs[container, path] = StoredBlob(content, etag, self._clock(), dict(metadata or {}))
            return self._source(container, path)

    def read(self, container: str, path: str) -> bytes | None:
        """What lies there."""
        blob = self.blobs.get((container, path))
        return blob.content if blob else None

    def metadata(self, container: str, path: str) -> dict[str, str]:
        """The blob's metadata."""
        return self.blobs[container, path].metadata

    def open(self, source: Source) -> MemoryContent:
        """See FileStore."""
        return MemoryContent(self._pinned(source).content)

    def reader(self, source: Source) -> BinaryIO:
        """See FileStore."""
        return io.BytesIO(self._pinned(source).content)

    def describe(self, container: str, path: str) -> Source | None:
        """See FileStore."""
        with self._lock:
            return self._source(container, path) if (container, path) in self.blobs else None

    def landed(self, before: datetime) -> Iterator[Source]:
        """See FileStore."""
        with self._lock:
            found = [self._source(c, path) for c, path in sorted(self.blobs) if c == self._landing]
        yield from (source for source in found if source.landed_at < before)

    def keep(self, source: Source, container: str, path: str, metadata: Mapping[str, str]) -> bool:
        """See FileStore."""
        with self._lock:
            if (container, path) in self.blobs:
                return True
            present = self.blobs.get((source.container, source.path))
            if present is None or present.etag != source.etag:
                how = "was overwritten in landing" if present else "is no longer in landing"
                raise SourceLost(f"the file {how} before it could be kept")
            self.put(container, path, present.content, metadata)
            return True

    def sha256_of(self, container: str, path: str) -> str:
        """See FileStore."""
        content = self.read(container, path)
        if content is None:
            raise SourceLost(f"{container}/{path} is not there")
        return hashlib.sha256(content).hexdigest()

    def note(self, container: str, path: str, text: str) -> None:
        """See FileStore."""
        self.put(container, path, text.encode())

    def save(self, container: str, path: str, blocks: Iterable[bytes]) -> None:
        """See FileStore."""
        self.put(container, path, b"".join(blocks))

    def listed(self, container: str, folder: str) -> list[str]:
        """See FileStore."""
        prefix = f"{folder}/"
        return [
            path.removeprefix(prefix) for c, path in sorted(self.blobs) if c == container and path.startswith(prefix)
        ]

    def discard(self, container: str, path: str) -> None:
        """See FileStore."""
        self.blobs.pop((container, path), None)

    def put_back(self, kept: str, container: str, path: str, replay_of: str) -> bool:
        """See FileStore."""
        with self._lock:
            if present := self.blobs.get((container, path)):
                return present.metadata.get("replay_of") == replay_of
            content = self.read(*kept.split("/", 1))
            if content is None:
                raise SourceLost(f"{kept} is not there any more")
            self.put(container, path, content, {"replay_of": replay_of})
            return True

    def remove(self, source: Source) -> None:
        """See FileStore."""
        with self._lock:
            blob = self.blobs.get((source.container, source.path))
            if blob and blob.etag == source.etag:
                del self.blobs[source.container, source.path]

    def _pinned(self, source: Source) -> StoredBlob:
        blob = self.blobs.get((source.container, source.path))
        if blob is None:
            raise SourceLost("the file is no longer in landing")
        if blob.etag != source.etag:
            raise SourceLost("the file was overwritten in landing")
        return blob

    def _source(self, container: str, path: str) -> Source:
        blob = self.blobs[container, path]
        return Source(
            container=container,
            path=path,
            etag=blob.etag,
            size_bytes=len(blob.content),
            landed_at=blob.modified_at,
            replay_of=blob.metadata.get("replay_of", ""),
        )
