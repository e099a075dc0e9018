"""When a soak has come to rest: nothing is due, on either side, but files that wait for a person.

This asks the ledger, for it only says when to stop waiting. What became of each file is told by `records`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from local.soak.arena import Arena
from shared.domain.job import JobState, Lane, Source
from shared.wiring import Engine, engine_from

#: Real time, beside what a backlog may need. The longest wait of the engine's own is that of a resend after a dead
#: sender: 40 minutes, 40 s here; a few such waits may follow one another.
PATIENCE = timedelta(minutes=4)
_LOOK_SECONDS = 0.5
_EVER = datetime(2100, 1, 1, tzinfo=UTC)


class Rest:
    """Looks on until there is nothing to do."""

    def __init__(self, arena: Arena) -> None:
        self._erp = arena.erp
        self._engine: Engine = engine_from(arena.settings, arena.clock)

    def wait(self, tell: Callable[[float], None], within: timedelta) -> tuple[float, list[str]]:
        """Real seconds until it was quiet, and what was still open if it never was."""
        began = time.monotonic()
        while True:
            is_at_rest = next(self._still_open(), None) is None
            seconds = time.monotonic() - began
            if is_at_rest or seconds > within.total_seconds():
                return seconds, list(self._still_open())
            tell(seconds)
            time.sleep(_LOOK_SECONDS)

    def held(self) -> set[str]:
        """Paths in landing whose job waits for a person."""
        return {source.path for source in self._lying() if self._is_held(source)}

    def _still_open(self) -> Iterator[str]:
        """One sentence for each kind of work that is left. What costs least is looked at first."""
        state = self._erp.ask("state")
        if state["unfinished"]:
            yield f"{state['unfinished']} messages that F&O has not ended"
        for lane in Lane:
            if due := sum(1 for _ in self._engine.ledger.due(lane, _EVER)):
                yield f"{due} entries in the lane {lane.value}"
        for feed in self._engine.feeds.exports:
            if deliveries := self._engine.exports.open_deliveries(feed):
                yield f"{len(deliveries)} open deliveries of {feed}"
        if waiting := sum(told["state"] != "acknowledged" for told in self._erp.ask("exports")):
            yield f"{waiting} exports that are not acknowledged"
        if taken := self._engine.ledger.taken():
            yield f"{len(taken)} places under caps"
        if lying := [source.path for source in self._lying() if not self._is_held(source)]:
            yield f"{len(lying)} files in landing, {lying[0]} among them"

    def _lying(self) -> Iterator[Source]:
        return self._engine.files.landed(_EVER)

    def _is_held(self, source: Source) -> bool:
        job_id = self._engine.ledger.by_source(source)
        stored = self._engine.ledger.read(job_id) if job_id else None
        return stored is not None and stored.job.state is JobState.IN_DOUBT and stored.job.due_at is None
