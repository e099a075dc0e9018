"""Landing, archive and rejected files in one blob account."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from shared.adapters.blobs.ranges import open_ranges
from shared.adapters.blobs.stream import BlobStreams, StreamedContent
from shared.adapters.storage_errors import translated
from shared.domain.job import Source
from shared.errors import SourceLost, Transient

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient

#: A package is judged by its end, its manifest and the beginnings of its data files: one call of this each. It is as
#: long as the longest end of a zip: 65,535 bytes of comment behind a record of 22.
PEEK_WINDOW_BYTES = 65_535 + 22

#: On a file that a person had put back into landing: the job that had it.
_REPLAY_OF = "replay_of"
_KINDS = {"json": "application/json", "html": "text/html; charset=utf-8"}


class BlobFiles:
    """FileStore over one BlobServiceClient."""

    def __init__(self, service: BlobServiceClient, landing_container: str) -> None:
        self._service = service
        self._streams = BlobStreams(service)
        self._landing = landing_container

    def open(self, source: Source) -> StreamedContent:
        """See FileStore."""
        blob = self._blob(source.container, source.path)
        with translated("opening a landed file"):
            try:
                return self._streams.content(blob, _quoted(source))
            except (ResourceNotFoundError, ResourceModifiedError) as error:
                raise SourceLost(_how_lost(blob)) from error

    def reader(self, source: Source) -> BinaryIO:
        """See FileStore."""
        blob = self._blob(source.container, source.path)
        return open_ranges(blob, source.size_bytes, _quoted(source), PEEK_WINDOW_BYTES)

    def describe(self, container: str, path: str) -> Source | None:
        """A blob as it is now; None when it is gone."""
        with translated("looking at a landed file"):
            try:
                return _source(container, self._blob(container, path).get_blob_properties())
            except ResourceNotFoundError:
                return None

    def landed(self, before: datetime) -> Iterator[Source]:
        """See FileStore."""
        with translated("listing landing"):
            for blob in self._service.get_container_client(self._landing).list_blobs(include=["metadata"]):
                if blob.last_modified < before:
                    yield _source(self._landing, blob)

    def keep(self, source: Source, container: str, path: str, metadata: Mapping[str, str]) -> bool:
        """A copy within the account, started only if the source is as it was and the target is not there yet."""
        origin, target = self._blob(source.container, source.path), self._blob(container, path)
        with translated("copying a file to where it rests"):
            try:
                target.start_copy_from_url(
                    origin.url,
                    metadata=dict(metadata),
                    source_etag=_quoted(source),
                    source_match_condition=MatchConditions.IfNotModified,
                    match_condition=MatchConditions.IfMissing,
                )
            except ResourceExistsError:
                pass  # an earlier run began it
            except HttpResponseError as error:
                if error.status_code not in {404, 412}:
                    raise
                return self._kept_earlier(origin, target, error)
            return _is_whole(target)

    def _kept_earlier(self, origin: BlobClient, target: BlobClient, refused: HttpResponseError) -> bool:
        """Landing no longer has the content: fine if an earlier run copied it, else it is lost to us."""
        try:
            return _is_whole(target)
        except ResourceNotFoundError:
            raise SourceLost(f"{_how_lost(origin)} before it could be kept") from refused

    def sha256_of(self, container: str, path: str) -> str:
        """See FileStore."""
        digest = hashlib.sha256()
        with translated("reading a kept file back"):
            try:
                with closing(self._streams.content(self._blob(container, path))) as content:
                    for block in content.blocks():
                        digest.update(block)
            except ResourceNotFoundError as error:
                raise SourceLost(f"{container}/{path} is not there") from error
        return digest.hexdigest()

    def note(self, container: str, path: str, text: str) -> None:
        """See FileStore."""
        from azure.storage.blob import ContentSettings

        kind = _KINDS.get(path.rpartition(".")[2], "text/plain; charset=utf-8")
        with translated("writing a note into the archive"):
            self._blob(container, path).upload_blob(
                text.encode(), overwrite=True, content_settings=ContentSettings(content_type=kind)
            )

    def save(self, container: str, path: str, blocks: Iterable[bytes]) -> None:
        """See FileStore."""
        with translated("saving evidence into the archive"):
            self._blob(container, path).upload_blob(iter(blocks), overwrite=True)

    def listed(self, container: str, folder: str) -> list[str]:
        """See FileStore."""
        with translated("listing a folder of the archive"):
            found = self._service.get_container_client(container).list_blob_names(name_starts_with=f"{folder}/")
            return [name.removeprefix(f"{folder}/") for name in found]

    def discard(self, container: str, path: str) -> None:
        """See FileStore."""
        with translated("removing a kept file"):
            try:
                self._blob(container, path).delete_blob(delete_snapshots="include")
            except ResourceNotFoundError:
                return

    def put_back(self, kept: str, container: str, path: str, replay_of: str) -> bool:
        """See FileStore."""
        origin, target = self._blob(*kept.split("/", 1)), self._blob(container, path)
        with translated("putting a kept file back into landing"):
            try:
                target.start_copy_from_url(
                    origin.url, metadata={_REPLAY_OF: replay_of}, match_condition=MatchConditions.IfMissing
                )
            except ResourceExistsError:
                return _replay_of(target.get_blob_properties()) == replay_of
            except ResourceNotFoundError as error:
                raise SourceLost(f"{kept} is not there any more") from error
        return True

    def remove(self, source: Source) -> None:
        """See FileStore."""
        with translated("clearing landing"):
            try:
                self._blob(source.container, source.path).delete_blob(
                    etag=_quoted(source), match_condition=MatchConditions.IfNotModified
                )
            except (ResourceNotFoundError, ResourceModifiedError):
                return

    def _blob(self, container: str, path: str) -> BlobClient:
        return self._service.get_blob_client(container, path)


def _how_lost(blob: BlobClient) -> str:
    """Gone and overwritten are answered alike (412) where a condition was set; a person wants to know which."""
    return "the file was overwritten in landing" if blob.exists() else "the file is no longer in landing"


def _is_whole(target: BlobClient) -> bool:
    """True when a copy has ended well, False while it is under way."""
    status = target.get_blob_properties().copy.status
    if status in {"failed", "aborted"}:
        target.delete_blob()
        raise Transient("the copy into the archive failed and is begun again")
    return status != "pending"


def _quoted(source: Source) -> str:
    """The ETag as a header wants it; listings give it bare and properties in quotes, so rows hold it bare."""
    return f'"{source.etag}"'


def _source(container: str, blob: BlobProperties) -> Source:
    return Source(
        container=container,
        path=str(blob.name),
        etag=str(blob.etag).strip('"'),
        size_bytes=int(blob.size),
        landed_at=blob.last_modified,
        replay_of=_replay_of(blob),
    )


def _replay_of(blob: BlobProperties) -> str:
    return str((blob.metadata or {}).get(_REPLAY_OF, ""))
