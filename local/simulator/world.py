"""The simulated environment: a plain object that tests read and change. The server only spells it on the wire."""

from __future__ import annotations

import hashlib
import secrets
import threading
import uuid
from collections import deque
from collections.abc import Iterable

from .blob_store import BlobStore
from .clients import Client
from .clock import VirtualClock
from .exports import ExportMessage, ExportQueue, PackageExports
from .faults import Faults, RateKind
from .knobs import Knobs
from .messages import ImportJob, Message, Upload
from .recurrence import RETENTION, BatchGroup
from .tables import Tables
from .uploads import whole

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"


class World(Knobs):
    """Clients, recurring data jobs, messages, exports, tables, faults; its settings are `Knobs`. Thread-safe."""

    def __init__(self, clock: VirtualClock | None = None) -> None:
        super().__init__()
        self.lock = threading.RLock()
        self.clock = clock or VirtualClock()
        self.tenant_id = "0f0f0f0f-1111-4222-8333-444444444444"
        self.client_id = "c1c1c1c1-1111-4222-8333-444444444444"
        self.managed_identity_client_id = "c2c2c2c2-1111-4222-8333-444444444444"
        self.clients: dict[str, Client] = {}
        self.mapped_clients: set[str] = set()
        self.add_client(self.client_id, secret="simulator-secret", takes_assertion=True)  # noqa: S106 - of a simulator
        self.add_client(self.managed_identity_client_id)
        self.signing_key = secrets.token_bytes(32)
        self.faults = Faults()
        self.calls: deque[tuple[str, str, int]] = deque(maxlen=100_000)
        self.jobs: dict[str, ImportJob] = {}
        self.messages: dict[str, Message] = {}
        self.tables = Tables()
        self.blobs = BlobStore(self.clock, self.signing_key)
        self.queue = ExportQueue(self.clock, self)
        self.package_exports = PackageExports()
        self.keys_file_polls: dict[str, int] = {}
        self._unfinished: dict[str, Message] = {}
        self._most: dict[str, int] = {}

    # --- who and what there is ---------------------------------------------------------------------------------------

    @property
    def client_secret(self) -> str:
        """The secret of the default client."""
        return self.clients[self.client_id].secret or ""

    def add_client(
        self,
        client_id: str,
        secret: str | None = None,
        takes_assertion: bool = False,
        public_key_pem: str | None = None,
        mapped: bool = True,
    ) -> Client:
        """Add an application, by default one that F&O maps to a user.

        It signs in by secret, by a certificate's assertion (checked against `public_key_pem` if there is one), or
        neither: then it is a managed identity.
        """
        client = Client(client_id, secret, takes_assertion or public_key_pem is not None, public_key_pem)
        with self.lock:
            self.clients[client_id] = client
            if mapped:
                self.mapped_clients.add(client_id)
        return client

    def add_import_job(
        self,
        activity_id: str,
        data_project: str,
        kind: str = "file",
        entity: str | None = None,
        company: str = "USMF",
        use_company_from_message: bool = True,
        ordered: bool = False,
        policy: Iterable[str] | None = None,
    ) -> ImportJob:
        """Add a recurring import; `kind` is "file" or "package". `policy` lists the clients it admits; None: all."""
        if kind not in {"file", "package"}:
            raise ValueError(f"unknown kind {kind!r}; known: file, package")
        admitted = None if policy is None else set(policy)
        name = activity_id.lower()
        job = ImportJob(name, data_project, kind, entity, company, use_company_from_message, ordered, admitted)
        with self.lock:
            self.jobs[name] = job
        return job

    def add_export_job(
        self, activity_id: str, data_project: str, entity: str = "", policy: Iterable[str] | None = None
    ) -> None:
        """Add a recurring export."""
        with self.lock:
            self.queue.add_job(activity_id, data_project, entity, None if policy is None else set(policy))

    def fault_rate(self, seed: int, rate: float, kinds: Iterable[RateKind]) -> None:
        """Let a share of calls fail, repeatably: calls ("enqueue"), or (call, fault[, parameters]). Rate 0 ends it."""
        self.faults.at_random(seed, rate, kinds)

    # --- imports -----------------------------------------------------------------------------------------------------

    def enqueue(self, activity_id: str, entity: str, company: str, external_id: str, upload: Upload | bytes) -> Message:
        """Take a file: always a new message, whatever was sent before. Raises KeyError for an unknown activity ID."""
        sent = whole(upload, self.keep_bodies) if isinstance(upload, bytes) else upload
        with self.lock:
            job = self.jobs[activity_id]
            message = Message(
                message_id=str(uuid.uuid4()),
                activity_id=activity_id,
                entity=entity,
                legal_entity=company if company and job.use_company_from_message else job.company,
                external_id=external_id,
                content_sha256=sent.content_sha256,
                size_bytes=sent.size_bytes,
                enqueued_at=self.clock.now(),
                body=sent.body or b"",
                rows_if_not_kept=sent.rows if sent.body is None else None,
            )
            self.messages[message.message_id] = self._unfinished[message.message_id] = message
            self._note_most(activity_id)
            return message

    def import_package(self, project: str, execution_id: str, legal_entity: str, body: bytes) -> Message:
        """The package API: an execution named by its caller, run by the batch group like any other."""
        with self.lock:
            activity_id = f"package api: {project}"
            self.jobs.setdefault(activity_id, ImportJob(activity_id, project, "package"))
            message = self.enqueue(activity_id, "", legal_entity, execution_id, body)
            message.execution_id = execution_id or f"{project}-{uuid.uuid4().hex.upper()}"
            return message

    def recurrence_tick(self) -> None:
        """One recurrence of the batch group, of imports and of the package API's exports."""
        with self.lock:
            BatchGroup(self, self.clock, self.jobs, self.tables).recur(self.unfinished())
            self.package_exports.make_ready()
            self.forget_expired()

    def unfinished(self) -> list[Message]:
        """Messages that have not ended, oldest first."""
        with self.lock:
            self._unfinished = {key: message for key, message in self._unfinished.items() if not message.ended}
            return list(self._unfinished.values())

    def _note_most(self, activity_id: str) -> None:
        unfinished = self.unfinished()
        of_this = sum(message.activity_id == activity_id for message in unfinished)
        for key, count in (("", len(unfinished)), (activity_id, of_this)):
            self._most[key] = max(self._most.get(key, 0), count)

    # --- exports -----------------------------------------------------------------------------------------------------

    def export(self, activity_id: str, content: bytes | None, correlation_id: str | None = None) -> str:
        """The export's own recurrence made a package (None: a message without a file). Returns the correlation ID."""
        with self.lock:
            return self.queue.produce(activity_id, content, correlation_id)

    @property
    def exports(self) -> list[ExportMessage]:
        """All export messages ever made, oldest first."""
        return self.queue.messages

    # --- what tests ask ----------------------------------------------------------------------------------------------

    def messages_with(self, content: bytes | str) -> list[Message]:
        """Messages with this content (bytes, or its SHA-256 in hex), in any state."""
        digest = content.lower() if isinstance(content, str) else hashlib.sha256(content).hexdigest()
        with self.lock:
            return [message for message in self.messages.values() if message.content_sha256 == digest]

    def imports_of(self, content: bytes | str) -> list[Message]:
        """Messages with this content that ended and wrote rows: how many times was it loaded?"""
        return [message for message in self.messages_with(content) if message.ended and message.rows_written]

    def rows(self, legal_entity: str, entity: str) -> list[dict[str, str]]:
        """What the environment holds of an entity now."""
        with self.lock:
            return self.tables.rows(legal_entity, entity)

    def most_in_flight(self, activity_id: str | None = None) -> int:
        """The highest number of messages not ended that was ever there at once."""
        return self._most.get((activity_id or "").lower(), 0)

    def known_message(self, message_id: str) -> Message | None:
        """The message as the wire knows it: not after its lifetime, and in quotes or not."""
        message = self.messages.get(message_id.strip('"').lower())
        alive = message is not None and self.clock.now() - message.enqueued_at <= self.message_lifetime
        return message if alive else None

    # --- time --------------------------------------------------------------------------------------------------------

    def forget_expired(self) -> None:
        """Uploads and export files are kept for 7 days."""
        with self.lock:
            ended_at = self.clock.now() - RETENTION
            for message in self.messages.values():
                if message.enqueued_at >= ended_at:
                    break
                message.body = b""
            self.queue.expire()

    def reset(self) -> None:
        """Forget messages, rows, exports, blobs, faults and calls; keep jobs, clients and settings."""
        with self.lock:
            for kept in (self.messages, self._unfinished, self._most, self.keys_file_polls, self.calls, self.tables):
                kept.clear()
            for part in (self.faults, self.queue, self.blobs, self.package_exports):
                part.clear()


def default_world() -> World:
    """A world with one file import, one package import and one export, for a first look."""
    world = World()
    world.add_import_job("11111111-1111-4111-8111-111111111111", "Customer groups import", "file", "Customer groups")
    world.add_import_job("22222222-2222-4222-8222-222222222222", "Customers package", "package")
    world.add_export_job("33333333-3333-4333-8333-333333333333", "Customer groups export", "Customer groups")
    return world
