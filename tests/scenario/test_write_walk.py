"""The crash walk one storey lower: the process dies before and after every single write to tables and blobs.

A port's call may be several writes (a claim, a due entry, a row); what lies between two of them must be as safe as what
lies between two calls.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from azure.data.tables import TableClient
from azure.storage.blob import BlobClient

from shared.domain.job import Job, JobState
from shared.wiring import engine_from
from tests.scenario.conftest import GOOD_CSV, Stage
from tests.scenario.dying import Killed

WRITES: dict[type, tuple[str, ...]] = {
    TableClient: ("create_entity", "update_entity", "upsert_entity", "delete_entity", "submit_transaction"),
    BlobClient: ("upload_blob", "delete_blob", "start_copy_from_url"),
}
#: More than any of the stories has; the walk ends with the first place that is not reached.
_MOST_PLACES = 200


class Reaper:
    """Kills at the n-th place, counted over all writes while it is armed."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._left = 0
        for client, names in WRITES.items():
            for name in names:
                patch.setattr(client, name, self._mortal(getattr(client, name)))

    def arm(self, place: int) -> None:
        self._left = place

    @property
    def has_struck(self) -> bool:
        return self._left == 0

    def disarm(self) -> bool:
        """Whether it has struck; it never does after this."""
        struck, self._left = self.has_struck, 0
        return struck

    def _mortal(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            is_armed = self._left > 0
            self._pass(is_armed)
            answer = write(*arguments, **options)
            self._pass(is_armed)
            return answer

        return call

    def _pass(self, is_armed: bool) -> None:
        if not is_armed or not self._left:
            return
        self._left -= 1
        if not self._left:
            raise Killed


def _live_and_die(stage: Stage, path: str) -> None:
    """One process: the event, then ticks, until it dies or all is done."""
    engine = engine_from(stage.environ, stage.clock, lambda: 0.5)
    engine.file_landed(stage.landing, path)
    for _ in range(6):
        stage.world.recurrence_tick()
        stage.pass_time(timedelta(seconds=60))
        engine.poll()


def _recovered(stage: Stage, path: str) -> Job:
    """The job after another process has had the time that it may need."""
    for _ in range(14):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=15))
        found = [job for job in stage.jobs() if job.source.path == path]
        if found and found[0].archived_at and not stage.engine.ledger.taken():
            break
    return stage.job(path)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", ["", "answer_lost_after_commit"], ids=["clean", "lost answer"])
def test_a_process_may_die_at_any_write(stage: Stage, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    reaper = Reaper(monkeypatch)
    for place in range(1, _MOST_PLACES):
        path, content = f"customer-groups/USMF/s{place}-2026-11-14.csv", GOOD_CSV + f"9{place},Place\r\n".encode()
        stage.drop(path, content, event=False)
        if fault:
            stage.world.faults.add("enqueue", fault)
        reaper.arm(place)
        with suppress(Killed):
            _live_and_die(stage, path)
        struck = reaper.disarm()
        stage.world.faults.clear()
        job, sent = _recovered(stage, path), len(stage.world.messages_with(content))
        is_loaded = job.state is JobState.SUCCEEDED and bool(job.archived_at) and sent == 1
        assert is_loaded or (job.state is JobState.IN_DOUBT and sent <= 1), (
            f"died at place {place}: {job.state}, {sent}"
        )
        assert not [slot for slot in stage.engine.ledger.taken() if slot.job_id == job.job_id and is_loaded]
        if job.state is JobState.IN_DOUBT:
            stage.engine.handwork.close(job.job_id, "the next place", "test")
        if not struck:
            assert place > 30
            return
    raise AssertionError("the walk did not come to its end")
