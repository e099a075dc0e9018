"""A feed whose files F&O refuses one after the other stops sending, tries one now and then, and goes on by itself.

Only refusals that would come again count: what passes (throttling, sign-in, a server that is down) never does. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

#: So many files in a row refused for good open the circuit: one is a bad file, three are a bad feed.
OPENS_AFTER = 3
#: The first try after it opened; each refused try doubles the wait up to the longest.
FIRST_TRY = timedelta(minutes=15)
LONGEST_TRY = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """Refusals in a row of one feed. `opened_at` is None while files go out, `try_at` when the next one may."""

    refusals: int = 0
    why: str = ""
    opened_at: datetime | None = None
    try_at: datetime | None = None

    def holds_at(self, now: datetime) -> bool:
        """True while no file of the feed may be sent."""
        return self.opened_at is not None and self.try_at is not None and now < self.try_at


CLOSED = Circuit()


def after_refusal(circuit: Circuit, why: str, now: datetime) -> Circuit:
    """One more file was refused for good."""
    refusals = circuit.refusals + 1
    if refusals < OPENS_AFTER:
        return replace(circuit, refusals=refusals, why=why)
    doublings = min(refusals - OPENS_AFTER, 10)
    wait: timedelta = min(FIRST_TRY * float(2**doublings), LONGEST_TRY)
    return Circuit(refusals=refusals, why=why, opened_at=circuit.opened_at or now, try_at=now + wait)


def after_claim(circuit: Circuit, now: datetime) -> Circuit:
    """The circuit once a sender has taken the try that is due; the same object where none is, or none is needed."""
    if circuit.opened_at is None or circuit.holds_at(now):
        return circuit
    return replace(circuit, try_at=now + FIRST_TRY)
