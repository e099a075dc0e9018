"""Gathers the facts by which a job is let through to be sent, or waits and says why."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.admission import Facts, Hold, held
from shared.ports import Clock, PaceLedger


@dataclass(frozen=True, slots=True)
class Admission:
    """The door before the caps. A feed that uses none of it costs one read of the table."""

    pace: PaceLedger
    clock: Clock

    def held(self) -> Hold | None:
        """What keeps a job from being sent now. Raises Transient when the store cannot be reached."""
        return held(Facts(now=self.clock(), environment=self.pace.environment()))
