"""Each export queue is emptied into the lake: dequeue, note, download, verify, commit, acknowledge. One at a time.

Until the manifest is written and the ledger says STORED, nothing is acknowledged. A crash anywhere leaves either a
message that F&O offers again, or content that the next delivery finds under its hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared import tracing
from shared.domain.export import (
    Delivery,
    DeliveryState,
    Dequeued,
    Export,
    outside_band,
    settle,
    staging_path,
    taken,
)
from shared.domain.feed import ExportFeed, FeedBook, NoFile
from shared.errors import Conflict, CourierError, Terminal, Transient
from shared.ports import Clock, Download, ExportLedger, ExportQueue, Lake
from shared.services.exports.export_gauges import ExportGauges
from shared.services.exports.export_store import BROKEN, Downloaded, ExportStore, Unverified
from shared.services.pausing import Pausing
from shared.services.watching.timers import Timers
from shared.telemetry import Event, emit

#: Deliveries that could not be finished stand aside so that the next message is not held up, but not without bound.
MOST_OPEN = 5


@dataclass(slots=True)
class DrainReport:
    """What one drain did for one feed: content stored, acknowledgements given, what it left open, why it stopped."""

    feed: str
    stored: list[Export] = field(default_factory=list)
    acknowledged: int = 0
    left: list[Delivery] = field(default_factory=list)
    stopped: str = ""
    defect: Exception | None = None


@dataclass(frozen=True, slots=True)
class ExportDrain:
    """The use case behind the export timer."""

    queue: ExportQueue
    lake: Lake
    ledger: ExportLedger
    store: ExportStore
    feeds: FeedBook
    pausing: Pausing
    gauges: ExportGauges
    timers: Timers
    clock: Clock
    budget: timedelta
    workers: int
    most_items: int = 1000

    def run(self) -> list[DrainReport]:
        """Drain every export feed, feeds side by side, within budget. One feed's trouble never stops another."""
        feeds, began_at = list(self.feeds.exports.values()), self.clock()
        reports: list[DrainReport] = []
        if feeds and not self.pausing.until():
            with ThreadPoolExecutor(min(self.workers, len(feeds)), thread_name_prefix="drain") as pool:
                stop_at, trace = began_at + self.budget, tracing.here()
                reports = list(pool.map(lambda feed: self._drain_guarded(feed, stop_at, trace), feeds))
        self._tell(reports, began_at)
        for defect in filter(None, (report.defect for report in reports)):
            raise defect
        return reports

    def _tell(self, reports: list[DrainReport], began_at: datetime) -> None:
        """Also a run that had nothing to drain has ended well."""
        left = [delivery for report in reports for delivery in report.left]
        if reports:
            delivered = [report.feed for report in reports if report.stored or report.acknowledged]
            self.gauges.tell(delivered, left)
        did, in_order = sum(report.acknowledged for report in reports), not any(report.defect for report in reports)
        self.timers.ended("drain_exports", began_at, did=did, left=len(left), in_order=in_order)

    def _drain_guarded(self, feed: ExportFeed, stop_at: datetime, trace: str) -> DrainReport:
        report = DrainReport(feed.name)
        try:
            with tracing.working_on("", trace):
                self._drain(feed, stop_at, report)
        except CourierError as failure:
            report.stopped = str(failure)
            emit(Event.EXPORT_STOPPED, None, feed=feed.name, error=str(failure))
        except Exception as defect:  # noqa: BLE001 - one feed's defect must not stop the rest; it is raised at the end
            report.defect = defect
            emit(Event.EXPORT_STOPPED, None, feed=feed.name, error=f"defect: {type(defect).__name__}: {defect}")
        return report

    def _drain(self, feed: ExportFeed, stop_at: datetime, report: DrainReport) -> None:
        left_open = sum(not self._resume(feed, *found, report) for found in self.ledger.open_deliveries(feed.name))
        for _ in range(self.most_items):
            if self.clock() >= stop_at or left_open >= MOST_OPEN:
                report.stopped = "budget" if left_open < MOST_OPEN else "too many unfinished deliveries"
                return
            message = self.queue.dequeue(feed.activity_id)
            if message is None:
                report.stopped = "empty"
                return
            delivery, seen = self.ledger.note(taken(feed, message, self.clock()))
            emit(Event.EXPORT_TAKEN, None, **_fields(delivery), redelivered=message.redelivered)
            left_open += not self._finish(feed, delivery, seen, report)

    def _resume(self, feed: ExportFeed, delivery: Delivery, seen: str, report: DrainReport) -> bool:
        """Take an open delivery over: the write decides which of two drains has it, and each try its own staging."""
        mine = replace(delivery, tries=delivery.tries + 1)
        try:
            seen = self.ledger.move(mine, seen)
        except Conflict:
            return True
        for earlier in range(mine.tries):
            self.lake.remove(staging_path(feed, replace(delivery, tries=earlier)))
        return self._finish(feed, mine, seen, report)

    def _finish(self, feed: ExportFeed, delivery: Delivery, seen: str, report: DrainReport) -> bool:
        """Carry one delivery as far as it goes; True when it is settled. What can pass later leaves it open."""
        if delivery.is_over(self.clock()):
            self._lapse(feed, delivery, seen)
            return True
        try:
            if delivery.state is DeliveryState.TAKEN:
                delivery, seen = self._store(feed, delivery, seen, report)
            if delivery.state is not DeliveryState.STORED:
                return True
            if delivery.is_over(self.clock()):
                self._lapse(feed, delivery, seen)
            else:
                self._acknowledge(delivery, seen, report)
        except Conflict:
            emit(Event.JOB_CONFLICT, None, **_fields(delivery))
            return True
        except (Transient, Terminal) as failure:
            return self._leave_open(delivery, seen, failure, report)
        return True

    def _store(self, feed: ExportFeed, delivery: Delivery, seen: str, report: DrainReport) -> tuple[Delivery, str]:
        message = self.queue.read(delivery.raw)
        if not message.has_file:
            return self._without_file(feed, delivery, seen, message)
        downloaded = self._download(feed, delivery, message)
        known = self.ledger.find(feed.name, downloaded.sha256[:32])
        export = self.store.store(feed, delivery, downloaded)
        if export is None:
            raise Transient("the copy in the lake is under way")
        is_new = known is None or known.committed_at is None
        if is_new and not downloaded.length_known and any(f.rule == BROKEN for f in export.findings):
            return self._distrust(delivery, seen)
        why = "stored, not acknowledged"
        delivery = replace(delivery, state=DeliveryState.STORED, reason=why, content_key=export.key)
        seen = self.ledger.move(delivery, seen)
        event = Event.EXPORT_STORED if is_new else Event.EXPORT_RECOGNISED
        emit(event, None, **_fields(delivery), path=export.raw_path, rows=export.rows)
        if is_new:
            report.stored.append(export)
            _tell_oddities(feed, export)
        return delivery, seen

    def _distrust(self, delivery: Delivery, seen: str) -> tuple[Delivery, str]:
        """A zip without an end, whose length F&O did not announce, may have been cut: it must come again the same."""
        why = "broken, and its length was not announced: acknowledged only when it comes again the same"
        left = settle(delivery, DeliveryState.LEFT, self.clock(), why)
        emit(Event.EXPORT_DELAYED, None, **_fields(left), why=why)
        return left, self.ledger.move(left, seen)

    def _without_file(self, feed: ExportFeed, delivery: Delivery, seen: str, message: Dequeued) -> tuple[Delivery, str]:
        """A message of an export with zero records: acknowledged, or left to come again, as the feed says."""
        emit(Event.EXPORT_NO_FILE, None, **_fields(delivery), said=message.message)
        if feed.no_file is NoFile.LEAVE:
            left = settle(delivery, DeliveryState.LEFT, self.clock(), f"no file: {message.message}")
            return left, self.ledger.move(left, seen)
        stored = replace(delivery, state=DeliveryState.STORED, reason=f"no file: {message.message}")
        return stored, self.ledger.move(stored, seen)

    def _download(self, feed: ExportFeed, delivery: Delivery, message: Dequeued) -> Downloaded:
        """Stream the file into the lake's staging, taking its hash on the way."""
        path = staging_path(feed, delivery)
        with closing(self.queue.download(message.download_location)) as download:
            passing = _Passing(download, lambda: delivery.is_over(self.clock()))
            self.lake.put(path, passing.blocks())
            announced = download.size_bytes
        if announced is not None and announced != passing.size_bytes:
            raise Unverified(f"F&O announced {announced} bytes and sent {passing.size_bytes}")
        return Downloaded(path, passing.sha256, passing.size_bytes, length_known=announced is not None)

    def _acknowledge(self, delivery: Delivery, seen: str, report: DrainReport) -> None:
        self.queue.acknowledge(delivery.activity_id, delivery.raw)
        done = settle(delivery, DeliveryState.ACKNOWLEDGED, self.clock(), "acknowledged")
        self.ledger.move(done, seen)
        report.acknowledged += 1
        emit(Event.EXPORT_ACKNOWLEDGED, None, **_fields(done))

    def _lapse(self, feed: ExportFeed, delivery: Delivery, seen: str) -> None:
        """The lease is about to end: whatever is unfinished comes again under a new pop receipt."""
        was = "stored, not acknowledged" if delivery.state is DeliveryState.STORED else "not stored"
        lapsed = settle(delivery, DeliveryState.LAPSED, self.clock(), f"{was} when the lease ran out; it comes again")
        try:
            self.lake.remove(staging_path(feed, delivery))
            self.ledger.move(lapsed, seen)
        except Conflict:
            return
        emit(Event.EXPORT_LAPSED, None, **_fields(lapsed), why=lapsed.reason)

    def _leave_open(self, delivery: Delivery, seen: str, failure: CourierError, report: DrainReport) -> bool:
        """Note why it could not be finished; False, for it is open still (True when another drain has it)."""
        reason = "stored, not acknowledged: " if delivery.state is DeliveryState.STORED else "not stored: "
        waiting = replace(delivery, reason=f"{reason}{failure}")
        emit(Event.EXPORT_DELAYED, None, **_fields(waiting), why=waiting.reason)
        try:
            self.ledger.move(waiting, seen)
        except Conflict:
            return True
        report.left.append(waiting)
        return False


class _Passing:
    """Blocks of a download with hash and length of what has passed."""

    def __init__(self, download: Download, is_over: Callable[[], bool]) -> None:
        self._download = download
        self._is_over = is_over
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        for block in self._download.blocks():
            if self._is_over():
                raise Transient("the lease is about to end; the download is given up and comes again")
            self._hash.update(block)
            self.size_bytes += len(block)
            yield block


def _tell_oddities(feed: ExportFeed, export: Export) -> None:
    odd = outside_band(feed, export.rows)
    if odd:
        emit(Event.EXPORT_ODD, None, feed=feed.name, export_id=export.export_id, why=odd)
    for finding in export.findings:
        emit(Event.EXPORT_REFUSED, None, feed=feed.name, export_id=export.export_id, why=finding.sentence())


def _fields(delivery: Delivery) -> dict[str, object]:
    return {
        "feed": delivery.feed,
        "delivery_id": delivery.delivery_id,
        "correlation_id": delivery.correlation_id,
        "state": delivery.state.value,
    }
