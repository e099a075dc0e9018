"""The walk of a message through the batch group."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.simulator.conftest import CSV, FILE, PACKAGE, Caller


def walk(caller: Caller, message_id: str, ticks: int) -> list[object]:
    """The states that jobstatus tells, one before each recurrence."""
    seen = []
    for _ in range(ticks):
        seen.append(caller.state(message_id))
        caller.world.recurrence_tick()
    return seen


def test_a_message_walks_from_enqueued_through_in_process_to_processed(caller: Caller) -> None:
    message_id = caller.enqueue()
    assert walk(caller, message_id, 4) == [0, 4, 5, 5]


def test_the_long_walk_shows_every_state_in_both_vocabularies(caller: Caller) -> None:
    caller.world.long_walk, caller.world.state_form = True, "name"
    message_id = caller.enqueue()
    told = []
    for _ in range(5):
        told.append((caller.state(message_id), caller.action("GetMessageStatus", messageId=message_id)))
        caller.world.recurrence_tick()
    assert told == [
        ("Enqueued", "Enqueued"),
        ("Dequeued", "Dequeued"),
        ("PreProcessing", "Preprocessing"),
        ("InProcess", "Processing"),
        ("Processed", "Processed"),
    ]


@pytest.mark.parametrize("word", ["PostProcessingFailed", "PostProcessingError"])
def test_a_failure_after_the_rows_were_written_has_two_names(caller: Caller, word: str) -> None:
    caller.world.post_process_word = word
    caller.world.faults.add("enqueue", "post_process_error")
    message = caller.imported()
    assert (caller.state(message.message_id), message.rows_written) == (7, 1)
    assert caller.action("GetMessageStatus", messageId=message.message_id) == word


def test_before_it_runs_a_message_has_no_execution_no_dates_and_no_detail(caller: Caller) -> None:
    told = caller.status(caller.enqueue())
    assert told["DataJobStatus"]["ExecutionIdentifier"] == ""
    assert told["DataJobStatus"]["DataJobStartedDateTime"] == "0001-01-01T00:00:00"
    assert told["ExecutionDetail"] is None


def test_the_execution_id_has_the_form_of_project_time_and_hex(caller: Caller) -> None:
    message = caller.imported()
    project, rest = message.execution_id[:21], message.execution_id[21:]
    assert project == "Customer groups impor"
    assert len(rest.rsplit("-", 1)[1]) == 32
    assert rest.rsplit("-", 1)[1] == rest.rsplit("-", 1)[1].upper()


def test_the_batch_group_has_finite_room(caller: Caller) -> None:
    caller.world.batch_capacity = 2
    for _ in range(5):
        caller.enqueue()
    caller.world.recurrence_tick()
    assert sorted(m.state for m in caller.world.messages.values()) == [0, 0, 0, 4, 4]
    assert (caller.world.most_in_flight(FILE), caller.world.most_in_flight()) == (5, 5)


def test_most_in_flight_counts_what_has_not_ended(caller: Caller) -> None:
    caller.imported()
    caller.enqueue()
    caller.enqueue(b"PK", PACKAGE, "")
    assert (caller.world.most_in_flight(FILE), caller.world.most_in_flight()) == (1, 2)


def test_an_ordered_job_runs_one_message_at_a_time_in_the_order_of_arrival(caller: Caller) -> None:
    caller.world.jobs[FILE].ordered = True
    ids = [caller.enqueue() for _ in range(3)]
    caller.world.recurrence_tick()
    assert [caller.world.messages[i].state for i in ids] == [4, 0, 0]
    caller.world.recurrence_tick()
    assert [caller.world.messages[i].state for i in ids] == [5, 4, 0]


@pytest.mark.parametrize("query", ["?entity=Custommer%20groups", "?entity=Vendor%20groups", ""])
def test_a_label_that_is_not_the_jobs_is_accepted_and_never_ends(caller: Caller, query: str) -> None:
    message_id = caller.enqueue(query=query)
    for _ in range(10):
        caller.world.recurrence_tick()
    assert caller.state(message_id) == 4


def test_a_stuck_message_takes_room_in_the_batch_group(caller: Caller) -> None:
    caller.world.batch_capacity = 1
    caller.world.faults.add("enqueue", "stuck")
    stuck, other = caller.enqueue(), caller.enqueue()
    caller.run()
    assert (caller.state(stuck), caller.state(other)) == (4, 0)


def test_an_upload_that_waited_more_than_seven_days_is_gone(caller: Caller) -> None:
    message_id = caller.enqueue()
    caller.world.clock.advance(timedelta(days=7, minutes=1))
    caller.run()
    message = caller.world.messages[message_id]
    assert (message.state, message.body) == (8, b"")
    assert caller.world.imports_of(CSV) == []


def test_imports_that_collide_fail_and_pass_when_sent_again(caller: Caller) -> None:
    caller.world.faults.add("enqueue", "conflict")
    assert [caller.imported().state, caller.imported().state] == [6, 5]
    assert len(caller.world.imports_of(CSV)) == 1
