"""A worker dies at every call that a person's act makes to the outside; then the person asks again, and time passes.

As in the crash walk, the places to die are whatever calls the act makes. No act may lose a file, send one twice, or
keep a place that nobody uses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest

from shared.domain.handwork import NotAllowed
from shared.domain.job import Job, JobState
from shared.errors import Conflict
from shared.wiring import Doors, Engine, _open_doors, assemble
from tests.scenario.conftest import GOOD_CSV, Stage
from tests.scenario.dying import Killed, Reaper

ADA = "ada@contoso.com"
#: More than the calls of any act; the walk ends at the first step that nobody dies at.
MOST_STEPS = 120

_Deed = Callable[[Engine, Job], object]


@dataclass(frozen=True)
class Act:
    """What a person does with a job, and what must be true in the end, wherever the first try broke off.

    `fault` strikes the send that comes before the act. `repeat` is how the person asks again once the first way is
    refused. `imports` is how many messages with the content F&O has in the end.
    """

    do: _Deed
    end: JobState
    imports: int
    passes: tuple[str, ...]
    fault: str = ""
    before: JobState = JobState.IN_DOUBT
    repeat: _Deed | None = None
    loses: str = ""


def _adopt(engine: Engine, job: Job) -> object:
    return engine.handwork.adopt(job.job_id, "seen", ADA, message_id=_MESSAGE_OF[job.job_id])


#: What the person read in F&O, by job ID.
_MESSAGE_OF: dict[str, str] = {}

ACTS = {
    "replay": Act(
        lambda engine, job: engine.handwork.replay(job.job_id, "mended", ADA),
        JobState.FAILED,
        1,
        ("files.put_back", "ledger.write", "erp.enqueue"),
        fault="status",
        before=JobState.FAILED,
        repeat=lambda engine, job: engine.handwork.replay(job.job_id, "it broke off", ADA, again=True),
    ),
    "adopt": Act(_adopt, JobState.SUCCEEDED, 1, ("ledger.note_message", "ledger.write"), "answer_lost_after_commit"),
    "resend": Act(
        lambda engine, job: engine.handwork.resend(job.job_id, "not in F&O", ADA),
        JobState.SUCCEEDED,
        1,
        ("ledger.write", "ledger.free_slots"),
        "answer_lost_before_commit",
    ),
    "close": Act(
        lambda engine, job: engine.handwork.close(job.job_id, "loaded by hand", ADA),
        JobState.CLOSED,
        1,
        ("ledger.write", "ledger.free_slots", "files.keep", "files.remove"),
        "answer_lost_after_commit",
    ),
    "refetch": Act(
        lambda engine, job: engine.handwork.refetch(job.job_id, "errors.json is gone", ADA),
        JobState.PARTIAL,
        1,
        ("ledger.write", "evidence.errors"),
        before=JobState.PARTIAL,
        loses="errors.json",
    ),
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_wherever_an_act_breaks_off_it_can_be_asked_again_and_nothing_is_sent_unasked(stage: Stage, act: Act) -> None:
    doors = _open_doors(stage.engine.settings, stage.clock)
    for step in count(1):
        assert step < MOST_STEPS
        job, content = _prepared(stage, act, step)
        reaper = Reaper(step)
        lived = _tried(act.do, _doomed(stage, doors, reaper), job)
        place = "" if lived else reaper.calls[-1]
        if not lived:
            _asked_again(stage, act, job)
            _settle_doubts(stage, content)
        stage.run_to_the_end()
        _agrees(stage, act, job, content, place)
        if lived:
            assert all(any(call.endswith(passed) for call in reaper.calls) for passed in act.passes), reaper.calls
            return


def _prepared(stage: Stage, act: Act, step: int) -> tuple[Job, bytes]:
    """A job of its own for every step, where the act fits; and its content."""
    bad = b",No key\r\n" if act.before is JobState.PARTIAL else b""
    content = GOOD_CSV + f"9{step},Step\r\n".encode() + bad
    if act.before is JobState.FAILED:
        # One that is taken in between: else so many refused in a row would open the feed's circuit.
        stage.drop(f"customer-groups/USMF/taken{step}-2026-11-14.csv", content + b"89,Taken\r\n")
    if act.fault:
        stage.world.faults.add("enqueue", act.fault, **({"code": 400} if act.fault == "status" else {}))
    path = stage.drop(f"customer-groups/USMF/step{step}-2026-11-14.csv", content)
    if act.before is JobState.IN_DOUBT:
        stage.tick(timedelta(hours=3))
    else:
        stage.run_to_the_end()
    job = stage.job(path)
    assert job.state is act.before
    for message in stage.world.messages_with(content):
        _MESSAGE_OF[job.job_id] = message.message_id
    if act.loses:
        container, _, folder = job.archive_path.partition("/")
        stage.engine.files.discard(container, f"{folder}/{act.loses}")
    return job, content


def _doomed(stage: Stage, doors: Doors, reaper: Reaper) -> Engine:
    return assemble(stage.engine.settings, stage.engine.feeds, reaper.wrap(doors), stage.clock, lambda: 0.5)


def _tried(do: _Deed, engine: Engine, job: Job) -> bool:
    try:
        do(engine, job)
    except Killed:
        return False
    return True


def _asked_again(stage: Stage, act: Act, job: Job) -> None:
    """The person asks again at once; where that is refused, it is asked for in the way that says it is wanted."""
    try:
        act.do(stage.engine, job)
    except (NotAllowed, Conflict):
        if act.repeat:
            act.repeat(stage.engine, job)


def _settle_doubts(stage: Stage, content: bytes) -> None:
    """A death amid a send leaves a doubt: the person looks into F&O and says what is there."""
    unsettled = {JobState.SENDING, JobState.IN_DOUBT}
    for _ in range(3):
        if any(job.state in unsettled for job in stage.jobs()):
            stage.tick(timedelta(hours=3))
    for job in stage.jobs():
        if job.state is JobState.IN_DOUBT and (messages := stage.world.messages_with(content)):
            stage.engine.handwork.adopt(job.job_id, "seen", ADA, message_id=messages[0].message_id)
        elif job.state is JobState.IN_DOUBT:
            stage.engine.handwork.resend(job.job_id, "not in F&O", ADA)


def _agrees(stage: Stage, act: Act, job: Job, content: bytes, place: str) -> None:
    stored = stage.engine.ledger.read(job.job_id)
    assert stored is not None
    assert stored.job.state is act.end, place
    assert len(stage.world.messages_with(content)) == act.imports, place
    assert ADA in {entry.actor for entry in stored.job.timeline}, place
    assert stage.in_landing() == [], place
    assert stage.engine.ledger.taken() == [], place
    if act.loses:
        container, _, folder = job.archive_path.partition("/")
        assert act.loses in stage.engine.files.listed(container, folder), place
