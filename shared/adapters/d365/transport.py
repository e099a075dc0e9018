"""One pooled session to one F&O host: token in, redirects off, a refused token replaced once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from shared import tracing
from shared.adapters.d365 import answers
from shared.adapters.d365.auth import TokenSource
from shared.adapters.lean_session import LeanSession
from shared.errors import AccessRefused, Throttled, Transient
from shared.ports import Clock
from shared.telemetry import Event, emit

#: Seconds to connect, and to wait for the answer to a call that only asks.
CONNECT_SECONDS = 15
ANSWER_SECONDS = 60
#: A file is given this long for each stall while it goes out: the connect time-out is also that of sending.
SENDING_SECONDS = 120


class Transport:
    """Calls to the F&O host with a bearer token. Thread-safe.

    `told_to_wait` is rung with the span, None where F&O named none, and the sentence of each answer that asks for it.
    """

    def __init__(
        self,
        base_url: str,
        tokens: TokenSource,
        clock: Clock,
        told_to_wait: Callable[[timedelta | None, str], None] | None = None,
        connections: int = 16,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._host = urlsplit(self.base_url).netloc
        self._tokens = tokens
        self._clock = clock
        self._told_to_wait = told_to_wait or (lambda asked, why: None)
        # A .netrc of the environment would replace our Authorization header.
        self._session = LeanSession(connections, reads_environment=False)

    def ask(self, method: str, path: str, call: str, **options: Any) -> requests.Response:
        """A call that may be repeated. Raises what `answers.refusal` says, Transient when F&O cannot be reached."""
        accepted = options.pop("accepted", {200})

        def send(token: str) -> requests.Response:
            try:
                return self.request(method, path, token, **options)
            except requests.RequestException as error:
                raise Transient(f"{call}: F&O cannot be reached ({type(error).__name__})") from error

        return self.checked(send, call, accepted, method)

    def checked(
        self, send: Callable[[str], requests.Response], call: str, accepted: set[int], method: str = "POST"
    ) -> requests.Response:
        """Send with a token, once more with a fresh one after a 401. Raises for any status that is not accepted.

        A refused sign-in and a request to slow down concern the environment, not one file: both are told here, once.
        """
        try:
            return self._checked(send, call, accepted, method)
        except AccessRefused as refused:
            emit(Event.ERP_ACCESS_REFUSED, call=call, error=str(refused))
            raise
        except Throttled as asked:
            emit(Event.ERP_THROTTLED, call=call, retry_after=asked.retry_after)
            self._told_to_wait(asked.retry_after, str(asked))
            raise
        except Transient as passing:
            if passing.retry_after is not None:
                self._told_to_wait(passing.retry_after, str(passing))
            raise

    def _checked(
        self, send: Callable[[str], requests.Response], call: str, accepted: set[int], method: str
    ) -> requests.Response:
        def traced(token: str) -> requests.Response:
            with tracing.call(call, method, self._host) as answered:
                response = send(token)
                answered(response.status_code)
            return response

        token = self._tokens.bearer()
        response = traced(token)
        if response.status_code == 401:
            response.close()
            response = traced(self._tokens.bearer(refused=token))
        if response.status_code == 401:
            raise answers.unauthorized(response, call)
        if response.status_code not in accepted:
            raise answers.refusal(response, call, self._clock())
        return response

    def request(self, method: str, path: str, token: str, **options: Any) -> requests.Response:
        """One request. The host is ours by construction: a path is all that a caller can give."""
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {token}"}
        timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
        return self._session.request(
            method, self.base_url + path, headers=headers, timeout=timeout, allow_redirects=False, **options
        )

    def send_once(self, path: str, token: str, answer_seconds: float, **options: Any) -> requests.Response:
        """One POST on a connection of its own.

        A kept connection may have been dropped by the other side; what is sent on it is lost without an answer,
        and for a call that must not be repeated blindly that would be doubt.
        """
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {token}"}
        with requests.Session() as session:
            session.trust_env = False
            return session.post(
                self.base_url + path,
                headers=headers,
                timeout=(SENDING_SECONDS, answer_seconds),
                allow_redirects=False,
                **options,
            )
