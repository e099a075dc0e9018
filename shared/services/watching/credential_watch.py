"""The end of the certificate that the app signs in with: told once a day from thirty days before.

A client secret's end cannot be read without a right in Entra ID that the app does not need otherwise; its first refusal
is told by `erp.access_refused`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.connection import TOLD_BEFORE_END
from shared.ports import Clock, Ledger
from shared.telemetry import Event, emit

_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CredentialWatch:
    """Looks once a day. `ends_at` reads the certificate; it is None where the app signs in by something else."""

    ledger: Ledger
    ends_at: Callable[[], datetime] | None
    clock: Clock

    def run(self) -> int:
        """Tell if the end is near; how many certificates were looked at. Raises Transient, FaultyConfiguration."""
        now = self.clock()
        if self.ends_at is None or not self.ledger.turn("credential", now, _EVERY):
            return 0
        ends_at = self.ends_at()
        if ends_at - now < TOLD_BEFORE_END:
            days_left = max(0, (ends_at - now) // timedelta(days=1))
            emit(Event.CREDENTIAL_ENDS, credential="certificate", ends_at=ends_at, days_left=days_left)
        return 1
