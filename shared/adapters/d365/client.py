"""The import side of the recurring integrations API, in terms of wire.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import requests

from shared.adapters.d365 import wire
from shared.adapters.d365.transport import Transport
from shared.domain.doubt import Execution
from shared.domain.outcomes.outcome import Summary
from shared.domain.remote import RemoteReport, RemoteStatus
from shared.errors import AnswerLost, CourierError, Terminal, Throttled, Transient
from shared.ports import Content, Outgoing

#: Seconds to wait for the answer to enqueue, which comes after F&O has stored the whole file.
_ENQUEUE_ANSWER_SECONDS = 300
#: Statuses after which a message has the execution that it will ever have.
_ENDED = frozenset(
    {
        RemoteStatus.DONE,
        RemoteStatus.DONE_WITH_ERRORS,
        RemoteStatus.FAILED_BEFORE_STAGING,
        RemoteStatus.FAILED_AFTER_PROCESSING,
    }
)


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
            if left < 0:
                raise Transient("landing gave more bytes than the file has")
            self.sent_whole = left == 0
            yield block
        if left:
            raise Transient("landing gave fewer bytes than the file has")


#: A failed execution is looked at by its counts, as "processed with errors" is.
_STATUS_OF_SUMMARY = {
    Summary.SUCCEEDED: RemoteStatus.DONE,
    Summary.PARTIAL: RemoteStatus.DONE_WITH_ERRORS,
    Summary.FAILED: RemoteStatus.DONE_WITH_ERRORS,
    Summary.UNDECIDED: RemoteStatus.RUNNING,
}


class D365Client:
    """ErpGateway over HTTP. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def enqueue(self, outgoing: Outgoing, content: Content) -> str:
        """See ErpGateway."""
        response = self._transport.checked(lambda token: self._post(outgoing, content, token), "enqueue", {200})
        try:
            return wire.parse_message_id(response.text)
        except wire.NotUnderstood as error:
            raise AnswerLost(f"enqueue: {error}") from error

    def _post(self, outgoing: Outgoing, content: Content, token: str) -> requests.Response:
        """One POST of a file. A connection that breaks after the last block leaves its effect unknown."""
        body = SizedBody(content)
        try:
            return self._transport.send_once(
                wire.enqueue_path(outgoing.activity_id, outgoing.entity, outgoing.legal_entity),
                token,
                _ENQUEUE_ANSWER_SECONDS,
                data=body,
                headers=wire.enqueue_headers(outgoing.external_id),
            )
        except requests.RequestException as error:
            kind = type(error).__name__
            if body.sent_whole:
                raise AnswerLost(f"enqueue: no answer ({kind})") from error
            raise Transient(f"enqueue: the connection failed before the file was sent ({kind})") from error

    def report(self, activity_id: str, message_id: str) -> RemoteReport:
        """jobstatus first: one call gives status, execution ID and counts. GetMessageStatus where that fails."""
        try:
            answer = self._transport.ask("GET", wire.job_status_path(activity_id, message_id), "jobstatus")
            return wire.parse_job_status(answer.text)
        except Throttled:
            raise
        except (CourierError, wire.NotUnderstood) as first:
            return self._report_by_action(message_id, first)

    def _report_by_action(self, message_id: str, first: Exception) -> RemoteReport:
        path, body = wire.message_status_call(message_id)
        try:
            answer = self._transport.ask("POST", path, "GetMessageStatus", json=body)
            report = wire.parse_message_status(answer.text)
            return replace(report, execution_id=self._execution_id(message_id)) if report.status in _ENDED else report
        except (CourierError, wire.NotUnderstood) as second:
            raise Transient(f"{first}; {second}", getattr(second, "retry_after", None)) from second

    def _execution_id(self, message_id: str) -> str:
        """The execution of a message that ended; empty where F&O names none, as builds before 2024 do not."""
        path, body = wire.execution_id_call(message_id)
        try:
            return wire.parse_text(self._transport.ask("POST", path, "GetExecutionIdByMessageId", json=body).text)
        except Terminal:
            return ""

    def executions(self, data_project: str, since: datetime) -> tuple[Execution, ...]:
        """See ErpGateway."""
        answer = self._transport.ask("GET", wire.executions_path(data_project, since), "executions")
        try:
            return wire.parse_executions(answer.text)
        except wire.NotUnderstood as error:
            raise Transient(f"executions: {error}") from error

    def execution_report(self, execution_id: str) -> RemoteReport:
        """The summary status gives the end, the details give the counts; F&O has no single answer for both."""
        summary = self.summary(execution_id)
        try:
            answer = self._transport.ask("GET", wire.details_path(execution_id), "details")
            entities = wire.parse_details(answer.text)
        except (AnswerLost, Terminal, wire.NotUnderstood) as error:
            raise Transient(f"details: {error}") from error
        status = _STATUS_OF_SUMMARY[summary]
        return RemoteReport(status=status, word=summary.value, execution_id=execution_id, entities=entities)

    def summary(self, execution_id: str) -> Summary:
        """See ErpGateway. Until the execution's record exists F&O answers 400, which is no more than "not yet"."""
        path, body = wire.summary_call(execution_id)
        try:
            return wire.parse_summary(self._transport.ask("POST", path, "GetExecutionSummaryStatus", json=body).text)
        except (Terminal, wire.NotUnderstood):
            return Summary.UNDECIDED
        except AnswerLost as error:
            raise Transient(str(error)) from error
