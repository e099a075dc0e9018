"""What can go wrong, sorted by what the caller should do about it.

    CourierError
    ├── Transient            nothing was taken; try later
    │   ├── Throttled        the remote said how long to stay away
    │   └── AccessRefused    sign-in or rights are wrong; a person mends that, then the same call succeeds
    ├── AnswerLost           it went out and no usable answer came back; ask before trying again
    ├── Terminal             the same call will fail again; the sender or a person must act
    │   ├── SourceLost       the landed content is no longer what the job was opened for
    │   └── FaultyConfiguration  settings or feeds are wrong; nothing starts until they are mended
    └── Conflict             the ledger row changed since it was read; read again, decide afresh

Adapters translate foreign errors into these at their edge, once, with `from`; services catch the four branches.
No message carries a token, a signed URL or file content. An error is logged where it is handled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta


class CourierError(Exception):
    """Root of the tree; never raised itself."""


class Transient(CourierError):
    """Nothing was taken; the same call may succeed later."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Throttled(Transient):
    """The remote asked us to slow down (429). `retry_after` is what it asked for, None when it did not say."""


class AccessRefused(Transient):
    """Sign-in failed or rights are missing. Nothing was taken; the message names what to mend and where."""


class AnswerLost(CourierError):
    """The request went out whole and no usable answer came back: it may or may not have had its effect."""


class Terminal(CourierError):
    """The same call will fail again; a person or the sender must act."""


class SourceLost(Terminal):
    """The landed blob is gone or holds other content (its ETag moved) than the job was opened for."""


class FaultyConfiguration(Terminal):
    """Settings or feeds are wrong. `faults` lists every one of them, one sentence each."""

    def __init__(self, what: str, faults: Sequence[str]) -> None:
        self.what = what
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"{what} has {count}:\n" + "\n".join(f"  - {fault}" for fault in self.faults))


class Conflict(CourierError):
    """The ledger row changed since it was read."""
