"""Questions without an effect, for the check of a set-up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from shared.domain.connection import Answer, SignedIn


class ErpProbe(Protocol):
    """Questions to F&O without an effect, for the check of a set-up."""

    def sign_in(self) -> SignedIn:
        """Get a token, and say what it says of itself. Raises AccessRefused or Transient."""

    def data(self) -> Answer:
        """Ask F&O something that is no matter of one recurring data job. Raises as `sign_in` does."""

    def activity(self, activity_id: str) -> Answer:
        """Ask the connector about a message that it cannot have. Raises as `sign_in` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A container, table or queue, the role that the app needs there, and what failed; empty when nothing did."""

    what: str
    role: str
    failure: str


class PlaceProbe(Protocol):
    """Tries what the app has to do in storage, and leaves nothing behind."""

    def places(self) -> Iterator[Place]:
        """One place after the other."""
