"""Deliveries and exports in the ledger's table. docs/ledger.md explains the keys.

A settled delivery moves to its history row in one transaction of one partition, so the open ones stay few.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, TableTransactionError, UpdateMode

from shared.adapters.storage_errors import translated
from shared.adapters.tables.long_text import packed, unpacked
from shared.domain.checks.findings import Finding
from shared.domain.export import OPEN_DELIVERIES, Delivery, DeliveryState, Export, StoredMember
from shared.errors import Conflict

Row = dict[str, Any]


class TableExports:
    """ExportLedger over a TableClient."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def note(self, delivery: Delivery) -> tuple[Delivery, str]:
        """See ExportLedger."""
        with translated("noting a delivery"):
            try:
                answer = self._table.create_entity(_delivery_row(delivery, "open"))
            except ResourceExistsError:
                row = self._table.get_entity(*_delivery_key(delivery, "open"))
                return _delivery(dict(row)), row.metadata["etag"] or ""
            return delivery, answer["etag"] or ""

    def move(self, delivery: Delivery, seen: str) -> str:
        """See ExportLedger."""
        with translated("moving a delivery"):
            if delivery.state in OPEN_DELIVERIES:
                return self._replace(delivery, seen)
            return self._settle(delivery, seen)

    def _replace(self, delivery: Delivery, seen: str) -> str:
        try:
            answer = self._table.update_entity(
                _delivery_row(delivery, "open"),
                mode=UpdateMode.REPLACE,
                etag=seen,
                match_condition=MatchConditions.IfNotModified,
            )
        except (ResourceModifiedError, ResourceNotFoundError) as error:
            raise Conflict(f"delivery {delivery.delivery_id} changed since it was read") from error
        return answer["etag"] or ""

    def _settle(self, delivery: Delivery, seen: str) -> str:
        partition, key = _delivery_key(delivery, "open")
        condition = {"etag": seen, "match_condition": MatchConditions.IfNotModified}
        try:
            self._table.submit_transaction(
                [
                    ("delete", {"PartitionKey": partition, "RowKey": key}, condition),
                    ("upsert", _delivery_row(delivery, "done")),
                ]
            )
        except TableTransactionError as error:
            if error.status_code in {404, 412}:
                raise Conflict(f"delivery {delivery.delivery_id} changed since it was read") from error
            raise
        return ""

    def open_deliveries(self, feed: str) -> list[tuple[Delivery, str]]:
        """See ExportLedger. A range of row keys of one partition."""
        bounds = f"PartitionKey eq 'delivery.{feed}' and RowKey ge 'open.' and RowKey lt 'open/'"
        with translated("listing open deliveries"):
            found = [(_delivery(dict(row)), row.metadata["etag"] or "") for row in self._table.query_entities(bounds)]
        return sorted(found, key=lambda pair: pair[0].taken_at)

    def claim(self, export: Export) -> Export:
        """See ExportLedger."""
        with translated("claiming an export"):
            try:
                self._table.create_entity(_export_row(export))
            except ResourceExistsError:
                return self.find(export.feed, export.key) or export
        return export

    def commit(self, export: Export) -> None:
        """See ExportLedger."""
        with translated("writing an export"):
            self._table.upsert_entity(_export_row(export), mode=UpdateMode.REPLACE)

    def find(self, feed: str, key: str) -> Export | None:
        """See ExportLedger. A point read."""
        with translated("looking an export up"):
            try:
                return _export(dict(self._table.get_entity(f"export.{feed}", key)))
            except ResourceNotFoundError:
                return None

    def exports(self, feed: str) -> Iterator[Export]:
        """See ExportLedger. One partition."""
        with translated("listing exports"):
            found = [_export(dict(row)) for row in self._table.query_entities(f"PartitionKey eq 'export.{feed}'")]
        yield from sorted(found, key=lambda export: export.first_seen_at, reverse=True)


def _delivery_key(delivery: Delivery, where: str) -> tuple[str, str]:
    if where == "open":
        return f"delivery.{delivery.feed}", f"open.{delivery.delivery_id}"
    return f"delivery.{delivery.feed}", f"done.{delivery.taken_at:%Y%m%dT%H%M%S}.{delivery.delivery_id}"


def _delivery_row(delivery: Delivery, where: str) -> Row:
    partition, key = _delivery_key(delivery, where)
    return {
        "PartitionKey": partition,
        "RowKey": key,
        "schema_version": "1",
        "delivery_id": delivery.delivery_id,
        "feed": delivery.feed,
        "activity_id": delivery.activity_id,
        "correlation_id": delivery.correlation_id,
        "raw": delivery.raw,
        "taken_at": delivery.taken_at.isoformat(),
        "state": delivery.state.value,
        "reason": delivery.reason[:2000],
        "tries": str(delivery.tries),
        "content_key": delivery.content_key,
        "settled_at": delivery.settled_at.isoformat() if delivery.settled_at else "",
    }


def _delivery(row: Row) -> Delivery:
    settled_at = row.get("settled_at", "")
    return Delivery(
        delivery_id=row["delivery_id"],
        feed=row["feed"],
        activity_id=row["activity_id"],
        correlation_id=row["correlation_id"],
        raw=row["raw"],
        taken_at=datetime.fromisoformat(row["taken_at"]),
        state=DeliveryState(row["state"]),
        reason=row.get("reason", ""),
        tries=int(row.get("tries", "0")),
        content_key=row.get("content_key", ""),
        settled_at=datetime.fromisoformat(settled_at) if settled_at else None,
    )


def _export_row(export: Export) -> Row:
    members = [[m.name, m.entity, m.path, m.size_bytes, m.sha256, m.rows] for m in export.members]
    findings = [[f.rule, f.seen, f.advice] for f in export.findings[:20]]
    return {
        "PartitionKey": f"export.{export.feed}",
        "RowKey": export.key,
        "schema_version": "1",
        "feed": export.feed,
        "sha256": export.sha256,
        "size_bytes": str(export.size_bytes),
        "correlation_id": export.correlation_id,
        "business_date": export.business_date.isoformat(),
        "first_seen_at": export.first_seen_at.isoformat(),
        "raw_path": export.raw_path,
        "committed_at": export.committed_at.isoformat() if export.committed_at else "",
        "rows": "" if export.rows is None else str(export.rows),
        "members": packed(json.dumps(members, ensure_ascii=False)),
        "findings": json.dumps(findings, ensure_ascii=False),
    }


def _export(row: Row) -> Export:
    committed_at = row.get("committed_at", "")
    members = json.loads(unpacked(row.get("members") or "[]"))
    return Export(
        feed=row["feed"],
        sha256=row["sha256"],
        size_bytes=int(row["size_bytes"]),
        correlation_id=row["correlation_id"],
        business_date=date.fromisoformat(row["business_date"]),
        first_seen_at=datetime.fromisoformat(row["first_seen_at"]),
        raw_path=row["raw_path"],
        committed_at=datetime.fromisoformat(committed_at) if committed_at else None,
        members=tuple(
            StoredMember(name=name, entity=entity, path=path, size_bytes=size, sha256=digest, rows=rows)
            for name, entity, path, size, digest, rows in members
        ),
        findings=tuple(
            Finding(rule=rule, seen=seen, advice=advice, feed=row["feed"])
            for rule, seen, advice in json.loads(row.get("findings") or "[]")
        ),
    )
