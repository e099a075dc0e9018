"""A stand-in for Application Insights on loopback: keeps whatever is sent to it, as it came."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Ingestion:
    """The server; `sent` is all that has left the app, `bodies` the same as text, `paths` where it went."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.bodies: list[str] = []
        self.headers: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def connection_string(self) -> str:
        """What the app is told."""
        url = f"http://127.0.0.1:{self._server.server_port}/"
        return f"InstrumentationKey=00000000-0000-4000-8000-000000000001;IngestionEndpoint={url};LiveEndpoint={url}"

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """Envelopes of one kind: MessageData, RemoteDependencyData, MetricData, ExceptionData."""
        found = [item for body in list(self.bodies) for item in _items(body)]
        return [item for item in found if item["data"]["baseType"] == kind]

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Fields of each line that bears the event's name."""
        told = [{**each["data"]["baseData"]["properties"], "_tags": each["tags"]} for each in self.sent("MessageData")]
        return [each for each in told if each.get("event") == event]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        keeper = self

        class Handler(BaseHTTPRequestHandler):
            """Takes everything."""

            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                """Keep it and say so."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                text = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                keeper.paths.append(self.path)
                keeper.headers.append(str(self.headers))
                keeper.bodies.append(text.decode())
                count = len(_items(text.decode()))
                answer = json.dumps({"itemsReceived": count, "itemsAccepted": count, "errors": []}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        return Handler


def _items(body: str) -> list[dict[str, Any]]:
    try:
        told = json.loads(body)
    except ValueError:
        told = [json.loads(line) for line in body.splitlines() if line]
    return told if isinstance(told, list) else [told]
