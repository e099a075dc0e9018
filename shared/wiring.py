"""The one place where everything meets: Settings -> adapters -> services, built on first use."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from shared.adapters.blobs.files import BlobFiles
from shared.adapters.blobs.lake import BlobLake
from shared.adapters.d365.auth import TokenSource, credential_for
from shared.adapters.d365.certificate import certificate_ends_at
from shared.adapters.d365.client import D365Client
from shared.adapters.d365.evidence import D365Evidence
from shared.adapters.d365.exports import D365Exports
from shared.adapters.d365.transport import Transport
from shared.adapters.storage_clients import blob_service, table_service
from shared.adapters.tables.contents import TableContents
from shared.adapters.tables.exports import TableExports
from shared.adapters.tables.ledger import TableLedger
from shared.adapters.tables.old_rows import TableOldRows
from shared.adapters.tables.order import TableOrder
from shared.adapters.tables.pace import TablePace
from shared.adapters.tables.recent_pace import RecentPace
from shared.adapters.tables.view import TableView
from shared.adapters.tables.watch import TableWatch
from shared.domain.feed import FeedBook
from shared.errors import FaultyConfiguration
from shared.feeds.loading import load_feeds
from shared.ports import (
    Chance,
    Clock,
    ContentLedger,
    ErpEvidence,
    ErpGateway,
    ExportLedger,
    ExportQueue,
    Lake,
    Ledger,
    LedgerView,
    OldRows,
    OrderLedger,
    PaceLedger,
    WatchLedger,
)
from shared.services.doubt import Doubt
from shared.services.exports.export_drain import DrainReport, ExportDrain
from shared.services.exports.export_gauges import ExportGauges
from shared.services.exports.export_store import ExportStore
from shared.services.intake.admission import Admission
from shared.services.intake.bundling import Bundling
from shared.services.intake.checking import Checking
from shared.services.intake.duplicates import Duplicates
from shared.services.intake.intake import Intake
from shared.services.intake.ordering import Ordering
from shared.services.intake.packing import Packing
from shared.services.observing import Observing
from shared.services.outcomes.archiving import Archiving
from shared.services.outcomes.evidence import EvidenceCollection
from shared.services.outcomes.evidence_fetch import EvidenceFetch
from shared.services.outcomes.forgetting import Forgetting
from shared.services.pausing import Pausing
from shared.services.people.answers import Answers
from shared.services.people.handwork import Handwork
from shared.services.people.releasing import Releasing
from shared.services.polling import Polling
from shared.services.recovery import Recovery
from shared.services.submission import Submission
from shared.services.tick import Tick
from shared.services.watching.credential_watch import CredentialWatch
from shared.services.watching.day_sums import DaySums
from shared.services.watching.gauges import Gauges
from shared.services.watching.promises import Promises
from shared.services.watching.purging import Purging
from shared.services.watching.timers import Timers
from shared.services.watching.watching import Watching
from shared.settings import AuthKind, ErpSettings, Settings
from shared.telemetry import quiet_libraries


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What the triggers ring for, and the ports behind it for those who look on."""

    settings: Settings
    feeds: FeedBook
    ledger: Ledger
    exports: ExportLedger
    files: BlobFiles
    intake: Intake
    tick: Tick
    drain: ExportDrain
    forgetting: Forgetting
    releasing: Releasing
    handwork: Handwork
    answers: Answers
    watch: WatchLedger
    watching: Watching

    def file_landed(self, container: str, path: str) -> None:
        """A blob event: record the file, send it if there is room. A blob that is gone again is no fault."""
        source = self.files.describe(container, path)
        if source is not None:
            self.intake.receive(source, "event")

    def poll(self) -> None:
        """One run of the poll timer."""
        self.tick.run()

    def drain_exports(self) -> list[DrainReport]:
        """One run of the export timer."""
        return self.drain.run()

    def watch_promises(self) -> None:
        """One run of the timer of promises and daily sums."""
        self.watching.run()


@dataclass(frozen=True, slots=True)
class Doors:
    """The adapters of one engine, each behind its port."""

    ledger: Ledger
    exports: ExportLedger
    files: BlobFiles
    lake: Lake
    erp: ErpGateway
    evidence: ErpEvidence
    queue: ExportQueue
    pace: PaceLedger
    contents: ContentLedger
    order: OrderLedger
    view: LedgerView
    watch: WatchLedger
    old: OldRows


#: Two functions may be the first at the same time, each in a thread of its own.
_ONE_AT_A_TIME = threading.Lock()


def engine() -> Engine:
    """The engine of this process, from its environment. Raises FaultyConfiguration naming every fault."""
    with _ONE_AT_A_TIME:
        return _engine_of_this_process()


@cache
def _engine_of_this_process() -> Engine:
    if address := os.environ.get("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        _begin_telemetry(address)
    return engine_from(os.environ)


@cache
def _begin_telemetry(address: str) -> None:
    """Once in a process, also when no engine can be built. Without an address its packages are not even imported."""
    from shared.adapters.azure_monitor import Export

    Export(address, os.environ).begin()


def engine_from(environ: Mapping[str, str], clock: Clock | None = None, chance: Chance | None = None) -> Engine:
    """An engine for the given app settings. Nothing is read or called before this, nor kept outside it."""
    quiet_libraries()
    settings = Settings.from_environ(environ)
    clock = clock or _utc_now
    feeds = load_feeds(_read_feeds(settings.feeds_file), environ, settings.erp.environment, settings.feeds_file)
    return assemble(settings, feeds, _open_doors(settings, clock), clock, chance or random.random)


def _open_doors(settings: Settings, clock: Clock) -> Doors:
    erp = settings.erp
    tokens = TokenSource(f"{erp.base_url}/.default", lambda: credential_for(erp), clock)
    table = table_service(settings.ledger).get_table_client(settings.ledger_table)
    pace = RecentPace(TablePace(table), clock)
    transport = Transport(erp.base_url, tokens, clock, Pausing(pace, clock).note)
    return Doors(
        ledger=TableLedger(table),
        exports=TableExports(table),
        files=BlobFiles(blob_service(settings.files), settings.landing_container),
        lake=BlobLake(blob_service(settings.lake), settings.lake_container),
        erp=D365Client(transport),
        evidence=D365Evidence(transport),
        queue=D365Exports(transport),
        pace=pace,
        contents=TableContents(table),
        order=TableOrder(table),
        view=TableView(table),
        watch=TableWatch(table),
        old=TableOldRows(table),
    )


def gateway(erp: ErpSettings, clock: Clock | None = None) -> ErpGateway:
    """The way into F&O alone, for a command that keeps no ledger."""
    clock = clock or _utc_now
    tokens = TokenSource(f"{erp.base_url}/.default", lambda: credential_for(erp), clock)
    return D365Client(Transport(erp.base_url, tokens, clock))


def assemble(settings: Settings, feeds: FeedBook, doors: Doors, clock: Clock, chance: Chance) -> Engine:
    """Put the services behind the given doors."""
    ledger, files, erp = doors.ledger, doors.files, doors.erp
    archive, rejected, outcomes = (
        settings.archive_container,
        settings.rejected_container,
        settings.outcomes_container,
    )
    shortest, longest = settings.poll_interval, settings.poll_interval_longest
    fetch = EvidenceFetch(files, doors.evidence, clock)
    evidence = EvidenceCollection(ledger, files, fetch, clock, outcomes, shortest, longest)
    archiving = Archiving(ledger, files, evidence, clock, archive, rejected, outcomes)
    ordering = Ordering(ledger, doors.order, clock)
    admission = Admission(doors.pace, feeds, ordering, clock)
    packing, duplicates = Packing(files, Checking(files)), Duplicates(ledger, doors.contents, clock)
    submission = Submission(ledger, erp, feeds, admission, packing, duplicates, archiving, clock, chance)
    bundling = Bundling(ledger, files, feeds, archiving, clock)
    intake = Intake(ledger, feeds, ordering, submission, bundling, archiving, clock)
    polling = Polling(ledger, erp, feeds, archiving, Observing(doors.pace, clock), clock, shortest, longest)
    doubt = Doubt(ledger, files, erp, feeds, clock, shortest, longest)
    recovery = Recovery(ledger, files, feeds, intake, submission, doubt, clock, settings.sweep_after)
    budget, workers = settings.tick_budget, settings.tick_workers
    pausing, every = Pausing(doors.pace, clock), settings.sweep_after
    gauges, timers = Gauges(ledger, doors.view, feeds, clock), Timers(doors.watch, clock)
    tick = Tick(
        ledger, intake, submission, polling, archiving, recovery, pausing, gauges, timers, clock, budget, workers, every
    )
    store, lags = ExportStore(doors.lake, doors.exports, clock), ExportGauges(doors.watch, feeds, clock)
    drain = ExportDrain(
        doors.queue, doors.lake, doors.exports, store, feeds, pausing, lags, timers, clock, budget, workers
    )
    sums = DaySums(ledger, doors.view, doors.watch, clock)
    purging = Purging(ledger, doors.old, files, clock, settings.ledger_keep, budget, workers)
    promises = Promises(doors.view, doors.watch, feeds, clock)
    watching = Watching(promises, sums, purging, CredentialWatch(ledger, _end_of(settings.erp), clock), timers, clock)
    forgetting = Forgetting(ledger, files, clock, outcomes)
    releasing = Releasing(ledger, doors.order, archiving, feeds, clock)
    handwork = Handwork(ledger, files, doors.pace, intake, archiving, releasing, feeds, clock)
    return Engine(
        settings=settings,
        feeds=feeds,
        ledger=ledger,
        exports=doors.exports,
        files=files,
        intake=intake,
        tick=tick,
        drain=drain,
        forgetting=forgetting,
        releasing=releasing,
        handwork=handwork,
        answers=Answers(ledger, doors.view, doors.watch, doors.exports, doors.pace, feeds, clock),
        watch=doors.watch,
        watching=watching,
    )


def _end_of(erp: ErpSettings) -> Callable[[], datetime] | None:
    return partial(certificate_ends_at, erp) if erp.auth is AuthKind.CERTIFICATE else None


def _read_feeds(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise FaultyConfiguration(path, [f"cannot be read: {error.strerror}"]) from error


def _utc_now() -> datetime:
    return datetime.now(UTC)
