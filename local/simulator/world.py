"""The simulated environment: a plain object that tests read and change. The server only spells it on the wire."""

from __future__ import annotations

import copy
import hashlib
import threading
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .clock import VirtualClock
from .entities import CATALOGUE, SEED
from .exports import ExportQueue, PackageExports
from .faults import Faults
from .imports import EntityResult, PreProcessError, Tables, run_file, run_package

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"
RETENTION = timedelta(days=7)
#: State numbers of a message (jobstatus). 6 to 8 are ends with errors.
ENQUEUED, DEQUEUED, IN_PROCESS, PROCESSED = 0, 1, 4, 5
WITH_ERRORS, POST_PROCESS_ERROR, PRE_PROCESS_ERROR = 6, 7, 8
ENDED = frozenset({PROCESSED, WITH_ERRORS, POST_PROCESS_ERROR, PRE_PROCESS_ERROR})
LARGEST_KEPT_BYTES = 64 * 1024 * 1024


@dataclass
class ImportJob:
    """A recurring data job that takes files in."""

    activity_id: str
    data_project: str
    kind: str = "file"
    entity: str | None = None
    company: str = "USMF"
    use_company_from_message: bool = True
    ordered: bool = False
    policy: set[str] | None = None


@dataclass
class Message:
    """One enqueued file."""

    message_id: str
    activity_id: str
    entity: str
    legal_entity: str
    external_id: str
    content_sha256: str
    size_bytes: int
    enqueued_at: datetime
    body: bytes = b""
    state: int = ENQUEUED
    started_at: datetime | None = None
    ended_at: datetime | None = None
    execution_id: str = ""
    entities: list[EntityResult] = field(default_factory=list)
    log: str = ""
    stuck: bool = False
    silent: bool = False

    @property
    def ended(self) -> bool:
        """True when it has come to an end."""
        return self.state in ENDED

    @property
    def rows_written(self) -> int:
        """Rows that reached the target."""
        return sum(entity.written for entity in self.entities)


class World:
    """Clients, recurring data jobs, messages, exports, tables, faults. Every method holds one lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = VirtualClock()
        self.tenant_id = "0f0f0f0f-1111-4222-8333-444444444444"
        self.client_id = "c1c1c1c1-1111-4222-8333-444444444444"
        self.client_secret = "simulator-secret"  # noqa: S105 - the default client of a simulator
        self.managed_identity_client_id = "c2c2c2c2-1111-4222-8333-444444444444"
        self.mapped_clients = {self.client_id, self.managed_identity_client_id}
        self.token_lifetime = timedelta(hours=1)
        self.on_premises = False
        self.state_form = "number"
        self.message_id_form = "quoted"
        self.post_process_word = "PostProcessingFailed"
        self.with_total_records = True
        self.with_log = False
        self.refuse_chunked = False
        self.keep_bodies = True
        self.batch_capacity = 8
        self.error_file_polls = 1
        self.auto_tick: timedelta | None = None
        self.faults = Faults()
        self.calls: deque[tuple[str, str, int]] = deque(maxlen=100_000)
        self.jobs: dict[str, ImportJob] = {}
        self.messages: dict[str, Message] = {}
        self.blobs: dict[str, bytes] = {}
        self.tables: Tables = {}
        self.queue = ExportQueue(self.clock)
        self.package_exports = PackageExports()
        self._most: dict[str, int] = {}

    # --- what there is -------------------------------------------------------------------------------------------

    def add_import_job(
        self,
        activity_id: str,
        data_project: str,
        kind: str = "file",
        entity: str | None = None,
        company: str = "USMF",
        use_company_from_message: bool = True,
        ordered: bool = False,
        policy: set[str] | None = None,
    ) -> ImportJob:
        """Add a recurring import. `policy` lists the clients it admits; None admits every mapped one."""
        job = ImportJob(
            activity_id.lower(), data_project, kind, entity, company, use_company_from_message, ordered, policy
        )
        with self.lock:
            self.jobs[job.activity_id] = job
        return job

    def add_export_job(self, activity_id: str, data_project: str, entity: str = "") -> None:
        """Add a recurring export."""
        with self.lock:
            self.queue.add_job(activity_id, data_project, entity)

    def export(self, activity_id: str, content: bytes | None, correlation_id: str | None = None) -> str:
        """The export's own recurrence made a package (None: a message without a file). Returns the correlation ID."""
        with self.lock:
            return self.queue.produce(activity_id, content, correlation_id)

    @property
    def exports(self) -> list:  # type: ignore[type-arg]  # the export messages, see exports.py
        """All export messages ever made, oldest first."""
        return self.queue.messages

    # --- enqueue -------------------------------------------------------------------------------------------------

    def enqueue(self, activity_id: str, entity: str, company: str, external_id: str, body: bytes) -> Message:
        """Take a file: always a new message, whatever was sent before."""
        with self.lock:
            job = self.jobs[activity_id]
            legal_entity = company if company and job.use_company_from_message else job.company
            message = Message(
                message_id=str(uuid.uuid4()),
                activity_id=activity_id,
                entity=entity or job.entity or "",
                legal_entity=legal_entity,
                external_id=external_id,
                content_sha256=hashlib.sha256(body).hexdigest(),
                size_bytes=len(body),
                enqueued_at=self.clock.now(),
                body=body if self.keep_bodies and len(body) <= LARGEST_KEPT_BYTES else b"",
            )
            self.messages[message.message_id] = message
            self._note_in_flight(activity_id)
            return message

    def import_package(self, project: str, execution_id: str, legal_entity: str, body: bytes) -> Message:
        """The package API: an execution named by its caller, run by the batch group like any other."""
        with self.lock:
            activity_id = f"package api: {project}"
            self.jobs.setdefault(activity_id, ImportJob(activity_id, project, "package"))
            message = self.enqueue(activity_id, "", legal_entity, execution_id, body)
            message.execution_id = execution_id or f"{project}-{uuid.uuid4().hex.upper()}"
            return message

    def _note_in_flight(self, activity_id: str) -> None:
        for key in (activity_id, ""):
            open_now = sum(1 for m in self.messages.values() if not m.ended and key in {"", m.activity_id})
            self._most[key] = max(self._most.get(key, 0), open_now)

    # --- the batch group -----------------------------------------------------------------------------------------

    def recurrence_tick(self) -> None:
        """One recurrence: what runs comes to its end, then what waits starts, as far as the batch group has room."""
        with self.lock:
            running = [m for m in self.messages.values() if m.state == IN_PROCESS]
            for message in running:
                if not message.stuck and not self._hangs(message):
                    self._run(message)
            self.package_exports.ready()
            for message in [m for m in self.messages.values() if m.state == ENQUEUED]:
                if self._has_room(message):
                    self._start(message)

    def _has_room(self, message: Message) -> bool:
        """The batch group is finite; an ordered job runs one message at a time (File jobs only)."""
        running = [m for m in self.messages.values() if m.state == IN_PROCESS]
        if len(running) >= self.batch_capacity:
            return False
        job = self.jobs[message.activity_id]
        in_order = job.ordered and job.kind == "file"
        return not (in_order and any(m.activity_id == message.activity_id for m in running))

    def _hangs(self, message: Message) -> bool:
        """A wrong label is accepted and then never ends (seen in the field)."""
        return self.jobs[message.activity_id].kind == "file" and message.entity not in CATALOGUE

    def _start(self, message: Message) -> None:
        message.state = IN_PROCESS
        message.started_at = self.clock.now()
        project = self.jobs[message.activity_id].data_project
        stamp = f"{message.started_at:%Y-%m-%dT%H:%M:%S}"
        message.execution_id = message.execution_id or f"{project}-{stamp}-{uuid.uuid4().hex.upper()}"

    def _run(self, message: Message) -> None:
        job = self.jobs[message.activity_id]
        try:
            message.entities = self._import(job, message)
            bad = sum(e.staging_errors + e.target_errors for e in message.entities)
            message.state = WITH_ERRORS if bad else PROCESSED
        except PreProcessError as failure:
            message.state = PRE_PROCESS_ERROR
            message.log = str(failure) if self.with_log and not message.silent else ""
        message.ended_at = self.clock.now()

    def _import(self, job: ImportJob, message: Message) -> list[EntityResult]:
        if message.legal_entity.upper() not in {"USMF", "DEMF", "GBSI", "DAT"}:
            raise PreProcessError(f"Company {message.legal_entity} does not exist")
        tables = self._tables(message.legal_entity.upper())
        if job.kind == "package":
            return run_package(message.legal_entity.upper(), message.body, tables)
        if not message.body and message.size_bytes:
            return [EntityResult(message.entity, total=1, staged=1, written=1)]
        return run_file(message.entity, message.legal_entity.upper(), message.body, tables)

    def _tables(self, legal_entity: str) -> Tables:
        self.tables.setdefault(legal_entity, copy.deepcopy(SEED))
        return self.tables

    # --- what tests ask ------------------------------------------------------------------------------------------

    def messages_with(self, content: bytes | str) -> list[Message]:
        """Messages with this content (bytes, or its SHA-256 in hex), in any state."""
        digest = content if isinstance(content, str) else hashlib.sha256(content).hexdigest()
        with self.lock:
            return [m for m in self.messages.values() if m.content_sha256 == digest]

    def imports_of(self, content: bytes | str) -> list[Message]:
        """Messages with this content that ended and wrote rows: how many times was it loaded?"""
        return [m for m in self.messages_with(content) if m.ended and m.rows_written]

    def most_in_flight(self, activity_id: str | None = None) -> int:
        """The highest number of messages not ended that was ever there at once."""
        return self._most.get((activity_id or "").lower(), 0)

    def forget_expired(self) -> None:
        """Uploaded content and export files are kept for 7 days."""
        with self.lock:
            for message in self.messages.values():
                if self.clock.now() - message.enqueued_at > RETENTION:
                    message.body = b""
            self.queue.expire()

    def reset(self) -> None:
        """Forget messages, exports, faults and calls; keep jobs and clients."""
        with self.lock:
            self.messages.clear()
            self.tables.clear()
            self.faults.clear()
            self.calls.clear()
            self._most.clear()
            self.queue.clear()


def default_world() -> World:
    """A world with one file import, one package import and one export, for a first look."""
    world = World()
    world.add_import_job("11111111-1111-4111-8111-111111111111", "Customer groups import", "file", "Customer groups")
    world.add_import_job("22222222-2222-4222-8222-222222222222", "Customers package", "package")
    world.add_export_job("33333333-3333-4333-8333-333333333333", "Customer groups export", "Customer groups")
    return world
