"""The engine on Azurite and the simulator, with a clock that tests move. Nothing sleeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.job import Job
from shared.wiring import Engine, engine_from
from tests.leaks import leaks_in

FILE_ACTIVITY = "11111111-1111-4111-8111-111111111111"
PACKAGE_ACTIVITY = "22222222-2222-4222-8222-222222222222"
EXPORT_ACTIVITY = "33333333-3333-4333-8333-333333333333"
GOOD_CSV = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n50,Retail\r\n"

FEEDS = """\
version: 1
environment: local
max_in_flight: 6
feeds:
  customer-groups:
    shape: file
    entity: Customer groups
    activity_id: 11111111-1111-4111-8111-111111111111
    companies: [USMF, DEMF]
    max_size: 50MB
    max_in_flight: 2
    overdue_after: 2h
  resendable:
    shape: file
    entity: Customer groups
    activity_id: 11111111-1111-4111-8111-111111111111
    companies: [USMF]
    max_in_flight: 2
    lost_answer: resend
  customers:
    shape: package
    activity_id: 22222222-2222-4222-8222-222222222222
    companies: [USMF]
exports:
  groups-out:
    activity_id: 33333333-3333-4333-8333-333333333333
    lake: lake/groups
    no_file: acknowledge
"""


@dataclass
class Stage:
    """Everything a scenario needs at hand."""

    engine: Engine
    simulator: Any
    blobs: Any
    clock: Any
    environ: dict[str, str]
    landing: str
    archive: str
    rejected: str
    outcomes: str
    lake: str

    @property
    def world(self) -> Any:
        """The simulator's world."""
        return self.simulator.world

    def drop(self, path: str, content: bytes = GOOD_CSV, event: bool = True) -> str:
        """Write a file as upstream would; `event` says whether Event Grid tells of it. Returns the path."""
        self.blobs.get_blob_client(self.landing, path).upload_blob(content, overwrite=True)
        if event:
            self.engine.file_landed(self.landing, path)
        return path

    def job(self, path: str) -> Job:
        """The job of the blob now at `path`, or the newest one that was."""
        found = [job for job in self.jobs() if job.source.path == path]
        assert found, f"no job for {path}"
        return max(found, key=lambda job: job.created_at)

    def jobs(self) -> list[Job]:
        """All jobs of all feeds, by any business date that the scenarios use."""
        from shared.adapters.tables.ledger_rows import from_row

        table = self.engine.ledger._table  # the scenario looks past the port, as an auditor would
        rows = table.query_entities("PartitionKey ge 'job.' and PartitionKey lt 'job/'")
        return [from_row(dict(row)) for row in rows]

    def tick(self, after: timedelta = timedelta(0)) -> None:
        """Let time pass on both sides and run the poll timer once."""
        self.pass_time(after)
        self.engine.poll()

    def pass_time(self, span: timedelta) -> None:
        """Let time pass on both sides."""
        self.clock.advance(span)
        self.world.clock.advance(span)

    def run_to_the_end(self, rounds: int = 30, step: timedelta = timedelta(minutes=5)) -> None:
        """Tick with the ERP's recurrence in between until no job is open."""
        for _ in range(rounds):
            self.world.recurrence_tick()
            self.tick(step)
            if all(job.is_final and job.archived_at for job in self.jobs()):
                return
        open_jobs = [(job.source.path, job.state, job.reason) for job in self.jobs() if not job.archived_at]
        raise AssertionError(f"still open: {open_jobs}")

    def in_landing(self) -> list[str]:
        """Paths in landing."""
        return sorted(blob.name for blob in self.blobs.get_container_client(self.landing).list_blobs())

    def archived(self, job: Job, name: str = "job.json") -> Any:
        """A file of the job's folder; JSON is parsed."""
        container, _, folder = job.archive_path.partition("/")
        body = self.blobs.get_blob_client(container, f"{folder}/{name}").download_blob().readall()
        return json.loads(body) if name.endswith(".json") else body

    def edit_feeds(self, find: str, put: str) -> None:
        """Change the feeds file; an engine made after this has read it."""
        path = Path(self.environ["FEEDS_FILE"])
        text = path.read_text(encoding="utf-8")
        assert find in text
        path.write_text(text.replace(find, put), encoding="utf-8")

    def outcome(self, path: str) -> Any:
        """What the sender of a file reads of its end."""
        return json.loads(self.blobs.get_blob_client(self.outcomes, path).download_blob().readall())

    def another_host(self) -> Engine:
        """A second process's engine on the same storage and ERP."""
        return engine_from(self.environ, self.clock, lambda: 0.5)


@pytest.fixture
def stage(azurite: Any, storage_names: Any, simulator: Any, clock: Any, tmp_path: Any) -> Iterator[Stage]:
    """A fresh stage: own containers, own table, own simulator."""
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient

    names = {kind: storage_names.container(kind) for kind in ("landing", "archive", "rejected", "outcomes", "lake")}
    table = storage_names.table("ledger")
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(FEEDS)
    world = simulator.world
    environ = {
        "FILES": azurite.connection_string,
        "LEDGER": azurite.connection_string,
        "LAKE": azurite.connection_string,
        "LAKE_CONTAINER": names["lake"],
        "LANDING_CONTAINER": names["landing"],
        "ARCHIVE_CONTAINER": names["archive"],
        "REJECTED_CONTAINER": names["rejected"],
        "OUTCOMES_CONTAINER": names["outcomes"],
        "LEDGER_TABLE": table,
        "FEEDS_FILE": str(feeds),
        "D365_ENVIRONMENT": "local",
        "D365_BASE_URL": simulator.url,
        "D365_AUTH": "local",
        "D365_TOKEN_URL": f"{simulator.url}/{world.tenant_id}/oauth2/v2.0/token",
        "D365_CLIENT_ID": world.client_id,
        "D365_CLIENT_SECRET": world.client_secret,
    }
    with (
        BlobServiceClient.from_connection_string(azurite.connection_string) as blobs,
        TableServiceClient.from_connection_string(azurite.connection_string) as tables,
    ):
        for name in names.values():
            blobs.create_container(name)
        tables.create_table(table)
        clock.now = world.clock.now()
        engine = engine_from(environ, clock, lambda: 0.5)
        stage = Stage(engine, simulator, blobs, clock, environ, **names)
        yield stage
        assert _leaks_in_what_was_kept(stage) == []


def _leaks_in_what_was_kept(stage: Stage) -> list[str]:
    """Reports, indexes and outcomes hold no token and no signed URL, whatever the scenario was."""
    found = []
    for container in (stage.archive, stage.rejected, stage.outcomes):
        client = stage.blobs.get_container_client(container)
        for name in client.list_blob_names():
            if name.endswith((".json", ".md", ".html")):
                text = client.download_blob(name).readall().decode("utf-8", "replace")
                found += [f"{name}: {leak}" for leak in leaks_in(text, private=())]
    return found
