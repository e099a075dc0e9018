"""The reckoning: what landed and was produced, held against what F&O received and where the bytes lie. Pure.

Nothing here comes from the ledger but one thing: which files wait for a person (`held`), and that counts only for a
file that still lies in landing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A file that was put into landing. `refusable`: it must be rejected, and never sent."""

    path: str
    sha256: str
    may_resend: bool = False
    refusable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where bytes lie, by SHA-256; `held` are paths in landing whose job waits for a person."""

    landing: Collection[str] = ()
    archive: Collection[str] = ()
    rejected: Collection[str] = ()
    held: Collection[str] = ()


class Fate(StrEnum):
    """What became of a file. A held file may have been loaded or not: that is its doubt."""

    ONCE = "loaded once"
    TWICE_ASKED = "loaded twice or more, in a feed that may resend"
    TWICE_UNASKED = "loaded twice or more, unasked"
    HELD = "in doubt (held), never loaded"
    HELD_LOADED = "in doubt (held), loaded once"
    REJECTED = "rejected"
    MISJUDGED = "rejected or sent against the rules"
    LEFT = "left unfinished in landing"
    LOST = "lost"


#: What must not be.
BROKEN_FATES = frozenset({Fate.TWICE_UNASKED, Fate.MISJUDGED, Fate.LEFT, Fate.LOST})


def fates(landed: Iterable[Landed], taken: Mapping[str, int], places: Places) -> dict[str, Fate]:
    """The fate of each path. `taken` counts by SHA-256 the messages that F&O took and ended."""
    return {file.path: _fate(file, taken.get(file.sha256, 0), places) for file in landed}


def _fate(file: Landed, times: int, places: Places) -> Fate:
    if file.refusable:
        return Fate.REJECTED if not times and file.sha256 in places.rejected else Fate.MISJUDGED
    if file.sha256 in places.rejected:
        return Fate.MISJUDGED
    if times > 1 and not file.may_resend:
        return Fate.TWICE_UNASKED
    if file.sha256 in places.landing:
        return _fate_in_landing(times, is_held=file.path in places.held)
    if not times or file.sha256 not in places.archive:
        return Fate.LOST
    return Fate.TWICE_ASKED if times > 1 else Fate.ONCE


def _fate_in_landing(times: int, *, is_held: bool) -> Fate:
    if not is_held:
        return Fate.LEFT
    return Fate.HELD_LOADED if times else Fate.HELD


def loaded_again(landed: Iterable[Landed], taken: Mapping[str, int]) -> int:
    """How many loads beyond the first there were, in feeds that may resend."""
    return sum(max(0, taken.get(file.sha256, 0) - 1) for file in landed if file.may_resend)


def foreign(landed: Iterable[Landed], taken: Mapping[str, int]) -> list[str]:
    """SHA-256 of what F&O took and nobody landed: bytes that changed on their way."""
    return sorted(set(taken) - {file.sha256 for file in landed})


@dataclass(frozen=True, slots=True, kw_only=True)
class Produced:
    """An export message at the end, as F&O has it. `sha256` is None for one without a file."""

    blob_id: str
    sha256: str | None
    acknowledged: bool


@dataclass(slots=True, kw_only=True)
class ExportAccount:
    """Exports by what became of them; the lists hold blob IDs."""

    stored_once: list[str] = field(default_factory=list)
    stored_twice: list[str] = field(default_factory=list)
    without_file: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    acknowledged_early: list[str] = field(default_factory=list)
    unwitnessed: list[str] = field(default_factory=list)

    @property
    def produced(self) -> int:
        """All messages."""
        return sum(map(len, (self.stored_once, self.stored_twice, self.without_file, self.lost, self.left)))


def judge_exports(
    produced: Iterable[Produced], complete: Iterable[str], witnessed: Mapping[str, Collection[bool | None]]
) -> ExportAccount:
    """Hold messages against the lake.

    Args:
        produced: every message.
        complete: SHA-256 of what is marked complete in the lake, once for each mark.
        witnessed: by blob ID, what the lake held at each acknowledgement; None where it could not be looked at.
    """
    account, marks = ExportAccount(), Counter(complete)
    for message in produced:
        _settle(account, message, marks[message.sha256] if message.sha256 else 0)
        seen = witnessed.get(message.blob_id, ())
        if False in seen:
            account.acknowledged_early.append(message.blob_id)
        elif message.acknowledged and message.sha256 and not any(seen):
            account.unwitnessed.append(message.blob_id)
    return account


def _settle(account: ExportAccount, message: Produced, marks: int) -> None:
    if not message.acknowledged:
        account.left.append(message.blob_id)
    elif message.sha256 is None:
        account.without_file.append(message.blob_id)
    else:
        places = {0: account.lost, 1: account.stored_once}
        places.get(marks, account.stored_twice).append(message.blob_id)


def exceeded(caps: Mapping[str, int], most: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """By name, (most in flight, cap) where F&O had more at once than the cap admits."""
    return {name: (most[name], cap) for name, cap in caps.items() if most.get(name, 0) > cap}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """All of it. `fates` is by path, `foreign` by SHA-256, `caps` and `most` by activity ID and `all`.

    `again` counts loads beyond the first in feeds that may resend.
    """

    fates: Mapping[str, Fate]
    foreign: Collection[str]
    again: int
    exports: ExportAccount
    caps: Mapping[str, int]
    most: Mapping[str, int]

    def count(self, *fates: Fate) -> int:
        """How many files have one of these fates."""
        return sum(fate in fates for fate in self.fates.values())

    def unexcused(self, in_doubt: int) -> list[str]:
        """What there is more of than can come of so many sends whose end nobody was told: it was done without need.

        An engine that parks every file, or sends every file again that it may, breaks no other promise.
        """
        held = self.count(Fate.HELD, Fate.HELD_LOADED)
        told = {"files were left to a person": held, "loads were repeated": self.again}
        return [
            f"{count} {what}, and only {in_doubt} sends had no answer"
            for what, count in told.items()
            if count > in_doubt
        ]

    def broken(self) -> list[str]:
        """One sentence for each promise that did not hold; empty when all did."""
        files = [f"{path}: {fate.value}" for path, fate in sorted(self.fates.items()) if fate in BROKEN_FATES]
        files += [f"F&O took bytes that nobody landed: {sha256}" for sha256 in self.foreign]
        exports = {
            "lost": self.exports.lost,
            "stored twice": self.exports.stored_twice,
            "acknowledged early": self.exports.acknowledged_early,
            "never acknowledged": self.exports.left,
        }
        files += [f"export {blob_id}: {what}" for what, blob_ids in exports.items() for blob_id in blob_ids]
        over = exceeded(self.caps, self.most)
        return files + [f"cap {name}: {most} in flight, {cap} admitted" for name, (most, cap) in over.items()]
