"""One clock for every process of a soak, faster than the real one, so that half an hour's lease ends in seconds.

The engine and the simulator are given their clock, so the engine runs with its production settings and constants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.simulator.clock import VirtualClock

#: Seconds of a soak's time in one real second: a real minute is an hour.
SPEED = 60


@dataclass(frozen=True, slots=True)
class FastClock:
    """The time of a soak that began at the real time `began_at`. The same in every process that knows when that was."""

    began_at: datetime

    def __call__(self) -> datetime:
        """The time now."""
        return self.began_at + (datetime.now(UTC) - self.began_at) * SPEED


def real_seconds(span: timedelta) -> float:
    """How long a span of a soak's time really takes."""
    return span.total_seconds() / SPEED


class FollowingClock(VirtualClock):
    """The simulator's clock, following the soak's."""

    def __init__(self, fast: FastClock) -> None:
        super().__init__()
        self._fast = fast

    def now(self) -> datetime:
        """The time now."""
        return self._fast()
