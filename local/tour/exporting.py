"""Exports made by the simulator, followed until they lie in the lake and F&O knows it."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.samples.exports import ACTIVITY_ID, FEED, ExportSample
from shared.domain.export import Export
from shared.wiring import engine_from

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One export as the tour shows it: how F&O sees its message, and where its content lies in the lake."""

    name: str
    shows: str
    state: str
    rows: int | None
    expected_rows: int | None
    paths: tuple[str, ...]
    has_file: bool

    @property
    def is_as_expected(self) -> bool:
        """Acknowledged; and with a file, stored with the rows that were named beside it."""
        stored = bool(self.paths) and self.rows == self.expected_rows
        return self.state == "acknowledged" and stored is self.has_file


class Exporting:
    """The exports of one tour."""

    def __init__(self, settings: Mapping[str, str], erp_url: str) -> None:
        self._ledger = engine_from(settings).exports
        self._erp_url = erp_url
        self._made: list[tuple[ExportSample, str]] = []

    def make(self, sample: ExportSample) -> None:
        """Let the simulator's export produce a message."""
        query = "" if sample.content is not None else "?no_file=1"
        url = f"{self._erp_url}/_sim/exports/{ACTIVITY_ID}{query}"
        request = urllib.request.Request(url, data=sample.content or b"", method="POST")  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - loopback
            self._made.append((sample, json.load(answer)["correlation_id"]))

    def rows(self) -> list[ExportRow]:
        """Every export as F&O and the ledger have it now."""
        with urllib.request.urlopen(f"{self._erp_url}/_sim/exports", timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - loopback
            messages = {told["correlation_id"]: told for told in json.load(answer)}
        return [self._row(sample, messages[correlation_id]) for sample, correlation_id in self._made]

    def _row(self, sample: ExportSample, message: Mapping[str, Any]) -> ExportRow:
        export = self._stored(sample)
        paths = [member.path for member in export.members] if export else []
        return ExportRow(
            name=sample.name,
            shows=sample.shows,
            state=str(message["state"]),
            rows=export.rows if export else None,
            expected_rows=sample.rows,
            paths=(export.raw_path, *paths) if export else (),
            has_file=sample.content is not None,
        )

    def _stored(self, sample: ExportSample) -> Export | None:
        """The export's record, once its manifest is written."""
        if sample.content is None:
            return None
        found = self._ledger.find(FEED, hashlib.sha256(sample.content).hexdigest()[:32])
        return found if found and found.committed_at else None
