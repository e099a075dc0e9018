"""A stand-in for F&O that does as little as can be: the simulator would be the bottleneck of a measurement.

It answers what the engine and the peers ask for, keeps nothing of what it is sent, and counts. The eighth digit of an
activity ID is the state that jobstatus tells for it (4 in process, 5 processed). `/bench/…` is its own side door.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

_BLOCK = bytes(256 * 1024)
_EMPTY_LIST = '{"value": []}'


class World:
    """Service time, exports on offer, and what was asked for."""

    def __init__(self) -> None:
        self.service_seconds = 0.0
        self.offered: dict[str, list[str]] = {}
        self.asked: Counter[str] = Counter()
        self.address = ""

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, str]:
        """(status, text) of anything but a download."""
        parts = urlsplit(target)
        kind, _, last = parts.path.rpartition("/")
        call = kind.rpartition("/")[2] if kind.startswith("/api/connector") else last.rpartition(".")[2]
        self.asked[call] += 1
        known: dict[str, Callable[[], tuple[int, str]]] = {
            "enqueue": lambda: (200, f'"{uuid.uuid4()}"'),
            "jobstatus": lambda: (200, _job_status(last)),
            "dequeue": lambda: self._dequeue(last),
            "ack": lambda: (200, ""),
            "token": lambda: (200, '{"access_token": "t", "expires_in": 86400, "token_type": "Bearer"}'),
            "offer": lambda: self._offer(parse_qs(parts.query)),
            "service": lambda: self._set_service(parse_qs(parts.query)),
            "counts": self._counts,
        }
        return known.get(call, lambda: (200, _EMPTY_LIST))()

    def _offer(self, query: dict[str, list[str]]) -> tuple[int, str]:
        """Put `count` exports of `size` bytes on the queue of `activity`; `mark` makes their content theirs."""
        activity, mark, size = query["activity"][0], query["mark"][0], query["size"][0]
        files = [f"/download/{mark}-{number:06}/{size}" for number in range(int(query["count"][0]))]
        self.offered[activity] = files[::-1]
        return 200, ""

    def _set_service(self, query: dict[str, list[str]]) -> tuple[int, str]:
        self.service_seconds = float(query["seconds"][0])
        return 200, ""

    def _counts(self) -> tuple[int, str]:
        told, self.asked = json.dumps(self.asked), Counter()
        return 200, told

    def _dequeue(self, activity: str) -> tuple[int, str]:
        files = self.offered.get(activity)
        if not files:
            return 204, ""
        told = {
            "CorrelationId": str(uuid.uuid4()),
            "PopReceipt": uuid.uuid4().hex,
            "DownloadLocation": self.address + files.pop(),
            "IsDownLoadFileExist": True,
            "FileDownLoadErrorMessage": "",
            "LastDequeueDateTime": None,
        }
        return 200, json.dumps(told)


def _job_status(activity: str) -> str:
    counts = {"EntityName": "Customer groups", "StagingRecords": 1, "StagingErrorCount": 0}
    counts |= {"TargetRecords": 1, "TargetErrorCount": 0}
    state = {"DataJobState": activity[7], "ExecutionIdentifier": "bench"}
    return json.dumps({"DataJobStatus": state, "ExecutionDetail": [counts] if activity[7] == "5" else []})


class Connection(asyncio.Protocol):
    """HTTP/1.1 with Content-Length, one request after the other; bodies are counted and dropped."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._head = b""
        self._body_left = 0
        self._small_body = b""
        self._ready = asyncio.Event()
        self._ready.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def pause_writing(self) -> None:
        """See asyncio."""
        self._ready.clear()

    def resume_writing(self) -> None:
        """See asyncio."""
        self._ready.set()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._body_left:
            self._body_left -= len(data)
            if self._body_left <= 0:
                self._answer(b"")
            return
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        self._request, _, fields = head.decode("latin-1").partition("\r\n")
        self._head = b""
        length = _content_length(fields)
        if "100-continue" in fields:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._body_left = length - len(rest)
        if self._body_left <= 0:
            self._answer(rest)

    def _answer(self, body: bytes) -> None:
        method, target, _ = self._request.split(" ", 2)
        if target.startswith("/download/"):
            self._world.asked["download"] += 1
            self._sending = asyncio.ensure_future(self._send_file(target))
            return
        status, text = self._world.answer(method, target, body)
        reply = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}"
        is_timed = "/jobstatus/" in target or "/enqueue/" in target
        if is_timed and self._world.service_seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(self._world.service_seconds, self._transport.write, reply.encode())
        else:
            self._transport.write(reply.encode())

    async def _send_file(self, target: str) -> None:
        _, _, mark, size = target.split("/")
        left = int(size)
        self._transport.write(f"HTTP/1.1 200 -\r\nContent-Length: {left}\r\n\r\n".encode())
        block = mark.encode()[:left].ljust(min(left, 64), b".")
        while left > 0:
            self._transport.write(block)
            left -= len(block)
            await self._ready.wait()
            block = _BLOCK[: min(left, len(_BLOCK))]


def _content_length(fields: str) -> int:
    for field in fields.split("\r\n"):
        name, _, value = field.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


async def _serve() -> None:
    world = World()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(world), "127.0.0.1", 0, backlog=512)
    world.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(f"stand-in ready: {world.address}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(_serve())
    except KeyboardInterrupt:
        sys.exit(0)
