"""The processes of a soak: one Azurite with its state on disk, one simulator, and the hosts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient

from local.app_settings import LANDING, ROOT, for_local_run, without_ours
from local.azurite import Azurite
from local.children import Child
from local.soak.app import EVENTS
from local.soak.erp_control import Erp
from local.soak.fast_clock import FastClock
from local.soak.hosts import READY_WITHIN, Hosts, tethered
from local.soak.plan import feeds_yaml
from local.stack import client_of
from local.storage import create_places

#: Settings of a local run that are brisker than production's: in a soak the clock is, and these have their defaults.
_LEFT_TO_DEFAULTS = ("POLL_INTERVAL_SECONDS", "SWEEP_AFTER_SECONDS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """Everything that is up."""

    place: Path
    clock: FastClock
    azurite: Azurite
    erp: Erp
    hosts: Hosts
    settings: dict[str, str]
    witness_notes: Path
    blobs: BlobServiceClient
    events: QueueClient

    def land(self, path: str, content: bytes, event_delays_seconds: Sequence[int]) -> None:
        """Write a file into landing, and tell the hosts of it after each of these delays."""
        self.blobs.get_blob_client(LANDING, path).upload_blob(content)
        for delay_seconds in event_delays_seconds:
            self.events.send_message(path, visibility_timeout=delay_seconds)


@contextmanager
def up(place: Path, hosts: int, *, new_correlation: bool) -> Iterator[Arena]:
    """Start all of it with state and logs under `place`, which is empty; end all of it on leaving.

    Raises:
        ChildFailed: a part did not come up.
    """
    clock, logs, notes = FastClock(datetime.now(UTC)), place / "logs", place / "witness.jsonl"
    began_at = ["--began-at", clock.began_at.isoformat()]
    environ = without_ours(os.environ) | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    with ExitStack() as ends:
        azurite = ends.enter_context(Azurite.start(place / "azurite", logs / "azurite.log"))
        blobs = ends.enter_context(BlobServiceClient.from_connection_string(azurite.connection_string))
        events = ends.enter_context(QueueClient.from_connection_string(azurite.connection_string, EVENTS))
        create_places(azurite.connection_string)
        events.create_queue()
        environ["LAKE"] = azurite.connection_string
        told = [*began_at, "--notes", str(notes), *(["--new-correlation"] if new_correlation else [])]
        simulator = Child("the F&O simulator", tethered("local.soak.erp", *told), logs / "erp.log", environ, ROOT)
        ends.callback(simulator.stop)
        erp = Erp(simulator.wait_for(r"^F&O simulator ready: (\S+)", READY_WITHIN)[1])
        settings = _settings(azurite.connection_string, erp, place / "feeds.yaml")
        crowd = Hosts(hosts, environ | settings, began_at, logs)
        ends.callback(crowd.stop)
        crowd.wait_until_ready()
        yield Arena(
            place=place,
            clock=clock,
            azurite=azurite,
            erp=erp,
            hosts=crowd,
            settings=settings,
            witness_notes=notes,
            blobs=blobs,
            events=events,
        )


def _settings(storage: str, erp: Erp, feeds: Path) -> dict[str, str]:
    feeds.write_text(feeds_yaml(), encoding="utf-8")
    settings = for_local_run(storage, erp.url, client_of(erp.url)) | {"FEEDS_FILE": str(feeds)}
    return {name: value for name, value in settings.items() if name not in _LEFT_TO_DEFAULTS}
