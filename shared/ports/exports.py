"""Where exports come to rest, and the ledger of their deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol

from shared.domain.export import Delivery, Export


class Lake(Protocol):
    """The data-lake container. Paths are relative to it. All calls raise Transient when it cannot be reached."""

    def put(self, path: str, blocks: Iterable[bytes]) -> None:
        """Write a file from a stream; it appears whole or not at all, replacing an earlier version."""

    def blocks(self, path: str) -> Iterator[bytes]:
        """Read a file from its beginning to its end, as one stream. Raises SourceLost when it is not there."""

    def open(self, path: str, size_bytes: int) -> BinaryIO:
        """Open a file of that length for reading anywhere, by ranges. A read raises SourceLost when it is gone."""

    def copy(self, origin: str, path: str) -> bool:
        """Copy within the lake. True when the copy is there whole, False while it is under way."""

    def remove(self, path: str) -> None:
        """Delete a file; when it is gone already, do nothing."""


class ExportLedger(Protocol):
    """Deliveries and what they brought. Conditional on the version read, like Ledger."""

    def note(self, delivery: Delivery) -> tuple[Delivery, str]:
        """Store a new delivery, or return the stored one: (delivery, version token)."""

    def move(self, delivery: Delivery, seen: str) -> str:
        """Replace a delivery. A settled one leaves the open ones. Raises Conflict."""

    def open_deliveries(self, feed: str) -> list[tuple[Delivery, str]]:
        """What was taken and is not settled, oldest first, each with its version token."""

    def claim(self, export: Export) -> Export:
        """Store new content unless it is known: what is stored under this hash, the first of all claims."""

    def commit(self, export: Export) -> None:
        """Write what is known of stored content. Two drains of the same content write the same."""

    def find(self, feed: str, key: str) -> Export | None:
        """Content by its key."""

    def exports(self, feed: str) -> Iterator[Export]:
        """All content of a feed, newest first."""
