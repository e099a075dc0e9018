"""The one place where everything meets: Settings -> adapters -> services, built on first use."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from shared.adapters.blob_files import BlobFiles
from shared.adapters.d365.auth import TokenSource, credential_for
from shared.adapters.d365.client import D365Client
from shared.adapters.storage_clients import blob_service, table_service
from shared.adapters.table_ledger import TableLedger
from shared.domain.feed import FeedBook
from shared.errors import FaultyConfiguration
from shared.feeds.loading import load_feeds
from shared.ports import Chance, Clock, ErpGateway, Ledger
from shared.services.archiving import Archiving
from shared.services.intake import Intake
from shared.services.polling import Polling
from shared.services.recovery import Recovery
from shared.services.submission import Submission
from shared.services.tick import Tick
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Engine:
    """What the triggers ring for, and the ports behind it for those who look on."""

    settings: Settings
    feeds: FeedBook
    ledger: Ledger
    files: BlobFiles
    intake: Intake
    tick: Tick

    def file_landed(self, container: str, path: str) -> None:
        """A blob event: record the file and send it if there is room. A blob that is gone again is no fault."""
        source = self.files.describe(container, path)
        if source is not None:
            self.intake.receive(source, "event")

    def poll(self) -> None:
        """One run of the poll timer."""
        self.tick.run()


@cache
def engine() -> Engine:
    """The engine of this process, from its environment. Raises FaultyConfiguration naming every fault."""
    import os

    return engine_from(os.environ)


def engine_from(environ: Mapping[str, str], clock: Clock | None = None, chance: Chance | None = None) -> Engine:
    """An engine for the given app settings. Nothing is read or called before this, nor kept outside it."""
    settings = Settings.from_environ(environ)
    clock = clock or _utc_now
    feeds = load_feeds(_read_feeds(settings.feeds_file), environ, settings.erp.environment, title=settings.feeds_file)
    ledger = TableLedger(table_service(settings.ledger).get_table_client(settings.ledger_table))
    files = BlobFiles(blob_service(settings.files), settings.landing_container)
    erp = settings.erp
    tokens = TokenSource(f"{erp.base_url}/.default", lambda: credential_for(erp), clock)
    gateway = D365Client(erp.base_url, tokens, clock)
    return assemble(settings, feeds, ledger, files, gateway, clock, chance or random.random)


def assemble(
    settings: Settings,
    feeds: FeedBook,
    ledger: Ledger,
    files: BlobFiles,
    erp: ErpGateway,
    clock: Clock,
    chance: Chance,
) -> Engine:
    """Put services over given adapters."""
    archiving = Archiving(ledger, files, clock, settings.archive_container, settings.rejected_container)
    submission = Submission(ledger, files, erp, feeds, archiving, clock, chance)
    intake = Intake(ledger, feeds, submission, archiving, clock)
    polling = Polling(ledger, erp, feeds, archiving, clock, settings.poll_interval, settings.poll_interval_longest)
    recovery = Recovery(ledger, files, feeds, intake, submission, clock, settings.sweep_after)
    tick = Tick(
        ledger,
        intake,
        submission,
        polling,
        archiving,
        recovery,
        clock,
        settings.tick_budget,
        settings.tick_workers,
        settings.sweep_after,
    )
    return Engine(settings, feeds, ledger, files, intake, tick)


def _read_feeds(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise FaultyConfiguration(path, [f"cannot be read: {error.strerror}"]) from error


def _utc_now() -> datetime:
    return datetime.now(UTC)
