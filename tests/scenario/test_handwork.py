"""What people do with jobs: every act is on the timeline with its reason and name, and none sends a file unasked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared.domain.handwork import NotAllowed
from shared.domain.job import Job, JobState
from tests.scenario.conftest import GOOD_CSV, Stage

PATH = "customer-groups/USMF/groups-2026-11-14.csv"
PARTLY = GOOD_CSV + b",No key\r\n"
ADA = "ada@contoso.com"


def _partial(stage: Stage) -> Job:
    stage.drop(PATH, PARTLY)
    stage.run_to_the_end()
    return stage.job(PATH)


def _failed(stage: Stage) -> Job:
    stage.world.faults.add("enqueue", "status", code=400)
    stage.drop(PATH)
    stage.run_to_the_end()
    job = stage.job(PATH)
    assert job.state is JobState.FAILED
    return job


def _in_doubt(stage: Stage, fault: str = "answer_lost_after_commit") -> Job:
    stage.world.faults.add("enqueue", fault)
    stage.drop(PATH)
    stage.tick(timedelta(hours=3))
    job = stage.job(PATH)
    assert (job.state, job.due_at) == (JobState.IN_DOUBT, None)
    return job


def _last(job: Job) -> tuple[str, str]:
    return job.timeline[-1].why, job.timeline[-1].actor


def _read(stage: Stage, job: Job) -> Job:
    stored = stage.engine.ledger.read(job.job_id)
    assert stored is not None
    return stored.job


def test_a_failed_file_is_replayed_as_a_job_of_its_own_that_names_the_first(stage: Stage) -> None:
    first = _failed(stage)
    again = stage.engine.handwork.replay(first.job_id, "activity mended", ADA).job
    assert (again.replay_of, again.business_date) == (first.job_id, first.business_date)
    assert again.job_id != first.job_id
    assert _last(_read(stage, first)) == ("replayed: activity mended", ADA)
    assert _read(stage, first).state is JobState.FAILED
    stage.run_to_the_end()
    assert _read(stage, again).state is JobState.SUCCEEDED
    assert stage.archived(_read(stage, again))["replay_of"] == first.job_id
    assert len(stage.world.imports_of(GOOD_CSV)) == 1
    assert stage.in_landing() == []


def test_a_rejected_file_is_replayed_when_its_feed_is_mended(stage: Stage) -> None:
    stage.edit_feeds("    max_size: 50MB\n", "    max_size: 1KB\n")
    stage.engine = stage.another_host()
    stage.drop(PATH, GOOD_CSV + b"90,Wide\r\n" * 200)
    rejected = stage.job(PATH)
    assert rejected.state is JobState.REJECTED
    stage.edit_feeds("    max_size: 1KB\n", "    max_size: 50MB\n")
    stage.engine = stage.another_host()
    again = stage.engine.handwork.replay(rejected.job_id, "limit raised", ADA).job
    stage.run_to_the_end()
    assert _read(stage, again).state is JobState.SUCCEEDED


def test_a_replay_that_no_event_announced_is_found_by_the_sweep_with_its_lineage(stage: Stage) -> None:
    first = _failed(stage)
    stage.engine.files.put_back(f"{first.archive_path}/{first.source.name}", stage.landing, PATH, first.job_id)
    stage.run_to_the_end()
    assert sorted(job.replay_of for job in stage.jobs()) == ["", first.job_id]


def test_what_was_loaded_is_not_replayed_unless_that_is_said(stage: Stage) -> None:
    job = _partial(stage)
    with pytest.raises(NotAllowed, match="its rows would be imported twice"):
        stage.engine.handwork.replay(job.job_id, "sure?", ADA)
    assert stage.in_landing() == []
    assert _read(stage, job).replayed_at is None
    stage.engine.handwork.replay(job.job_id, "the company was empty", ADA, again=True)
    stage.run_to_the_end()
    assert len(stage.world.messages_with(PARTLY)) == 2


def test_a_second_replay_of_the_same_job_is_never_an_oversight(stage: Stage) -> None:
    job = _failed(stage)
    stage.engine.handwork.replay(job.job_id, "mended", ADA)
    with pytest.raises(NotAllowed, match=r"was replayed at .*: look at that job first"):
        stage.engine.handwork.replay(job.job_id, "double click", ADA)
    stage.run_to_the_end()
    assert len(stage.world.messages_with(GOOD_CSV)) == 1


def test_a_replay_waits_for_another_file_of_the_same_name_to_leave_landing(stage: Stage) -> None:
    job = _failed(stage)
    stage.drop(PATH, GOOD_CSV + b"60,New\r\n", event=False)
    with pytest.raises(NotAllowed, match="another file lies in landing"):
        stage.engine.handwork.replay(job.job_id, "mended", ADA)
    stage.run_to_the_end()
    assert len(stage.world.messages_with(GOOD_CSV)) == 0
    stage.engine.handwork.replay(job.job_id, "mended", ADA)
    stage.run_to_the_end()
    assert len(stage.world.messages_with(GOOD_CSV)) == 1


def test_a_replay_is_no_duplicate_of_what_it_repeats(stage: Stage) -> None:
    stage.edit_feeds("    overdue_after: 2h\n", "    overdue_after: 2h\n    duplicate: skip\n")
    stage.engine = stage.another_host()
    job = _partial(stage)
    again = stage.engine.handwork.replay(job.job_id, "wanted", ADA, again=True).job
    stage.run_to_the_end()
    assert _read(stage, again).state is JobState.PARTIAL


def test_a_file_whose_content_was_removed_cannot_be_replayed(stage: Stage) -> None:
    job = _failed(stage)
    stage.engine.forgetting.forget(job.job_id, ADA, "asked for")
    with pytest.raises(NotAllowed, match="its sender has to write it again"):
        stage.engine.handwork.replay(job.job_id, "?", ADA)


@pytest.mark.parametrize("by", ["message_id", "execution_id"])
def test_the_import_that_a_person_found_is_followed_to_its_end_and_nothing_is_sent_again(stage: Stage, by: str) -> None:
    job = _in_doubt(stage)
    stage.world.recurrence_tick()
    (message,) = stage.world.messages.values()
    found = {by: getattr(message, by)}
    stage.engine.handwork.adopt(job.job_id, "seen in Manage messages", ADA, **found)
    assert stage.engine.ledger.by_message(found[by]) == job.job_id
    stage.run_to_the_end()
    done = _read(stage, job)
    assert done.state is JobState.SUCCEEDED
    assert len(stage.world.messages) == 1
    assert (f"{by.replace('_id', '')} {found[by]} is its import: seen in Manage messages", ADA) in [
        (entry.why, entry.actor) for entry in done.timeline
    ]


def test_an_import_of_another_job_is_not_adopted(stage: Stage) -> None:
    other = stage.drop("customer-groups/USMF/other.csv", GOOD_CSV + b"70,Other\r\n")
    stage.run_to_the_end()
    job = _in_doubt(stage)
    with pytest.raises(NotAllowed, match="is the import of job customer-groups"):
        stage.engine.handwork.adopt(job.job_id, "?", ADA, message_id=stage.job(other).message_id)
    with pytest.raises(NotAllowed, match="either the message ID or the execution ID"):
        stage.engine.handwork.adopt(job.job_id, "?", ADA)
    assert _read(stage, job).state is JobState.IN_DOUBT


def test_a_wrong_id_is_refused_where_it_can_be_seen_and_put_right_where_it_cannot(stage: Stage) -> None:
    job = _in_doubt(stage)
    stage.world.recurrence_tick()
    (message,) = stage.world.messages.values()
    adopt = stage.engine.handwork.adopt
    with pytest.raises(NotAllowed, match="nonsense is no message ID"):
        adopt(job.job_id, "typo", ADA, message_id="nonsense")
    adopt(job.job_id, "the line above", ADA, message_id="00000000-1111-4222-8333-444444444444")
    stage.tick(timedelta(minutes=5))
    assert _read(stage, job).state is JobState.ENQUEUED
    adopt(job.job_id, "that was the wrong line", ADA, message_id=f"{{{message.message_id.upper()}}}")
    stage.run_to_the_end()
    assert _read(stage, job).state is JobState.SUCCEEDED
    with pytest.raises(NotAllowed, match="is SUCCEEDED, and not in doubt"):
        adopt(job.job_id, "?", ADA, message_id=message.message_id)


def test_what_to_look_for_in_fo_is_said_where_a_file_is_left_to_a_person(stage: Stage) -> None:
    job = _in_doubt(stage)
    assert f"look for {job.job_id}.1 in F&O under Manage messages, then adopt, resend or close it" in job.reason


def test_a_file_that_is_not_in_fo_is_sent_again_once_a_person_says_so(stage: Stage) -> None:
    job = _in_doubt(stage, "answer_lost_before_commit")
    stage.engine.handwork.resend(job.job_id, "not in Manage messages", ADA)
    assert len(stage.world.messages) == 0
    stage.run_to_the_end()
    done = _read(stage, job)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)
    assert len(stage.world.imports_of(GOOD_CSV)) == 1


def test_a_file_to_be_sent_again_takes_a_place_anew_and_not_a_second_one(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "answer_lost_before_commit")
    stage.drop(PATH)
    job = stage.job(PATH)
    assert (job.state, bool(job.slots)) == (JobState.IN_DOUBT, True)
    stage.engine.handwork.resend(job.job_id, "not in Manage messages", ADA)
    assert stage.job(PATH).slots == ()
    stage.run_to_the_end()
    assert (stage.job(PATH).state, stage.job(PATH).slots) == (JobState.SUCCEEDED, ())


def test_a_job_in_doubt_is_closed_and_its_file_kept(stage: Stage) -> None:
    job = _in_doubt(stage)
    done = stage.engine.handwork.close(job.job_id, "loaded by hand", ADA).job
    assert (done.state, done.slots) == (JobState.CLOSED, ())
    assert stage.in_landing() == []
    assert stage.archived(done)["outcome"] == "CLOSED"
    assert stage.outcome(f"{PATH}.json")["reason"] == "closed: loaded by hand"


def test_a_job_that_hangs_in_fo_is_closed_and_its_place_is_free(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "stuck")
    stage.drop(PATH)
    stage.world.recurrence_tick()
    stage.tick(timedelta(minutes=5))
    assert stage.job(PATH).state is JobState.RUNNING
    stage.engine.handwork.close(stage.job(PATH).job_id, "batch job removed", ADA)
    assert stage.engine.ledger.taken() == []
    assert stage.job(PATH).archived_at is not None


def test_evidence_is_fetched_again(stage: Stage) -> None:
    _partial(stage)
    stage.tick(timedelta(minutes=30))
    job = stage.job(PATH)
    assert job.evidence_at is not None
    container, _, folder = job.archive_path.partition("/")
    for note in ("errors.json", "error-keys.Customer groups.csv"):
        stage.engine.files.discard(container, f"{folder}/{note}")
    stage.engine.handwork.refetch(job.job_id, "errors.json is gone", ADA)
    stage.tick(timedelta(minutes=30))
    there = stage.engine.files.listed(container, folder)
    assert {"errors.json", "error-keys.Customer groups.csv"} <= set(there)
    assert _read(stage, job).evidence_at is not None


def test_a_paused_feed_sends_nothing_and_says_why_until_it_is_resumed(stage: Stage) -> None:
    stage.engine.handwork.pause("customer-groups", "year end", ADA)
    stage.drop(PATH)
    stage.drop("resendable/USMF/other.csv", GOOD_CSV + b"80,Other\r\n")
    waiting = stage.job(PATH)
    assert waiting.state is JobState.WAITING
    assert waiting.reason.startswith("off: paused by hand since ")
    assert waiting.reason.endswith(f": year end ({ADA})")
    assert len(stage.world.messages) == 1
    stage.engine.handwork.resume("customer-groups", "done", ADA)
    stage.run_to_the_end()
    assert stage.job(PATH).state is JobState.SUCCEEDED


def test_many_are_shown_first_and_then_done_and_one_that_cannot_be_does_not_stop_the_others(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "status", code=400, times=2)
    for number in range(2):
        stage.drop(f"customer-groups/USMF/{number}-2026-11-14.csv", GOOD_CSV + f"7{number},Own\r\n".encode())
    stage.run_to_the_end()
    stage.drop("customer-groups/USMF/1-2026-11-14.csv", GOOD_CSV + b"90,New\r\n", event=False)
    days = (date(2026, 11, 13), date(2026, 11, 14))

    def run(*, dry_run: bool) -> list[tuple[str, bool]]:
        told = stage.engine.handwork.bulk(
            "replay", "customer-groups", days, {JobState.FAILED}, "mended", ADA, dry_run=dry_run
        )
        return sorted((done.path[-16:], bool(done.refused)) for done in told)

    assert run(dry_run=True) == [("0-2026-11-14.csv", False), ("1-2026-11-14.csv", False)]
    assert all(job.replayed_at is None for job in stage.jobs())
    assert run(dry_run=False) == [("0-2026-11-14.csv", False), ("1-2026-11-14.csv", True)]
    assert run(dry_run=True) == [("0-2026-11-14.csv", True), ("1-2026-11-14.csv", False)], "replayed once already"
    stage.run_to_the_end()
    assert [job.replay_of != "" for job in stage.jobs() if job.state is JobState.SUCCEEDED].count(True) == 1


@pytest.mark.parametrize("act", ["close", "resend", "refetch", "replay"])
def test_an_act_that_does_not_fit_changes_nothing_and_says_what_does(stage: Stage, act: str) -> None:
    stage.engine.handwork.pause("customer-groups", "wait", ADA)
    stage.drop(PATH)
    before = stage.job(PATH)
    with pytest.raises(NotAllowed, match="is WAITING"):
        getattr(stage.engine.handwork, act)(before.job_id, "?", ADA)
    assert stage.job(PATH) == before
    with pytest.raises(NotAllowed, match="there is no job"):
        getattr(stage.engine.handwork, act)("customer-groups.20261114.nothere", "?", ADA)
