"""The 14th as the page, the API and the command line are asked about it: one partial file, and one in doubt."""

from __future__ import annotations

from datetime import timedelta

from tests.scenario.conftest import GOOD_CSV, Stage

PARTIAL = "customer-groups/USMF/groups-2026-11-14.csv"
DOUBTFUL = "customer-groups/DEMF/größe-2026-11-14.csv"


def play(stage: Stage, doubtful: str = DOUBTFUL) -> Stage:
    """Let the 14th happen; `doubtful` is the path of the file whose answer is lost."""
    stage.drop(PARTIAL, GOOD_CSV + b",No key\r\n")
    stage.run_to_the_end()
    stage.world.faults.add("enqueue", "answer_lost_after_commit")
    stage.drop(doubtful, GOOD_CSV + b"70,Doubt\r\n")
    stage.tick(timedelta(hours=3))
    return stage
