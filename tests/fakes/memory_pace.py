"""The shared pace in memory. Passes the contract in tests/contract/test_pace.py."""

from __future__ import annotations

import threading
from collections.abc import Callable

from shared.domain.pace import EnvironmentPace


class MemoryPace:
    """PaceLedger over attributes, one lock around each call."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._environment = EnvironmentPace()

    def environment(self) -> EnvironmentPace:
        """See PaceLedger."""
        return self._environment

    def change_environment(self, change: Callable[[EnvironmentPace], EnvironmentPace]) -> EnvironmentPace:
        """See PaceLedger."""
        with self._lock:
            self._environment = change(self._environment)
            return self._environment
