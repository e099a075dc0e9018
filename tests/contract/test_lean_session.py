"""The lean session puts on the wire what requests itself would."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from shared.adapters.lean_session import LeanSession


@dataclass
class Listener:
    """What a server on loopback was sent."""

    url: str = ""
    heard: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server that keeps each request and answers 302 to another place, with a cookie."""
    told = Listener()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline()
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self._keep()

        def _keep(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.heard.append((self.command, self.path, dict(self.headers.items()), body))
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Set-Cookie", "kept=no")
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        told.url = f"http://127.0.0.1:{server.server_address[1]}"
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield told
        server.shutdown()
        serving.join()


_URLS = [
    "/plain",
    "/a%20b/Z%C3%BCrich%20100%25.csv?se=a%3Db&x=1",
    "/Zürich 100%.csv",
    "/t(PartitionKey='a''b',RowKey='c')",
]
_BODIES: list[bytes | str | None] = [None, b"", b"\x00bytes", "Zürich"]


@pytest.mark.parametrize("path", _URLS)
@pytest.mark.parametrize("body", _BODIES)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "PATCH"])
def test_the_same_bytes_go_out_as_from_requests(
    listener: Listener, method: str, body: bytes | str | None, path: str
) -> None:
    headers = {"x-ms-version": "1", "accept": "application/json", "Authorization": "Bearer t"}
    with requests.Session() as plain, LeanSession(2, reads_environment=False) as lean:
        plain.trust_env = False
        for session in (plain, lean):
            session.request(method, listener.url + path, headers=headers, data=body, allow_redirects=False, timeout=9)
    first, second = listener.heard
    assert _comparable(second) == _comparable(first)


def _comparable(heard: tuple[str, str, dict[str, str], bytes]) -> tuple[str, str, dict[str, str], bytes]:
    method, path, headers, body = heard
    return method, path, {name.lower(): value for name, value in headers.items()}, body


def test_a_cookie_is_not_kept_and_a_redirect_not_followed(listener: Listener) -> None:
    with LeanSession(2, reads_environment=False) as lean:
        for _ in range(2):
            answer = lean.request("GET", listener.url + "/here", allow_redirects=False, timeout=9)
    assert answer.status_code == 302
    assert [(path, headers.get("Cookie")) for _, path, headers, _ in listener.heard] == [("/here", None)] * 2


def test_a_proxy_of_the_environment_is_used_only_where_it_is_read(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"http_proxy": listener.url, "no_proxy": ""}.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.upper(), value)
    with LeanSession(2, reads_environment=True) as lean:
        lean.request("GET", "http://store.invalid/a", allow_redirects=False, timeout=9)
    assert listener.heard[0][1] == "http://store.invalid/a"
    with LeanSession(2, reads_environment=False) as lean:
        assert lean.request("GET", listener.url + "/b", allow_redirects=False, timeout=9).status_code == 302
    assert listener.heard[1][1] == "/b"


@pytest.mark.parametrize("reads_environment", [False, True])
def test_a_server_that_is_not_there_is_an_error_of_requests(reads_environment: bool) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as closed,
        LeanSession(2, reads_environment=reads_environment) as lean,
    ):
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        closed.close()
        with pytest.raises(requests.ConnectionError):
            lean.request("GET", url, allow_redirects=False, timeout=9)
