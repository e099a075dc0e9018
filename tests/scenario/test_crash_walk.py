"""A worker dies at every call it makes to the outside, one run each; then a fresh one carries on.

The list of places to die is not written down here: it is whatever calls the engine makes through its doors.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta

import pytest

from shared.adapters.tables.ledger_rows import arrivals_partition, job_key
from shared.domain.job import Job, JobState, Source
from shared.domain.naming import source_key
from shared.domain.outcomes.evidence import needs_evidence
from shared.domain.watching.balance import DayBalance, balances
from shared.wiring import Doors, Engine, _open_doors, assemble
from tests.scenario.conftest import FILE_ACTIVITY, GOOD_CSV, Stage
from tests.scenario.dying import Killed, Reaper

EARLIER = "customer-groups/USMF/earlier.csv"
PATH = "customer-groups/USMF/groups-2026-11-14.csv"
#: More than the calls of a whole import; the walk ends at the first step that nobody dies at.
MOST_STEPS = 200
NEVER = 1_000_000
PARTLY = GOOD_CSV + b",No key\r\n"
NO_LOSS = ""


@dataclass(frozen=True)
class Story:
    """One way through the engine: what lands, what goes wrong with the send, and the end that it must come to.

    `walked_from` is the first call worth dying at: what comes before it is the same as in a clean import. `keys` are
    set in its feed; with `sent_before` another file of the same content was loaded earlier. With `most_steps` the walk
    stops where the rest is a clean import's again.
    """

    content: bytes
    end: JobState
    passes: tuple[str, ...]
    walked_from: str
    fault: str = NO_LOSS
    keys: str = ""
    sent_before: bool = False
    most_steps: int = MOST_STEPS

    @property
    def is_sent(self) -> bool:
        """False for a file that must never leave."""
        return self.end not in {JobState.REJECTED, JobState.SKIPPED}


STORIES = {
    "a clean import": Story(GOOD_CSV, JobState.SUCCEEDED, ("erp.enqueue", "files.remove"), "ledger.open"),
    "a partial import and its evidence": Story(
        PARTLY, JobState.PARTIAL, ("evidence.errors", "files.save"), "evidence."
    ),
    "a file that is unfit": Story(
        b"PK\x03\x04no workbook", JobState.REJECTED, ("files.keep", "files.remove"), "files.keep"
    ),
    "a lost answer, found again in F&O": Story(
        GOOD_CSV,
        JobState.SUCCEEDED,
        ("erp.executions", "erp.execution_report"),
        "erp.enqueue",
        "answer_lost_after_commit",
    ),
    "a file of a strictly ordered feed": Story(
        GOOD_CSV,
        JobState.SUCCEEDED,
        ("order.join", "order.up_to", "erp.enqueue"),
        "order.",
        keys="ordering: strict, order_by: landed",
        most_steps=20,
    ),
    "the first file of a content": Story(
        GOOD_CSV,
        JobState.SUCCEEDED,
        ("contents.claim", "erp.enqueue"),
        "contents.",
        keys="duplicate: skip",
        most_steps=8,
    ),
    "a content that was sent before": Story(
        GOOD_CSV,
        JobState.SKIPPED,
        ("contents.claim", "files.keep", "files.remove"),
        "contents.",
        keys="duplicate: skip",
        sent_before=True,
    ),
}


def _doomed(stage: Stage, doors: Doors, reaper: Reaper) -> Engine:
    return assemble(stage.engine.settings, stage.engine.feeds, reaper.wrap(doors), stage.clock, lambda: 0.5)


def _die_at(stage: Stage, doors: Doors, step: int) -> tuple[str, list[str]]:
    """Import one file with an engine that dies at `step`: (where, empty when it lived; the calls that it made)."""
    reaper = Reaper(step)
    engine = _doomed(stage, doors, reaper)
    try:
        engine.file_landed(stage.landing, PATH)
        for _ in range(6):
            stage.world.recurrence_tick()
            stage.pass_time(timedelta(seconds=60))
            engine.poll()
    except Killed:
        return reaper.calls[-1], reaper.calls
    return "", reaper.calls


@pytest.mark.timeout(600)
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_wherever_a_worker_dies_the_file_is_neither_lost_nor_sent_twice(stage: Stage, story: Story) -> None:
    _set_keys(stage, f"data_project: {stage.world.jobs[FILE_ACTIVITY].data_project}", *story.keys.split(", "))
    doors = _open_doors(stage.engine.settings, stage.clock)
    step, calls = NEVER, list[str]()
    for number in range(story.most_steps):
        content = story.content + f"9{number},Step\r\n".encode()
        if story.sent_before:
            stage.drop(EARLIER, content)
            stage.run_to_the_end()
        if story.fault:
            stage.world.faults.add("enqueue", story.fault)
        stage.blobs.get_blob_client(stage.landing, PATH).upload_blob(content, overwrite=True)
        source = stage.engine.files.describe(stage.landing, PATH)
        assert source is not None
        place, calls = _die_at(stage, doors, step)
        _carry_on(stage, story, source, content, place)
        assert all(sums.is_even for sums in _sums(doors, source)), f"the day does not add up after dying {place}"
        stage.world.faults.clear()
        if number == 0:
            assert all(any(call.endswith(passed) for call in calls) for passed in story.passes)
            step = next(index for index, call in enumerate(calls, 1) if f" {story.walked_from}" in call)
        elif place:
            step += 1
        else:
            break
    else:
        assert story.most_steps < MOST_STEPS, "the walk did not come to its end"


def _set_keys(stage: Stage, *keys: str) -> None:
    lines = "".join(f"\n    {key}" for key in keys if key)
    stage.edit_feeds("    overdue_after: 2h", f"    overdue_after: 2h{lines}")
    stage.engine = stage.another_host()


def _carry_on(stage: Stage, story: Story, source: Source, content: bytes, place: str) -> None:
    """Fresh workers, until nothing is open but doubt; then the promises must hold."""
    for _ in range(12):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=15))
        job = _job_of(stage, source)
        if job.archived_at and not needs_evidence(job) and not stage.engine.ledger.taken():
            break
    sent = len(stage.world.messages_with(content)) - story.sent_before
    assert sent <= 1, f"sent {sent} times after dying {place}"
    if job.archived_at is None:
        assert job.state is JobState.IN_DOUBT, f"{job.state} after dying {place}: {job.reason}"
        assert stage.in_landing() == [PATH], f"landing is clear after dying {place}"
        assert sent == 0 or not story.fault, f"F&O has it and it was not found after dying {place}"
        stage.blobs.get_blob_client(stage.landing, PATH).delete_blob()
        stage.engine.ledger._table.delete_entity(*job_key(job.job_id))
        arrived = arrivals_partition(source.landed_at.astimezone(UTC).date())
        stage.engine.ledger._table.delete_entity(arrived, source_key(source))
    else:
        assert job.state is story.end, f"{job.state} after dying {place}: {job.reason}"
        assert sent == story.is_sent, f"not sent after dying {place}"
        assert stage.in_landing() == []
        assert not needs_evidence(job), f"no evidence after dying {place}"
        assert stage.archived(job)["outcome"] == story.end
    assert stage.engine.ledger.taken() == [], f"places are held after dying {place}"


def _job_of(stage: Stage, source: Source) -> Job:
    stored = stage.engine.ledger.read(stage.engine.ledger.by_source(source) or "none.20261114.x")
    assert stored is not None, "the file has no job"
    return stored.job


def _sums(doors: Doors, source: Source) -> list[DayBalance]:
    """The sum check over all that landed on the file's day."""
    day = source.landed_at.astimezone(UTC).date()
    standing = {
        each.job_id: each.state
        for business_date in (day, date(2026, 11, 14))
        for each in doors.view.standings("customer-groups", business_date)
    }
    return balances(day, {arrival.job_id for arrival in doors.view.arrivals(day)}, standing)
