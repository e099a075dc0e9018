"""The life of a job as a table: properties that hold for every path through it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.decisions import PollPolicy, after_report
from shared.domain.job import (
    BEGINNINGS,
    LONGEST_TIMELINE,
    TRANSITIONS,
    IllegalTransition,
    JobState,
    advance,
    lane_of,
)
from shared.domain.outcomes.outcome import EntityCounts, Summary
from shared.domain.remote import RemoteReport, RemoteStatus
from tests.builders import START, a_job, a_job_in

FINAL = frozenset(JobState) - frozenset(TRANSITIONS)
POLICY = PollPolicy(shortest=timedelta(seconds=10), longest=timedelta(minutes=15), overdue_after=timedelta(hours=1))
counts = st.builds(
    EntityCounts,
    entity=st.just("Customer groups"),
    staged=st.integers(0, 50),
    staging_errors=st.integers(0, 50),
    written=st.integers(0, 50),
    target_errors=st.integers(0, 50),
    total=st.none() | st.integers(0, 100),
)
reports = st.builds(
    RemoteReport,
    status=st.sampled_from(RemoteStatus),
    word=st.text(max_size=20),
    execution_id=st.sampled_from(["", "P-2026-11-14T06:00:00-ABC"]),
    entities=st.lists(counts, max_size=3).map(tuple),
    execution_log=st.text(max_size=30),
)


def test_every_state_is_reached_from_a_beginning_and_no_beginning_is_final() -> None:
    reached, edge = set(BEGINNINGS), set(BEGINNINGS)
    assert not BEGINNINGS & FINAL
    while edge:
        edge = {to for state in edge for to in TRANSITIONS.get(state, ())} - reached
        reached |= edge
    assert reached == set(JobState)


def test_an_end_is_reachable_from_every_state() -> None:
    for state in JobState:
        seen, edge = {state}, {state}
        while edge:
            edge = {to for at in edge for to in TRANSITIONS.get(at, ())} - seen
            seen |= edge
        assert seen & FINAL, state


@given(st.lists(st.sampled_from(JobState), max_size=12))
def test_a_final_job_never_moves_and_an_illegal_move_changes_nothing(moves: list[JobState]) -> None:
    job = a_job()
    for number, to in enumerate(moves):
        before = job
        try:
            job = advance(job, to, START + timedelta(seconds=number), "a move")
        except IllegalTransition:
            assert job is before
            assert before.is_final or to not in TRANSITIONS[before.state]
        else:
            assert not before.is_final
            assert job.timeline[: len(before.timeline)] == before.timeline
            assert (job.timeline[-1].from_state, job.timeline[-1].to_state) == (before.state, job.state)


@given(
    state=st.sampled_from([JobState.ENQUEUED, JobState.RUNNING]),
    report=reports,
    summary=st.sampled_from(Summary),
    age=st.timedeltas(timedelta(0), timedelta(days=8)),
)
def test_every_answer_leads_to_a_legal_step_with_a_next_look(
    state: JobState, report: RemoteReport, summary: Summary, age: timedelta
) -> None:
    job = a_job_in(state)
    after = after_report(job, report, summary, START + age, POLICY)
    assert after.state is job.state or after.state in TRANSITIONS[job.state]
    assert after.due_at is not None
    if after.is_final:
        assert report.status not in {RemoteStatus.WAITING, RemoteStatus.RUNNING, RemoteStatus.UNKNOWN}
    else:
        assert after.due_at > START + age


@given(age=st.timedeltas(timedelta(0), timedelta(days=8)), word=st.text(max_size=20))
def test_an_unknown_word_never_ends_a_job_however_old_it_is(age: timedelta, word: str) -> None:
    job = a_job_in(JobState.RUNNING)
    report = RemoteReport(status=RemoteStatus.UNKNOWN, word=word)
    after = after_report(job, report, Summary.UNDECIDED, START + age, POLICY)
    assert after.state is JobState.RUNNING
    assert after.overdue is (age > POLICY.overdue_after)


def test_a_retried_send_is_a_new_attempt_of_the_same_job() -> None:
    job = a_job_in(JobState.SENDING)
    again = advance(advance(job, JobState.WAITING, START, "refused"), JobState.SENDING, START, "again")
    assert (job.attempt, again.attempt) == (1, 2)
    assert again.job_id == job.job_id


def test_a_timeline_that_grows_for_weeks_keeps_its_first_entries_and_its_latest() -> None:
    job = a_job_in(JobState.WAITING)
    first = job.timeline[0]
    for number in range(LONGEST_TIMELINE):
        job = advance(job, JobState.SENDING, START, f"try {number}")
        job = advance(job, JobState.WAITING, START, f"refused {number}")
    assert len(job.timeline) == LONGEST_TIMELINE
    assert (job.timeline[0], job.timeline[-1].why) == (first, f"refused {LONGEST_TIMELINE - 1}")


@pytest.mark.parametrize("state", JobState)
def test_waiting_to_be_sent_and_being_followed_are_two_lanes(state: JobState) -> None:
    lane = lane_of(a_job_in(state))
    assert (lane == "send") is (state in {JobState.RECEIVED, JobState.WAITING})
