"""A requests session that takes the straight way from a call to the socket.

For each call requests reads the environment for proxies, a .netrc and certificates, merges hooks and cookies, and
takes the URL and the headers apart. None of that changes from call to call here, and it was half of the CPU time of a
table operation (docs/performance.md). Everything beneath stays: urllib3's pool, TLS, time-outs, exceptions.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import requote_uri

_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_STRAIGHT = frozenset(
    {"headers", "data", "files", "stream", "timeout", "verify", "cert", "proxies", "allow_redirects", "json"}
)


class LeanSession(requests.Session):
    """For calls to a few hosts, from any number of threads. Keeps no cookies and follows no redirect."""

    def __init__(self, connections: int, reads_environment: bool) -> None:
        """`connections` are kept for each host; more threads than that would open and close one a call.

        `reads_environment` takes proxies and certificates from it, once for each host.
        """
        super().__init__()
        self.trust_env = reads_environment
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(pool_maxsize=connections, max_retries=0))
        self._surroundings: dict[str, dict[str, Any]] = {}

    def request(self, method: Any, url: Any, *arguments: Any, **options: Any) -> requests.Response:
        """As requests has it. What is unusual here (forms, streamed bodies, redirects, raw URLs) goes the long way."""
        body = options.get("data") or None
        if isinstance(body, str):
            body = body.encode()
        is_usual = not arguments and options.keys() <= _STRAIGHT and options.get("allow_redirects") is False
        is_plain = isinstance(body, bytes | None) and not options.get("files") and options.get("json") is None
        if is_usual and is_plain and str(url).isascii():
            return self._send(self._prepared(method, url, options.get("headers") or {}, body), options)
        return super().request(method, url, *arguments, **options)

    def _prepared(self, method: str, url: str, headers: Any, body: bytes | None) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url, prepared.body = method, requote_uri(url), body
        prepared.headers = CaseInsensitiveDict({**self.headers, **headers})
        if body is not None or method not in _NO_BODY:
            prepared.headers["Content-Length"] = str(len(body or b""))
        return prepared

    def _send(self, prepared: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        """`verify` and `cert` are the caller's if they say something else than the default."""
        around, verify = self._around(prepared.url or ""), options.get("verify", True)
        is_streamed = bool(options.get("stream"))
        response = self.get_adapter(prepared.url or "").send(
            prepared,
            stream=is_streamed,
            timeout=options.get("timeout"),
            verify=around["verify"] if verify is True else verify,
            cert=options.get("cert") or around["cert"],
            proxies=options.get("proxies") or around["proxies"],
        )
        if not is_streamed:
            _ = response.content  # read whole, so that the connection goes back to the pool
        return response

    def _around(self, url: str) -> dict[str, Any]:
        """Proxies and certificates for the URL's host. Two threads that come first at once find the same."""
        origin = url[: url.find("/", len("https://"))]
        if origin not in self._surroundings:
            self._surroundings[origin] = dict(self.merge_environment_settings(url, {}, None, None, None))
        return self._surroundings[origin]
