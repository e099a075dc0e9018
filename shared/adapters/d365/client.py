"""The recurring integrations API in terms of wire.py. Redirects are not followed; the token goes to one host."""

from __future__ import annotations

from collections.abc import Iterator

import requests
from requests.adapters import HTTPAdapter

from shared.adapters.d365 import answers, wire
from shared.adapters.d365.auth import TokenSource
from shared.domain.outcome import Summary
from shared.domain.remote import RemoteReport
from shared.errors import AnswerLost, CourierError, Terminal, Transient
from shared.ports import Clock, Content, Outgoing

#: Seconds to connect, and to wait for an answer once all is sent. An enqueue answers after storing the whole file.
_CONNECT_SECONDS = 15
_ENQUEUE_ANSWER_SECONDS = 300
_STATUS_ANSWER_SECONDS = 60


class SizedBody:
    """A body of known length that goes out block by block, as it comes.

    requests sends Content-Length for what has a length and can be iterated; with a `read` method it would cut the
    blocks up again. `sent_whole` tells whether the last block was handed to the socket: while it was not, the
    server cannot have taken the file.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self.sent_whole = False

    def __len__(self) -> int:
        return self._content.size_bytes

    def __iter__(self) -> Iterator[bytes]:
        """Raises Transient when the source gives fewer or more bytes than it promised."""
        left = self._content.size_bytes
        for block in self._content.blocks():
            left -= len(block)
            self.sent_whole = left <= 0
            if left < 0:
                raise Transient("landing gave more bytes than the file has")
            yield block
        if left:
            raise Transient("landing gave fewer bytes than the file has")


class D365Client:
    """ErpGateway over HTTP. Thread-safe: one pooled session."""

    def __init__(self, base_url: str, tokens: TokenSource, clock: Clock, connections: int = 16) -> None:
        self._base_url = base_url.rstrip("/")
        self._tokens = tokens
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc would replace our Authorization header
        self._session.mount(self._base_url, HTTPAdapter(pool_maxsize=connections, max_retries=0))

    def enqueue(self, outgoing: Outgoing, content: Content) -> str:
        """See ErpGateway."""
        path = wire.enqueue_path(outgoing.activity_id, outgoing.entity, outgoing.legal_entity)
        headers = {
            "Content-Type": "application/octet-stream",
            wire.EXTERNAL_ID_HEADER: outgoing.external_id,
        }
        token = self._tokens.bearer()
        response = self._post_content(path, headers, token, SizedBody(content))
        if response.status_code == 401:
            token = self._tokens.bearer(refused=token)
            response = self._post_content(path, headers, token, SizedBody(content))
        if response.status_code == 401:
            raise answers.unauthorized(response, "enqueue")
        if response.status_code != 200:
            raise answers.refusal(response, "enqueue", self._clock())
        try:
            return wire.parse_message_id(response.text)
        except wire.NotUnderstood as error:
            raise AnswerLost(f"enqueue: {error}") from error

    def _post_content(self, path: str, headers: dict[str, str], token: str, body: SizedBody) -> requests.Response:
        """One POST of a file. A connection that breaks after the last block leaves its effect unknown."""
        try:
            return self._session.post(
                self._base_url + path,
                data=body,
                headers={**headers, "Authorization": f"Bearer {token}"},
                timeout=(_CONNECT_SECONDS, _ENQUEUE_ANSWER_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            if body.sent_whole:
                raise AnswerLost(f"enqueue: no answer ({type(error).__name__})") from error
            raise Transient(
                f"enqueue: the connection failed before the file was sent ({type(error).__name__})"
            ) from error

    def report(self, activity_id: str, message_id: str) -> RemoteReport:
        """jobstatus first: one call gives status, execution ID and counts. GetMessageStatus where that fails."""
        try:
            answer = self._call("GET", wire.job_status_path(activity_id, message_id), "jobstatus")
            return wire.parse_job_status(answer)
        except (CourierError, wire.NotUnderstood) as first:
            return self._report_by_action(message_id, first)

    def _report_by_action(self, message_id: str, first: Exception) -> RemoteReport:
        path, body = wire.message_status_call(message_id)
        try:
            return wire.parse_message_status(self._call("POST", path, "GetMessageStatus", body))
        except (CourierError, wire.NotUnderstood) as second:
            raise Transient(f"{first}; {second}", getattr(second, "retry_after", None)) from second

    def summary(self, execution_id: str) -> Summary:
        """See ErpGateway. Until the execution's record exists F&O answers 400, which is no more than "not yet"."""
        path, body = wire.summary_call(execution_id)
        try:
            return wire.parse_summary(self._call("POST", path, "GetExecutionSummaryStatus", body))
        except (Terminal, wire.NotUnderstood):
            return Summary.UNDECIDED
        except AnswerLost as error:
            raise Transient(str(error)) from error

    def _call(self, method: str, path: str, call: str, body: dict[str, str] | None = None) -> str:
        """A call that only asks: its answer's text. Raises what `answers.refusal` says."""
        token = self._tokens.bearer()
        response = self._ask(method, path, call, token, body)
        if response.status_code == 401:
            response = self._ask(method, path, call, self._tokens.bearer(refused=token), body)
        if response.status_code == 401:
            raise answers.unauthorized(response, call)
        if response.status_code != 200:
            raise answers.refusal(response, call, self._clock())
        return response.text

    def _ask(self, method: str, path: str, call: str, token: str, body: dict[str, str] | None) -> requests.Response:
        try:
            return self._session.request(
                method,
                self._base_url + path,
                json=body,
                headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                timeout=(_CONNECT_SECONDS, _STATUS_ANSWER_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Transient(f"{call}: F&O cannot be reached ({type(error).__name__})") from error
