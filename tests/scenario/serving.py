"""The page on loopback for a browser, with the caller that a test chooses in the platform's place."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from shared.web import board
from shared.web.http import Request
from shared.wiring import Engine

#: A laptop, whose settings let everybody in as an operator.
LAPTOP = {"BOARD_LOCAL_ROLE": "operator"}


@contextmanager
def served(engine: Engine, environ: Mapping[str, str], who: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of the page; `who` are headers that each request gets."""

    class Doorbell(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """A browser's requests are nobody's news."""

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            request = Request(
                method=self.command,
                path=unquote(parts.path).removeprefix("/api/board").strip("/"),
                query=dict(parse_qsl(parts.query)),
                headers={name.lower(): value for name, value in self.headers.items()} | dict(who or {}),
                body=self.rfile.read(int(self.headers.get("content-length") or 0)),
            )
            found = board.answer(lambda: engine, request, environ)
            self.send_response(found.status)
            for name, value in {**found.all_headers(), "Content-Type": found.content_type}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Doorbell) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/board"
        finally:
            server.shutdown()
            thread.join()
