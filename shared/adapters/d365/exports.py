"""The export side of the recurring integrations API, in terms of wire.py."""

from __future__ import annotations

from collections.abc import Iterator

import requests
import urllib3

from shared.adapters.d365 import wire
from shared.adapters.d365.transport import Transport
from shared.domain.export import Dequeued
from shared.errors import AnswerLost, Terminal, Transient

_BLOCK_BYTES = 1024 * 1024
#: Packed bodies would make Content-Length another number than that of the bytes that are stored.
_AS_IT_IS = {"Accept-Encoding": "identity"}


class HttpDownload:
    """An open download. The length that F&O announced is checked against what comes."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        announced = response.headers.get("Content-Length", "")
        is_plain = not response.headers.get("Content-Encoding")
        self.size_bytes: int | None = int(announced) if announced.isdecimal() and is_plain else None

    def blocks(self) -> Iterator[bytes]:
        """See Download."""
        try:
            while block := self._response.raw.read(_BLOCK_BYTES, decode_content=True):
                yield block
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Transient(f"download: cut in the middle ({type(error).__name__})") from error

    def close(self) -> None:
        """See Download."""
        self._response.close()


class D365Exports:
    """ExportQueue over HTTP. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def dequeue(self, activity_id: str) -> Dequeued | None:
        """See ExportQueue. A 5xx may have leased a message; it comes again after its lease, so it is no doubt."""
        try:
            answer = self._transport.ask("GET", wire.dequeue_path(activity_id), "dequeue", accepted={200, 204})
        except AnswerLost as error:
            raise Transient(str(error)) from error
        if answer.status_code == 204:
            return None
        return self._understood(answer.text)

    def read(self, raw: str) -> Dequeued:
        """See ExportQueue."""
        message = self._understood(raw)
        if message is None:
            raise Terminal("dequeue: the noted answer is empty")
        return message

    def _understood(self, body: str) -> Dequeued | None:
        try:
            return wire.parse_dequeue(body)
        except wire.NotUnderstood as error:
            raise Terminal(f"dequeue: {error}") from error

    def download(self, location: str) -> HttpDownload:
        """See ExportQueue."""
        try:
            path = wire.download_path(location, self._transport.base_url)
        except wire.NotUnderstood as error:
            raise Terminal(f"download: {error}; no token was sent there") from error
        try:
            response = self._transport.ask("GET", path, "download", stream=True, headers=_AS_IT_IS)
        except AnswerLost as error:
            raise Transient(str(error)) from error
        if wire.is_web_page(response.headers.get("Content-Type")):
            response.close()
            raise Transient("download: F&O answered with a web page, a sign-in or an error, in the place of the file")
        return HttpDownload(response)

    def acknowledge(self, activity_id: str, raw: str) -> None:
        """See ExportQueue. The body is the dequeue answer byte for byte, its http:// location included."""
        headers = {"Content-Type": "application/json"}
        try:
            self._transport.ask("POST", wire.ack_path(activity_id), "ack", data=raw.encode(), headers=headers)
        except AnswerLost as error:
            raise Transient(str(error)) from error
