"""A worker dies at every call it makes to the outside, one run each; then a fresh one carries on.

The list of places to die is not written down here: it is whatever calls the engine makes through its doors.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.job import JobState
from shared.wiring import Doors, Engine, _open_doors, assemble
from tests.scenario.conftest import GOOD_CSV, Stage
from tests.scenario.dying import Killed, Reaper

PATH = "customer-groups/USMF/groups-2026-11-14.csv"
#: More than the calls of a whole import; the walk ends at the first step that nobody dies at.
MOST_STEPS = 120


def _doomed(stage: Stage, reaper: Reaper) -> Engine:
    doors: Doors = reaper.wrap(_open_doors(stage.engine.settings, stage.clock))
    return assemble(stage.engine.settings, stage.engine.feeds, doors, stage.clock, lambda: 0.5)


def _die_at(stage: Stage, step: int) -> str:
    """Import one file with an engine that dies at `step`; returns where, empty when it lived."""
    reaper = Reaper(step)
    engine = _doomed(stage, reaper)
    try:
        engine.file_landed(stage.landing, PATH)
        for _ in range(4):
            stage.world.recurrence_tick()
            stage.pass_time(timedelta(seconds=60))
            engine.poll()
    except Killed:
        return reaper.calls[-1]
    return ""


@pytest.mark.timeout(600)
def test_wherever_a_worker_dies_the_file_is_neither_lost_nor_sent_twice(stage: Stage) -> None:
    places = []
    for step in range(1, MOST_STEPS):
        content = GOOD_CSV + f"9{step},Step\r\n".encode()
        stage.blobs.get_blob_client(stage.landing, PATH).upload_blob(content, overwrite=True)
        place = _die_at(stage, step)
        if not place:
            break
        places.append(place)
        _carry_on(stage, content, place)
    else:
        pytest.fail("the walk did not come to its end")
    assert any("erp.enqueue" in place for place in places)
    assert any("files.remove" in place for place in places)


def _carry_on(stage: Stage, content: bytes, place: str) -> None:
    """Fresh workers, until nothing is open but doubt; then the promises must hold."""
    for _ in range(12):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=15))
    jobs = [job for job in stage.jobs() if job.archived_at is None]
    sent = len(stage.world.messages_with(content))
    assert sent <= 1, f"sent {sent} times after dying {place}"
    if jobs:
        [job] = jobs
        assert job.state is JobState.IN_DOUBT, f"{job.state} after dying {place}: {job.reason}"
        assert stage.in_landing() == [PATH], f"landing is clear after dying {place}"
        stage.blobs.get_blob_client(stage.landing, PATH).delete_blob()
        stage.engine.ledger._table.delete_entity(*_key(job.job_id))
    else:
        assert sent == 1, f"not sent after dying {place}"
        assert len(stage.world.imports_of(content)) == 1
        assert stage.in_landing() == []
    assert stage.engine.ledger.taken() == [], f"places are held after dying {place}"


def _key(job_id: str) -> tuple[str, str]:
    from shared.adapters.ledger_rows import job_key

    return job_key(job_id)
