"""What a soak prints: a line of progress ever and again, and the table at its end."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Any

from local.soak.account import Fate, Reckoning
from local.soak.erp_control import Erp
from local.soak.plan import FEEDS

_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the files went through. `quiet_seconds` is real; `still_open` is empty when all came to rest."""

    kills: int
    restarts: int
    faults_met: int
    calls_lost_after_effect: int
    sends_without_answer: int
    quiet_seconds: float
    still_open: list[str]
    defects: list[str]


@dataclass(slots=True)
class Progress:
    """Tells on stderr how far it is, every few seconds."""

    erp: Erp
    _told_at: float = field(default=float("-inf"))

    def tell(self, what: str) -> None:
        """One line, unless the last is fresh. `what` is the teller's own part."""
        if time.monotonic() - self._told_at < _EVERY_SECONDS:
            return
        self._told_at = time.monotonic()
        state = self.erp.ask("state")
        received = f"F&O took {state['messages']}, has {state['unfinished']} in work"
        print(f"  {what}; {received}, failed {len(state['faults_met'])} calls", file=sys.stderr, flush=True)


def figures(reckoning: Reckoning, went: Circumstances) -> dict[str, Any]:
    """Every figure of the table by its name, for the table and for JSON."""
    count, exports = reckoning.count, reckoning.exports
    return {
        "files landed": len(reckoning.fates),
        "loaded once": count(Fate.ONCE, Fate.HELD_LOADED),
        "loaded twice, in feeds that resend": count(Fate.TWICE_ASKED),
        "loaded twice, unasked": count(Fate.TWICE_UNASKED),
        "lost": count(Fate.LOST),
        "left unfinished": count(Fate.LEFT),
        "in doubt (held for a person)": count(Fate.HELD, Fate.HELD_LOADED),
        "in doubt, and loaded once": count(Fate.HELD_LOADED),
        "rejected": count(Fate.REJECTED),
        "rejected or sent against the rules": count(Fate.MISJUDGED),
        "sent with other bytes than landed": len(reckoning.foreign),
        "exports produced": exports.produced,
        "exports stored once": len(exports.stored_once),
        "exports stored twice": len(exports.stored_twice),
        "exports without a file, acknowledged": len(exports.without_file),
        "exports lost": len(exports.lost),
        "exports never acknowledged": len(exports.left),
        "exports acknowledged early": len(exports.acknowledged_early),
        "exports whose acknowledgement had no witness": len(exports.unwitnessed),
        "random kills": went.kills,
        "restarts of Azurite": went.restarts,
        "calls of F&O that failed": went.faults_met,
        "of these, answers lost after the effect": went.calls_lost_after_effect,
        "sends without a usable answer, and kills": went.sends_without_answer + went.kills,
        "exceptions that are none of the engine's": len(went.defects),
        "seconds to quiesce": round(went.quiet_seconds, 1),
        "most in flight, of the cap": _in_flight(reckoning),
    }


def _in_flight(reckoning: Reckoning) -> dict[str, str]:
    names = {"all": "environment"} | {feed.activity_id: feed.name for feed in FEEDS}
    return {names[key]: f"{reckoning.most.get(key, 0)} of {cap}" for key, cap in reckoning.caps.items()}


def table(told: dict[str, Any]) -> str:
    """The figures, one a line."""
    width = max(map(len, told))
    lines = [
        (name, ", ".join(f"{of} {n}" for of, n in value.items()) if isinstance(value, dict) else value)
        for name, value in told.items()
    ]
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in lines)
