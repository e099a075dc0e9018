"""The life of an export: one delivery of a message out of F&O's queue, and the content that it brought.

A delivery is leased to us for 30 minutes and comes again, under a new pop receipt, until it is acknowledged. The
content, known by its hash, is stored once however often it is delivered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from shared.domain.checks.findings import Finding
from shared.domain.feed import ExportFeed
from shared.domain.watching import promises

#: F&O offers an unacknowledged message again after 30 minutes (Microsoft Learn, "Recurring integrations").
LEASE = timedelta(minutes=30)
#: Work that is not finished by now is given up cleanly: an acknowledgement later than this could meet a new delivery.
GIVE_UP_AFTER = timedelta(minutes=25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dequeued:
    """A dequeued message. `raw` is the answer as it came, byte for byte: it is what must be echoed to acknowledge."""

    correlation_id: str
    pop_receipt: str
    download_location: str
    has_file: bool
    message: str
    redelivered: bool
    raw: str


class DeliveryState(StrEnum):
    """How far one delivery is. Open ones are retried inside the lease."""

    TAKEN = "TAKEN"
    STORED = "STORED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    LEFT = "LEFT"
    LAPSED = "LAPSED"


OPEN_DELIVERIES = frozenset({DeliveryState.TAKEN, DeliveryState.STORED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of one message. STORED means safe in the lake and not yet acknowledged."""

    delivery_id: str
    feed: str
    activity_id: str
    correlation_id: str
    raw: str
    taken_at: datetime
    state: DeliveryState = DeliveryState.TAKEN
    reason: str = ""
    tries: int = 0
    content_key: str = ""
    settled_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """True when nothing may be begun for it any more: the lease is about to end."""
        return now - self.taken_at >= GIVE_UP_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMember:
    """One file of a package in the lake. `rows` is None where the format cannot be counted."""

    name: str
    entity: str
    path: str
    size_bytes: int
    sha256: str
    rows: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Content that was delivered, known by its hash. Claimed before it is stored, so that its names never change.

    `committed_at` is set once the manifest is written; `findings` tell why a package was kept raw only.
    """

    feed: str
    sha256: str
    size_bytes: int
    correlation_id: str
    business_date: date
    first_seen_at: datetime
    raw_path: str
    members: tuple[StoredMember, ...] = ()
    findings: tuple[Finding, ...] = ()
    committed_at: datetime | None = None

    @property
    def key(self) -> str:
        """What the ledger finds it by, within its feed."""
        return self.sha256[:32]

    @property
    def export_id(self) -> str:
        """The name of its folder: correlation ID of the first delivery and the beginning of the hash."""
        return export_id(self.correlation_id, self.sha256)

    @property
    def rows(self) -> int | None:
        """Rows of all members that could be counted; None when none could."""
        counted = [member.rows for member in self.members if member.rows is not None]
        return sum(counted) if counted else None


def export_id(correlation_id: str, sha256: str) -> str:
    """A folder name that follows from the message and the content, never from the clock."""
    return f"{correlation_id or 'uncorrelated'}-{sha256[:12]}"


def delivery_id(message: Dequeued) -> str:
    """Tells one delivery from the next of the same message: the pop receipt is new each time."""
    return hashlib.sha256(f"{message.correlation_id}\n{message.pop_receipt}".encode()).hexdigest()[:16]


def taken(feed: ExportFeed, message: Dequeued, now: datetime) -> Delivery:
    """The delivery of a message just dequeued."""
    return Delivery(
        delivery_id=delivery_id(message),
        feed=feed.name,
        activity_id=feed.activity_id,
        correlation_id=message.correlation_id,
        raw=message.raw,
        taken_at=now,
    )


def settle(delivery: Delivery, state: DeliveryState, now: datetime, why: str) -> Delivery:
    """The delivery at its end: acknowledged, left in the queue on purpose, or lapsed to come again."""
    return replace(delivery, state=state, reason=why, settled_at=now)


def outside_band(feed: ExportFeed, rows: int | None) -> str:
    """A sentence when the rows lie outside what the feed expects; empty when they do not or cannot be told."""
    return promises.outside_band(rows, feed.rows_min, feed.rows_max)


def raw_path(feed: ExportFeed, business_date: date, name: str, extension: str) -> str:
    """Where the raw package rests."""
    return f"{feed.lake}/raw/date={business_date.isoformat()}/{name}{extension}"


def manifest_path(feed: ExportFeed, business_date: date, name: str) -> str:
    """The commit marker of a whole export, written last of all."""
    return f"{feed.lake}/raw/date={business_date.isoformat()}/{name}_manifest.json"


def entity_folder(feed: ExportFeed, entity: str, business_date: date, name: str) -> str:
    """Where one entity's files of one export rest; its own `_manifest.json` lies beside them."""
    return f"{feed.lake}/entity={_safe(entity)}/date={business_date.isoformat()}/{name}"


def staging_path(feed: ExportFeed, delivery: Delivery) -> str:
    """Where a download lies until it is verified, one place for each try. No reader looks there."""
    return f"{feed.lake}/_incoming/{delivery.delivery_id}.{delivery.tries}"


def _safe(entity: str) -> str:
    return "".join("_" if character in '/\\?#:"<>|*' or ord(character) < 32 else character for character in entity)
