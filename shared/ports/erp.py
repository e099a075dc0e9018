"""Finance & Operations: imports, and the evidence of those that did not go clean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.doubt import Execution
from shared.domain.export import Dequeued
from shared.domain.outcomes.outcome import EntityCounts, Summary
from shared.domain.remote import RemoteReport
from shared.ports.files import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One file to enqueue: where to, as what, for whom, and under which reference of ours."""

    activity_id: str
    entity: str
    legal_entity: str
    external_id: str


class ErpGateway(Protocol):
    """The recurring integrations API of Finance & Operations."""

    def enqueue(self, outgoing: Outgoing, content: Content) -> str:
        """Send the file and return the message ID. The content is read again after a refused token.

        Raises:
            Transient: nothing was taken (refused connection, 429, 503, sign-in), or the source broke half-way.
            AnswerLost: it went out whole and no usable answer came back; also 500, 502 and 504.
            Terminal: the ERP refused the request itself.
            SourceLost: landing no longer holds this content; nothing was sent.
        """

    def report(self, activity_id: str, message_id: str) -> RemoteReport:
        """What became of a message. Raises Transient when neither of the two status calls gives an answer."""

    def executions(self, data_project: str, since: datetime) -> tuple[Execution, ...]:
        """The executions of a data project that began at `since` or later. Raises Transient, AnswerLost, Terminal."""

    def execution_report(self, execution_id: str) -> RemoteReport:
        """What became of an execution whose message is not known. Raises Transient when it cannot be asked."""

    def summary(self, execution_id: str) -> Summary:
        """The summary status of an execution; UNDECIDED while it has none. Raises Transient."""


class ErpEvidence(Protocol):
    """What F&O tells about an execution that did not go clean. All calls raise Transient when it cannot be asked."""

    def execution_id(self, message_id: str) -> str:
        """The execution that a message became; empty while there is none."""

    def errors(self, execution_id: str) -> str:
        """The list of row errors as it came: text that should hold JSON."""

    def entity_counts(self, execution_id: str) -> tuple[EntityCounts, ...]:
        """Rows by entity, from the execution's details."""

    def page_url(self, execution_id: str) -> str:
        """The execution's page in F&O; empty when none is offered."""

    def error_keys_url(self, execution_id: str, entity: str) -> str | None:
        """Where the file of the failed rows' keys can be fetched; None when there is none, empty while it is made."""

    def staging_errors_url(self, execution_id: str, entity: str) -> str:
        """Where the file of rows that failed before staging can be fetched; empty when there is none."""

    def fetch(self, url: str) -> Download:
        """Open a file behind a signed URL, without any token."""


class Download(Protocol):
    """An export being downloaded."""

    @property
    def size_bytes(self) -> int | None:
        """The length that F&O announced, None when it did not."""

    def blocks(self) -> Iterator[bytes]:
        """The bytes, once. Raises Transient when the stream is cut."""

    def close(self) -> None:
        """Give the connection back."""


class ExportQueue(Protocol):
    """The export side of the recurring integrations API."""

    def dequeue(self, activity_id: str) -> Dequeued | None:
        """Take the next message, leased for 30 minutes; None when the queue is empty.

        Raises Transient when no answer could be had: a message taken all the same comes again after its lease.
        """

    def read(self, raw: str) -> Dequeued:
        """A dequeue answer as it was noted. Raises Terminal when it cannot be understood."""

    def download(self, location: str) -> Download:
        """Open a message's file. Raises Terminal when the location is not on our host, before any token leaves."""

    def acknowledge(self, activity_id: str, raw: str) -> None:
        """Tell F&O that the message is safe, echoing its dequeue answer. Raises Transient when that is not certain."""
