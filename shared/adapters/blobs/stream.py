"""A blob as one GET that is read as it comes: its cost is that of the bytes, its memory that of a block.

The SDK's own download asks for a range, holds it whole, and asks again: twelve requests and some 35 MB of memory for a
file of 50 MB (docs/performance.md). The price of one GET is that it may break off where the other side of the copy is
slow. It is then gone on with from that byte, pinned to the ETag of the first answer, so that no two versions mix.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
    map_error,
)

from shared.errors import SourceLost, Transient
from shared.ports import OPENING_BYTES

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.rest import HttpResponse
    from azure.storage.blob import BlobClient, BlobServiceClient

#: A stream that breaks so often without a byte in between is given up; the job is tried again later.
MOST_BREAKS = 3
_OK, _PART = 200, 206
_SCOPE = "https://storage.azure.com/.default"

#: Opens the blob from a byte on; with an ETag (in quotes) only while it has that.
OpenAt = Callable[[int, str], "HttpResponse"]


class BlobStreams:
    """GETs of one storage account, by the credential of its client, over a pool of connections of their own."""

    def __init__(self, service: BlobServiceClient) -> None:
        self._client = _client(service)
        self._version = str(service.api_version)

    def content(self, blob: BlobClient, etag: str = "") -> StreamedContent:
        """Open a blob for reading from its beginning. Raises an AzureError by its status, like the SDK's download."""
        url = str(blob.url)
        return StreamedContent(lambda at, pin: self._get(url, at, pin), etag)

    def _get(self, url: str, at: int, etag: str) -> HttpResponse:
        from azure.core.rest import HttpRequest

        headers = {"x-ms-version": self._version, "Accept-Encoding": "identity"}
        headers |= {"If-Match": etag} if etag else {}
        headers |= {"x-ms-range": f"bytes={at}-"} if at else {}
        response: HttpResponse = self._client.send_request(HttpRequest("GET", url, headers=headers), stream=True)
        if response.status_code == (_PART if at else _OK):
            return response
        response.close()
        map_error(response.status_code, response, {404: ResourceNotFoundError, 412: ResourceModifiedError})
        raise HttpResponseError(f"GET of a blob was answered {response.status_code}", response)


class StreamedContent:
    """See Content. The first reading goes on with the stream that is open already; each later one opens a new."""

    def __init__(self, open_at: OpenAt, etag: str = "") -> None:
        self._open_at = open_at
        response = open_at(0, etag)
        self.size_bytes = int(response.headers["Content-Length"])
        self._etag = etag or response.headers.get("ETag", "")
        self._unread: Generator[bytes] | None = self._read(response)
        self._first = next(self._unread, b"")
        if not self.size_bytes:
            response.close()

    @property
    def first_bytes(self) -> bytes:
        """See Content. A block of the transport is longer."""
        return self._first[:OPENING_BYTES]

    def blocks(self) -> Iterator[bytes]:
        """See Content. Raises SourceLost when the blob has changed since it was opened and the stream broke."""
        unread, self._unread = self._unread, None
        if unread is None:
            yield from self._read(None)
            return
        yield self._first
        yield from unread

    def close(self) -> None:
        """Drop what is open. A stream that was not read to its end takes its connection with it."""
        unread, self._unread = self._unread, None
        if unread is not None:
            unread.close()

    def _read(self, response: HttpResponse | None) -> Generator[bytes]:
        at, breaks = 0, 0
        while at < self.size_bytes:
            broke: AzureError | None = None
            try:
                response = response or self._open_at(at, self._etag)
                for block in response.iter_raw():
                    at, breaks = at + len(block), 0
                    yield block
            except (ResourceModifiedError, ResourceNotFoundError) as error:
                raise SourceLost("the file was overwritten or removed while it was being read") from error
            except AzureError as error:
                broke = error
            finally:
                if response is not None:
                    response.close()
            if at < self.size_bytes and breaks == MOST_BREAKS:
                raise Transient(f"reading a file broke off ({type(broke).__name__})") from broke
            response, breaks = None, breaks + 1


def _client(service: BlobServiceClient) -> PipelineClient[Any, Any]:
    """Date and signature come after the retries, for each try has its own."""
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import HttpLoggingPolicy, RetryMode, RetryPolicy

    from shared.adapters.storage_clients import TRIES_AGAIN, transport

    retry = RetryPolicy(retry_mode=RetryMode.Fixed, retry_backoff_factor=2, retry_total=TRIES_AGAIN)
    policies = [retry, _dated(), *_signing(service.credential), HttpLoggingPolicy()]
    return PipelineClient(service.url, policies=policies, transport=transport())


def _dated() -> Any:
    from azure.core.pipeline.policies import CustomHookPolicy

    def date(request: Any) -> None:
        request.http_request.headers["x-ms-date"] = formatdate(usegmt=True)

    return CustomHookPolicy(raw_request_hook=date)


def _signing(credential: Any) -> list[Any]:
    """An identity's token; an account key signs by itself, as the SDK's policy for it."""
    from azure.core.pipeline.policies import BearerTokenCredentialPolicy

    if hasattr(credential, "get_token"):
        return [BearerTokenCredentialPolicy(credential, _SCOPE)]
    return [credential]
