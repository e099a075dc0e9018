"""What the courier tells, sent to Application Insights by OpenTelemetry. Heavy: imported only where it is configured.

Only the courier's own events leave, with the fields that emit() gives them; no line of any library does.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from azure.monitor.opentelemetry.exporter import (
    AzureMonitorLogExporter,
    AzureMonitorMetricExporter,
    AzureMonitorTraceExporter,
)
from opentelemetry import context, trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared import tracing
from shared.telemetry import METRICS, Kind, log, readings

if TYPE_CHECKING:
    from opentelemetry._logs import Logger
    from opentelemetry.metrics import Meter

_NAME = "courier"
#: Each measure of each feed is a row every time, so not each minute.
_MEASURED_EVERY_MS = 300_000
#: The exporter would also report on itself and ask for instructions, at addresses of Microsoft's that nobody named.
_TO_NOBODY_ELSE = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
)
_SEVERITY = {
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}
#: What every log record has by itself; the rest is what emit() gave it.
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Export:
    """The way out of one process: lines, measures and spans, each sent in batches from a thread of its own."""

    def __init__(self, connection_string: str, environ: Mapping[str, str]) -> None:
        """`connection_string` names the component; APPLICATIONINSIGHTS_AUTHENTICATION_STRING says how to sign in."""
        for name in _TO_NOBODY_ELSE:
            os.environ.setdefault(name, "true")  # the library reads nothing but the environment for these
        resource = Resource(
            {
                "service.name": environ.get("WEBSITE_SITE_NAME", "fo-courier"),
                "service.instance.id": environ.get("WEBSITE_INSTANCE_ID", ""),
            }
        )
        options: dict[str, Any] = {"connection_string": connection_string, "disable_offline_storage": True}
        self._lines = LoggerProvider(resource)
        self._lines.add_log_record_processor(BatchLogRecordProcessor(AzureMonitorLogExporter(**options)))
        often = float(environ.get("OTEL_METRIC_EXPORT_INTERVAL", _MEASURED_EVERY_MS))
        reader = PeriodicExportingMetricReader(AzureMonitorMetricExporter(**options), often)
        self._measures = MeterProvider([reader], resource)
        self._spans = TracerProvider(resource=resource)
        self._spans.add_span_processor(BatchSpanProcessor(AzureMonitorTraceExporter(**options)))
        self._handler = _Lines(self._lines.get_logger(_NAME), self._measures.get_meter(_NAME))

    def begin(self) -> None:
        """From now on what is told leaves."""
        log.addHandler(self._handler)
        log.setLevel(logging.INFO)
        tracing.begin(_Spans(self._spans.get_tracer(_NAME)))

    def end(self) -> None:
        """Send what is left, and no more."""
        log.removeHandler(self._handler)
        tracing.begin(None)
        for provider in (self._lines, self._measures, self._spans):
            provider.shutdown()


class _Lines(logging.Handler):
    """Each event as a line with its fields, and as the measures that it stands for."""

    def __init__(self, logger: Logger, meter: Meter) -> None:
        super().__init__(logging.INFO)
        self._logger = logger
        make = {Kind.COUNT: meter.create_counter, Kind.GAUGE: meter.create_gauge, Kind.SPREAD: meter.create_histogram}
        made = {metric.name: make[metric.kind](metric.name, metric.unit, metric.meaning) for metric in METRICS}
        self._instruments: dict[str, Any] = dict(made)

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        try:
            told = {key: value for key, value in vars(record).items() if key not in _PLAIN}
            self._logger.emit(
                LogRecord(
                    timestamp=int(record.created * 1e9),
                    context=context.get_current(),
                    severity_number=_SEVERITY.get(record.levelno, SeverityNumber.INFO),
                    severity_text=record.levelname,
                    body=record.getMessage(),
                    attributes={key: _attribute(value) for key, value in told.items()},
                )
            )
            for name, value, dimensions in readings(told):
                instrument = self._instruments[name]
                (instrument.set if hasattr(instrument, "set") else _adder(instrument))(value, dict(dimensions))
        except Exception:  # noqa: BLE001 - as every logging.Handler: telemetry never stops the work
            self.handleError(record)


def _adder(instrument: Any) -> Any:
    return instrument.add if hasattr(instrument, "add") else instrument.record


def _attribute(value: object) -> str | bool | int | float:
    return value if isinstance(value, bool | int | float) else str(value)


class _Spans:
    """Tracing by OpenTelemetry."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    def here(self) -> str:
        """See Backend."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get("traceparent", "")

    @contextmanager
    def within(self, parent: str) -> Iterator[None]:
        """See Backend."""
        token = context.attach(self._propagator.extract({"traceparent": parent}) if parent else context.get_current())
        try:
            yield
        finally:
            context.detach(token)

    @contextmanager
    def call(self, name: str, method: str, host: str, linked: str) -> Iterator[tracing.Answered]:
        """See Backend."""
        told = {"http.request.method": method, "url.full": f"https://{host}/{name}"}
        with self._tracer.start_as_current_span(
            name, kind=SpanKind.CLIENT, attributes=told, links=self._links(linked), record_exception=False
        ) as span:

            def answered(status: int) -> None:
                span.set_attribute("http.response.status_code", status)
                if status >= 400:
                    span.set_status(Status(StatusCode.ERROR))

            yield answered

    def _links(self, linked: str) -> list[Link]:
        found = trace.get_current_span(self._propagator.extract({"traceparent": linked})).get_span_context()
        return [Link(found)] if linked and found.is_valid else []
