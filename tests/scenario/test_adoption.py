"""A send whose answer was lost: the import is searched for in F&O, and adopted when it is the single one that fits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.job import JobState
from tests.scenario.conftest import GOOD_CSV, Stage

PATH = "customer-groups/USMF/groups-2026-11-14.csv"
OTHER = "customer-groups/USMF/others-2026-11-14.csv"
PARTLY = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n,No key\r\n"


@pytest.fixture
def watched(stage: Stage) -> Stage:
    """The stage with the data project named at the feed."""
    project = stage.world.jobs["11111111-1111-4111-8111-111111111111"].data_project
    stage.edit_feeds("    overdue_after: 2h", f"    overdue_after: 2h\n    data_project: {project}")
    stage.engine = stage.another_host()
    return stage


def _lose(stage: Stage, path: str = PATH, content: bytes = GOOD_CSV, fault: str = "answer_lost_after_commit") -> None:
    stage.world.faults.add("enqueue", fault)
    stage.drop(path, content)
    assert stage.job(path).state is JobState.IN_DOUBT


def _rounds(stage: Stage, number: int) -> None:
    for _ in range(number):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=2))


def test_the_import_of_a_file_in_doubt_is_found_followed_and_archived_without_a_second_send(watched: Stage) -> None:
    _lose(watched)
    _rounds(watched, 6)
    job = watched.job(PATH)
    assert (job.state, job.message_id) == (JobState.SUCCEEDED, "")
    assert job.rows is not None
    assert (job.rows.rows_in, job.rows.rows_ok) == (2, 2)
    assert "adopted" in " ".join(entry.why for entry in job.timeline)
    assert len(watched.world.messages) == 1
    assert watched.archived(job)["outcome"] == "SUCCEEDED"


def test_an_adopted_import_with_errors_gets_its_evidence_too(watched: Stage) -> None:
    _lose(watched, content=PARTLY)
    _rounds(watched, 8)
    job = watched.job(PATH)
    assert (job.state, bool(job.evidence_at)) == (JobState.PARTIAL, True)
    assert job.causes.startswith("2 rows in, 1 loaded, 1 not")


def test_a_file_that_f_and_o_never_took_is_not_given_another_files_import(watched: Stage) -> None:
    _lose(watched, fault="answer_lost_before_commit")
    watched.drop(OTHER)
    _rounds(watched, 70)
    assert watched.job(OTHER).state is JobState.SUCCEEDED
    job = watched.job(PATH)
    assert (job.state, job.overdue, job.execution_id) == (JobState.IN_DOUBT, True, "")


def test_of_two_files_in_doubt_none_is_guessed(watched: Stage) -> None:
    _lose(watched)
    _lose(watched, OTHER)
    _rounds(watched, 40)
    assert {watched.job(path).state for path in (PATH, OTHER)} == {JobState.IN_DOUBT}


def test_an_import_of_another_number_of_rows_is_not_ours(watched: Stage) -> None:
    _lose(watched, fault="answer_lost_before_commit")
    from shared.ports import Outgoing
    from tests.fakes.memory_files import MemoryContent

    stranger = Outgoing(
        activity_id="11111111-1111-4111-8111-111111111111",
        entity="Customer groups",
        legal_entity="USMF",
        external_id="someone.else",
    )
    watched.engine.tick.submission.erp.enqueue(stranger, MemoryContent(GOOD_CSV + b"60,More\r\n"))
    _rounds(watched, 6)
    assert watched.job(PATH).state is JobState.IN_DOUBT


def test_where_nothing_is_found_a_resendable_file_is_sent_again_in_the_end(stage: Stage) -> None:
    project = stage.world.jobs["11111111-1111-4111-8111-111111111111"].data_project
    stage.edit_feeds("    lost_answer: resend", f"    lost_answer: resend\n    data_project: {project}")
    stage.engine = stage.another_host()
    path = "resendable/USMF/groups-2026-11-14.csv"
    _lose(stage, path, fault="answer_lost_before_commit")
    _rounds(stage, 10)
    assert stage.job(path).state is JobState.IN_DOUBT
    _rounds(stage, 20)
    assert (stage.job(path).state, stage.job(path).attempt) == (JobState.SUCCEEDED, 2)


def test_while_f_and_o_cannot_be_asked_the_search_goes_on(watched: Stage) -> None:
    _lose(watched)
    watched.world.faults.add("details", "status", times=3, code=503)
    _rounds(watched, 14)
    assert watched.job(PATH).state is JobState.SUCCEEDED


def test_while_another_files_execution_is_not_known_nothing_is_concluded(watched: Stage) -> None:
    watched.drop(OTHER)
    _lose(watched, fault="answer_lost_before_commit")
    for call in ("jobstatus", "action:GetMessageStatus"):
        watched.world.faults.add(call, "status", times=4, code=503)
    _rounds(watched, 3)
    assert watched.job(PATH).execution_id == ""
    _rounds(watched, 20)
    assert watched.job(OTHER).state is JobState.SUCCEEDED
    assert watched.job(PATH).state is JobState.IN_DOUBT


def test_an_import_that_ended_while_jobstatus_was_down_is_known_and_not_given_to_another_file(watched: Stage) -> None:
    watched.world.faults.add("jobstatus", "status", times=100, code=500)
    watched.drop(OTHER)
    _lose(watched, fault="answer_lost_before_commit")
    _rounds(watched, 70)
    assert watched.job(OTHER).state is JobState.SUCCEEDED
    assert watched.job(OTHER).execution_id
    assert watched.job(PATH).state is JobState.IN_DOUBT


def test_what_a_file_left_to_a_person_may_have_become_is_not_given_to_a_later_one(watched: Stage) -> None:
    _lose(watched, OTHER)
    watched.world.batch_capacity = 0
    _rounds(watched, 70)
    assert watched.job(OTHER).overdue
    _lose(watched, fault="answer_lost_before_commit")
    watched.world.batch_capacity = 4
    _rounds(watched, 70)
    assert {watched.job(path).state for path in (PATH, OTHER)} == {JobState.IN_DOUBT}


def test_of_two_files_in_doubt_the_later_is_not_given_the_others_import_when_that_one_is_left_to_a_person(
    watched: Stage,
) -> None:
    _lose(watched, OTHER)
    watched.tick(timedelta(minutes=2))
    _lose(watched, fault="answer_lost_before_commit")
    _rounds(watched, 70)
    assert {watched.job(path).state for path in (PATH, OTHER)} == {JobState.IN_DOUBT}
    assert all(watched.job(path).overdue for path in (PATH, OTHER))


def test_a_send_between_the_list_of_executions_and_the_look_at_our_own_is_not_taken_for_the_lost_one(
    watched: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lose(watched, fault="answer_lost_before_commit")
    doors = watched.engine.tick.recovery.doubt
    taken = doors.ledger.taken

    def looked_at_first() -> Any:
        found = taken()
        if len(watched.world.messages) == 0:
            watched.another_host().file_landed(watched.landing, watched.drop(OTHER, event=False))
            watched.world.recurrence_tick()
            watched.world.recurrence_tick()
        return found

    monkeypatch.setattr(doors.ledger, "taken", looked_at_first)
    watched.tick(timedelta(minutes=2))
    assert len(watched.world.messages) == 1
    assert watched.job(PATH).state is JobState.IN_DOUBT


@pytest.mark.parametrize("is_taken", [False, True], ids=["in doubt", "in F&O, its execution unknown"])
def test_the_import_of_a_file_that_a_person_closed_is_not_given_to_another(watched: Stage, is_taken: bool) -> None:
    first, second = (f"customer-groups/USMF/{name}-2026-11-14.csv" for name in ("a", "b"))
    watched.world.batch_capacity = 0
    if not is_taken:
        watched.world.faults.add("enqueue", "answer_lost_after_commit")
    watched.drop(first)
    watched.tick(timedelta(minutes=1))
    watched.engine.handwork.close(watched.job(first).job_id, "nobody waits", "ada")
    watched.world.faults.add("enqueue", "answer_lost_before_commit")
    watched.drop(second, GOOD_CSV.replace(b"40", b"41"))
    watched.world.batch_capacity = 4
    for _ in range(12):
        watched.world.recurrence_tick()
        watched.tick(timedelta(minutes=2))
    assert len(watched.world.messages) == 1
    assert watched.job(second).state is JobState.IN_DOUBT
