"""What a reader of the lake finds there: exports that are marked complete, told by the bytes and not by the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties, ContainerClient

_MARKER = "_manifest.json"


class LakeReader:
    """The raw part of some folders of the lake. Bytes that were read once are remembered by their ETag."""

    def __init__(self, container: ContainerClient, folders: Iterable[str]) -> None:
        self._container = container
        self._folders = tuple(folders)
        self._hashes: dict[tuple[str, str], str] = {}
        self._named: dict[tuple[str, str], str] = {}

    def complete(self) -> list[str]:
        """SHA-256 of every export whose commit marker is there, once for each marker; empty where its file is not."""
        found = {
            blob.name: blob
            for folder in self._folders
            for blob in self._container.list_blobs(name_starts_with=f"{folder}/raw/")
        }
        markers = [blob for name, blob in found.items() if name.endswith(_MARKER)]
        return [self._hash_of(found.get(self._raw_of(marker))) for marker in markers]

    def _raw_of(self, marker: BlobProperties) -> str:
        key = (marker.name, marker.etag)
        if key not in self._named:
            self._named[key] = str(json.loads(self._container.download_blob(marker.name).readall())["raw"]["path"])
        return self._named[key]

    def _hash_of(self, raw: BlobProperties | None) -> str:
        if raw is None:
            return ""
        key = (raw.name, raw.etag)
        if key not in self._hashes:
            self._hashes[key] = hashlib.sha256(self._container.download_blob(raw.name).readall()).hexdigest()
        return self._hashes[key]
