"""A stream that breaks is gone on with where it broke. A server that breaks it stands in for storage."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from shared.adapters.blobs.stream import MOST_BREAKS, BlobStreams, StreamedContent
from shared.errors import SourceLost, Transient

BODY = bytes(range(251)) * 8000
BLOCK = 256 * 1024


class Breaking:
    """One blob. Each answer gives so many bytes of what was asked for as `gives` says next, then drops the line."""

    def __init__(self) -> None:
        self.etag = '"first"'
        self.gives: list[int] = []
        self.asked: list[tuple[str | None, str | None]] = []
        self.ignores_ranges = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def service(self) -> BlobServiceClient:
        """A client for it."""
        port = self.server.server_address[1]
        return BlobServiceClient(f"http://127.0.0.1:{port}/account", credential="a2V5")

    def open(self, etag: str = '"first"') -> StreamedContent:
        """The blob, as BlobFiles opens it."""
        service = self.service
        return BlobStreams(service).content(service.get_blob_client("landing", "a/b c.csv"), etag)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                world.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        """As the Blob service answers GET with x-ms-range and If-Match."""
        wanted, match = call.headers.get("x-ms-range"), call.headers.get("If-Match")
        self.asked.append((wanted, match))
        if match and match != self.etag:
            call.send_response(412)
            call.send_header("Content-Length", "0")
            call.end_headers()
            return
        at = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and not self.ignores_ranges else 0
        call.send_response(206 if at else 200)
        call.send_header("Content-Length", str(len(BODY) - at))
        call.send_header("ETag", self.etag)
        call.end_headers()
        call.wfile.write(BODY[at:][: self.gives.pop(0) if self.gives else None])
        call.close_connection = True


@pytest.fixture
def storage() -> Iterator[Breaking]:
    breaking = Breaking()
    yield breaking
    breaking.server.shutdown()
    breaking.server.server_close()


def test_a_stream_that_breaks_is_gone_on_with_from_that_byte_of_that_version(storage: Breaking) -> None:
    storage.gives = [BLOCK * 2, BLOCK * 3]
    with closing(storage.open(etag="")) as content:
        assert b"".join(content.blocks()) == BODY
    assert storage.asked == [
        (None, None),
        (f"bytes={BLOCK * 2}-", '"first"'),
        (f"bytes={BLOCK * 5}-", '"first"'),
    ]


def test_a_stream_that_breaks_after_the_blob_has_changed_is_not_gone_on_with(storage: Breaking) -> None:
    storage.gives = [BLOCK * 2]
    content = storage.open()
    blocks = content.blocks()
    assert next(blocks) == BODY[:BLOCK]
    storage.etag = '"second"'
    with pytest.raises(SourceLost, match="overwritten"):
        list(blocks)


def test_a_stream_that_gives_nothing_more_is_given_up(storage: Breaking) -> None:
    storage.gives = [BLOCK, *[0] * 50]
    content = storage.open()
    with pytest.raises(Transient, match="broke off"):
        list(content.blocks())
    assert len(storage.asked) == 1 + MOST_BREAKS


def test_a_server_that_begins_anew_where_the_rest_was_asked_for_is_not_believed(storage: Breaking) -> None:
    storage.gives, storage.ignores_ranges = [BLOCK], True
    content = storage.open()
    with pytest.raises(Transient, match="broke off"):
        list(content.blocks())


def test_a_stream_holds_no_more_than_a_block(storage: Breaking) -> None:
    with closing(storage.open()) as content:
        assert {len(block) for block in content.blocks()} <= {BLOCK, len(BODY) % BLOCK}
