"""Time and chance, which are passed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

#: Aware UTC now.
Clock = Callable[[], datetime]
#: A number from 0 to 1, for spreading retries.
Chance = Callable[[], float]
