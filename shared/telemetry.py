"""Names of events and measures, and emit(): one line per thing that happened to a job.

An event's name is constant, dotted, lower case and never reworded; everything else is a field. docs/operations.md
lists them all, and a test compares the two. No field holds a token, a signed URL or row content.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.job import Job

log = logging.getLogger("courier")


class Event(StrEnum):
    """Everything the courier tells about."""

    JOB_RECEIVED = "job.received"
    JOB_COLLECTING = "job.collecting"
    JOB_REJECTED = "job.rejected"
    JOB_WAITING = "job.waiting"
    JOB_SENDING = "job.sending"
    JOB_ENQUEUED = "job.enqueued"
    JOB_IN_DOUBT = "job.in_doubt"
    JOB_ADOPTED = "job.adopted"
    JOB_RUNNING = "job.running"
    JOB_ENDED = "job.ended"
    JOB_OVERDUE = "job.overdue"
    JOB_ARCHIVED = "job.archived"
    JOB_ARCHIVE_DELAYED = "job.archive_delayed"
    JOB_EVIDENCE_SAVED = "job.evidence_saved"
    JOB_EVIDENCE_DELAYED = "job.evidence_delayed"
    JOB_EVIDENCE_AT_RISK = "job.evidence_at_risk"
    JOB_FORGOTTEN = "job.forgotten"
    JOB_SENT_UNRECORDED = "job.sent_unrecorded"
    JOB_CONFLICT = "job.conflict"
    STATUS_UNKNOWN = "status.unknown_word"
    STATUS_UNAVAILABLE = "status.unavailable"
    ERP_ACCESS_REFUSED = "erp.access_refused"
    ERP_THROTTLED = "erp.throttled"
    ERP_PAUSE_UNNOTED = "erp.pause_unnoted"
    JOB_SATURATED = "job.saturated"
    JOB_SATURATION_OVER = "job.saturation_over"
    HISTORY_UNNOTED = "history.unnoted"
    ORDER_HELD = "order.held"
    ORDER_NUMBER_SKIPPED = "order.number_skipped"
    JOB_RELEASED = "job.released"
    JOB_REPLAYED = "job.replayed"
    JOB_CLOSED = "job.closed"
    EVIDENCE_ASKED_AGAIN = "job.evidence_asked_again"
    CREDENTIAL_ENDS = "credential.ends"
    FEED_PAUSED = "feed.paused"
    FEED_RESUMED = "feed.resumed"
    CIRCUIT_OPENED = "feed.circuit_opened"
    CIRCUIT_CLOSED = "feed.circuit_closed"
    CIRCUIT_UNNOTED = "feed.circuit_unnoted"
    LANDING_FOUND = "landing.found_by_sweep"
    SLOT_FREED = "slot.freed"
    EXPORT_TAKEN = "export.taken"
    EXPORT_STORED = "export.stored"
    EXPORT_RECOGNISED = "export.recognised"
    EXPORT_ACKNOWLEDGED = "export.acknowledged"
    EXPORT_NO_FILE = "export.no_file"
    EXPORT_ODD = "export.odd"
    EXPORT_REFUSED = "export.not_unpacked"
    EXPORT_DELAYED = "export.delayed"
    EXPORT_LAPSED = "export.lapsed"
    EXPORT_STOPPED = "export.stopped"
    JOB_ODD = "job.odd"
    FEED_EXPECTED_MISSING = "feed.expected_missing"
    FEED_LATE = "feed.late"
    FEED_RECOVERED = "feed.recovered"
    DAY_BALANCE = "day.balance"
    BALANCE_OFF = "balance.off"
    BALANCE_EVEN = "balance.even"
    LEDGER_PURGED = "ledger.purged"
    LEDGER_GAUGE = "ledger.gauge"
    EXPORT_GAUGE = "export.gauge"
    TICK_DONE = "tick.done"
    TICK_CUT_SHORT = "tick.cut_short"
    TICK_STEP_FAILED = "tick.step_failed"


_LEVELS = {
    Event.JOB_REJECTED: logging.WARNING,
    Event.JOB_IN_DOUBT: logging.ERROR,
    Event.JOB_ADOPTED: logging.WARNING,
    Event.JOB_OVERDUE: logging.WARNING,
    Event.JOB_SENT_UNRECORDED: logging.CRITICAL,
    Event.JOB_ARCHIVE_DELAYED: logging.WARNING,
    Event.JOB_EVIDENCE_DELAYED: logging.WARNING,
    Event.JOB_EVIDENCE_AT_RISK: logging.ERROR,
    Event.STATUS_UNKNOWN: logging.WARNING,
    Event.STATUS_UNAVAILABLE: logging.WARNING,
    Event.ERP_ACCESS_REFUSED: logging.WARNING,
    Event.ERP_THROTTLED: logging.WARNING,
    Event.ERP_PAUSE_UNNOTED: logging.WARNING,
    Event.JOB_SATURATED: logging.WARNING,
    Event.HISTORY_UNNOTED: logging.WARNING,
    Event.ORDER_HELD: logging.ERROR,
    Event.CIRCUIT_OPENED: logging.ERROR,
    Event.CIRCUIT_UNNOTED: logging.WARNING,
    Event.LANDING_FOUND: logging.WARNING,
    Event.EXPORT_NO_FILE: logging.WARNING,
    Event.EXPORT_ODD: logging.WARNING,
    Event.EXPORT_REFUSED: logging.ERROR,
    Event.EXPORT_DELAYED: logging.WARNING,
    Event.EXPORT_LAPSED: logging.ERROR,
    Event.EXPORT_STOPPED: logging.WARNING,
    Event.JOB_ODD: logging.WARNING,
    Event.FEED_EXPECTED_MISSING: logging.ERROR,
    Event.FEED_LATE: logging.ERROR,
    Event.BALANCE_OFF: logging.ERROR,
    Event.CREDENTIAL_ENDS: logging.WARNING,
    Event.TICK_CUT_SHORT: logging.WARNING,
    Event.TICK_STEP_FAILED: logging.ERROR,
}


class Kind(StrEnum):
    """How a measure adds up: a count of what happened, a state at a time, a spread of values."""

    COUNT = "count"
    GAUGE = "gauge"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A measure that is taken from an event: the value of its `field` (1 where none is named), by few-valued fields.

    A field that holds counts by name, as JSON, is measured for each `reason`.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    event: Event
    field: str = ""
    by: tuple[str, ...] = ("feed",)


_FILES, _MINUTES = "{file}", "min"
#: Everything that is measured, in units of UCUM. No dimension holds an ID: there are as many values as feeds.
METRICS = (
    Metric(
        name="courier.files.received",
        kind=Kind.COUNT,
        unit=_FILES,
        meaning="files that have landed",
        event=Event.JOB_RECEIVED,
    ),
    Metric(
        name="courier.files.ended",
        kind=Kind.COUNT,
        unit=_FILES,
        meaning="imports at their end, by outcome",
        event=Event.JOB_ENDED,
        by=("feed", "outcome"),
    ),
    Metric(
        name="courier.files.rejected",
        kind=Kind.COUNT,
        unit=_FILES,
        meaning="files that were unfit and not sent",
        event=Event.JOB_REJECTED,
    ),
    Metric(
        name="courier.files.open",
        kind=Kind.GAUGE,
        unit=_FILES,
        meaning="files landed and not ended",
        event=Event.LEDGER_GAUGE,
        field="open",
    ),
    Metric(
        name="courier.files.waiting",
        kind=Kind.GAUGE,
        unit=_FILES,
        meaning="files not sent yet, by what they wait for",
        event=Event.LEDGER_GAUGE,
        field="waiting_reasons",
        by=("feed", "reason"),
    ),
    Metric(
        name="courier.files.oldest",
        kind=Kind.GAUGE,
        unit=_MINUTES,
        meaning="since the oldest open file landed",
        event=Event.LEDGER_GAUGE,
        field="oldest_minutes",
    ),
    Metric(
        name="courier.evidence.oldest",
        kind=Kind.GAUGE,
        unit=_MINUTES,
        meaning="since the oldest import ended whose errors are not fetched",
        event=Event.LEDGER_GAUGE,
        field="evidence_oldest_minutes",
    ),
    Metric(
        name="courier.export.silence",
        kind=Kind.GAUGE,
        unit="h",
        meaning="since anything of the export was delivered",
        event=Event.EXPORT_GAUGE,
        field="hours_since_last",
    ),
    Metric(
        name="courier.run.duration",
        kind=Kind.SPREAD,
        unit="s",
        meaning="one run of a timer",
        event=Event.TICK_DONE,
        field="seconds",
        by=("tick",),
    ),
)


def readings(told: Mapping[str, object]) -> Iterator[tuple[str, float, Mapping[str, str]]]:
    """What one line measures: the measure's name, the value, and its dimensions."""
    for metric in METRICS:
        value = told.get(metric.field) if metric.field else 1
        if metric.event != told.get("event") or value is None:
            continue
        by = {name: str(told[name]) for name in metric.by if name in told}
        if isinstance(value, str):
            yield from ((metric.name, count, {**by, "reason": reason}) for reason, count in json.loads(value).items())
        elif isinstance(value, int | float):
            yield metric.name, value, by


def quiet_libraries() -> None:
    """Keep the libraries beneath us from logging each call: their lines bear URLs, signed ones among them."""
    for name in ("azure", "urllib3", "msal"):
        logging.getLogger(name).setLevel(logging.WARNING)


#: The job that this thread is at work on, for lines of what is told by places that know no jobs (calls to F&O).
_at_work_on: ContextVar[Job | None] = ContextVar("at_work_on", default=None)


@contextmanager
def about(job: Job) -> Iterator[None]:
    """Work on this job: until the end of the block, lines that name no job of their own are about it."""
    token = _at_work_on.set(job)
    try:
        yield
    finally:
        _at_work_on.reset(token)


def emit(event: Event, job: Job | None = None, **fields: object) -> None:
    """Log one event; with a job, or within `about` one, every line carries what finds the job again."""
    job = job or _at_work_on.get()
    told = {key: value for key, value in ((_job_fields(job) if job else {}) | fields).items() if value is not None}
    text = " ".join(f"{key}={value}" for key, value in told.items() if value != "")
    level = _LEVELS.get(event, logging.INFO)
    log.log(level, "%s %s", event.value, text, extra={"event": event.value, **told})


def _job_fields(job: Job) -> dict[str, object]:
    return {
        "job_id": job.job_id,
        "feed": job.feed,
        "state": job.state.value,
        "attempt": job.attempt,
        "message_id": job.message_id,
        "execution_id": job.execution_id,
    }
