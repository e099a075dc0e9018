"""What goes wrong between us and the ERP: refused, throttled, unanswered, mis-signed-in, killed half-way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.adapters.tables.ledger_rows import job_key
from shared.domain.job import JobState, advance
from shared.errors import Conflict
from shared.services import tick
from shared.wiring import engine_from
from tests.scenario.conftest import FILE_ACTIVITY, GOOD_CSV, Stage

PATH = "customer-groups/USMF/groups-2026-11-14.csv"
RESEND = "resendable/USMF/groups-2026-11-14.csv"


def test_an_answer_lost_after_the_erp_took_the_file_is_doubt_and_no_second_send(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "answer_lost_after_commit")
    stage.drop(PATH)
    for _ in range(6):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=40))
    job = stage.job(PATH)
    assert job.state is JobState.IN_DOUBT
    assert job.overdue
    assert len(stage.world.messages) == 1
    assert stage.in_landing() == [PATH]


def test_a_lost_answer_gives_its_place_back_in_the_end_so_that_the_feed_goes_on(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "answer_lost_before_commit", times=2)
    for number in range(3):
        stage.drop(f"customer-groups/USMF/{number}.csv")
    states = sorted(job.state for job in stage.jobs())
    assert states == [JobState.IN_DOUBT, JobState.IN_DOUBT, JobState.WAITING]
    for _ in range(8):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=30))
    assert sorted(job.state for job in stage.jobs())[-1] is JobState.SUCCEEDED


def test_a_feed_that_may_resend_does_so_after_a_lost_answer(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "answer_lost_before_commit")
    stage.drop(RESEND)
    assert stage.job(RESEND).state is JobState.IN_DOUBT
    stage.run_to_the_end()
    job = stage.job(RESEND)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)
    assert len(stage.world.imports_of(GOOD_CSV)) == 1


def test_a_resend_waits_for_the_import_that_may_have_begun_so_that_no_cap_is_exceeded(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "answer_lost_after_commit", times=2)
    contents = [GOOD_CSV + f"6{number},More\r\n".encode() for number in range(2)]
    for number, content in enumerate(contents):
        stage.drop(f"resendable/USMF/{number}.csv", content)
    for _ in range(6):
        stage.tick(timedelta(minutes=5))
    for _ in range(2):
        stage.world.recurrence_tick()
    stage.run_to_the_end()
    assert [len(stage.world.messages_with(content)) for content in contents] == [2, 2]
    assert stage.world.most_in_flight(FILE_ACTIVITY) == 2


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_broken_server_leaves_the_send_in_doubt(stage: Stage, status: int) -> None:
    stage.world.faults.add("enqueue", "status", code=status)
    stage.drop(PATH)
    assert stage.job(PATH).state is JobState.IN_DOUBT


def test_a_wrong_activity_id_is_named_as_the_first_thing_to_check_and_loses_nothing(stage: Stage) -> None:
    wrong = "99999999-9999-4999-8999-999999999999"
    stage.edit_feeds("11111111-1111-4111-8111-111111111111", wrong)
    stage.engine = stage.another_host()
    stage.drop(PATH)
    job = stage.job(PATH)
    assert job.state is JobState.IN_DOUBT
    assert "check the feed's activity_id first" in job.reason
    assert stage.in_landing() == [PATH]


@pytest.mark.parametrize("fault", [{"code": 503}, {"code": 408}])
def test_what_took_nothing_is_tried_again_later(stage: Stage, fault: dict[str, int]) -> None:
    stage.world.faults.add("enqueue", "status", **fault)
    stage.drop(PATH)
    assert stage.job(PATH).state is JobState.WAITING
    assert stage.engine.ledger.taken() == []
    stage.run_to_the_end()
    assert (stage.job(PATH).state, stage.job(PATH).attempt) == (JobState.SUCCEEDED, 2)
    assert len(stage.world.imports_of(GOOD_CSV)) == 1


def test_throttling_is_waited_out_as_long_as_the_erp_asks(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "throttle", retry_after=600)
    stage.drop(PATH)
    job = stage.job(PATH)
    assert job.state is JobState.WAITING
    assert job.due_at is not None
    assert job.due_at - stage.clock() >= timedelta(seconds=600)
    stage.tick(timedelta(seconds=599))
    assert stage.job(PATH).attempt == 1


@pytest.mark.parametrize("code", [400, 404, 413])
def test_a_refused_request_fails_with_advice_and_is_archived(stage: Stage, code: int) -> None:
    stage.world.faults.add("enqueue", "status", code=code)
    stage.drop(PATH)
    job = stage.job(PATH)
    assert job.state is JobState.FAILED
    assert str(code) in job.reason
    assert job.archived_at is not None
    assert stage.archived(job, job.source.name) == GOOD_CSV
    assert stage.world.messages == {}


def test_an_expired_token_is_replaced_once_and_the_file_goes_out(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "expired_token")
    stage.drop(PATH)
    assert stage.job(PATH).state is JobState.ENQUEUED
    assert len(stage.world.messages) == 1


def test_tokens_are_kept_between_calls_and_renewed_before_they_end(stage: Stage) -> None:
    def tokens() -> int:
        return sum(1 for _, path, _ in stage.world.calls if path.endswith("/token"))

    stage.drop(PATH)
    stage.tick(timedelta(minutes=1))
    assert tokens() == 1
    stage.tick(timedelta(minutes=57))
    assert tokens() == 2


def test_a_client_missing_from_the_jobs_policy_is_told_which_list_to_mend(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "status", times=2, code=401)
    stage.drop(PATH)
    job = stage.job(PATH)
    assert job.state is JobState.WAITING
    assert "authorization policy" in job.reason
    stage.run_to_the_end()
    assert stage.job(PATH).state is JobState.SUCCEEDED


def test_a_wrong_secret_gives_one_clear_sentence_and_loses_nothing(stage: Stage) -> None:
    stage.environ["D365_CLIENT_SECRET"] = "not the secret"
    stage.engine = stage.another_host()
    stage.drop(PATH)
    job = stage.job(PATH)
    assert job.state is JobState.WAITING
    assert "token endpoint answered 401" in job.reason or "sign-in" in job.reason
    assert "not the secret" not in job.reason
    assert stage.in_landing() == [PATH]


def test_a_redirect_to_sign_in_is_not_followed_and_says_what_to_check(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "redirect")
    stage.drop(PATH)
    job = stage.job(PATH)
    assert job.state is JobState.WAITING
    assert "D365_BASE_URL" in job.reason


def test_a_login_page_with_200_is_not_taken_for_acceptance(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "html")
    stage.drop(PATH)
    assert stage.job(PATH).state is JobState.IN_DOUBT


def test_a_wrong_entity_label_is_followed_as_overdue_and_not_lost(stage: Stage) -> None:
    stage.edit_feeds("entity: Customer groups", "entity: Custommer groups")
    stage.engine = stage.another_host()
    stage.drop(PATH)
    stage.world.recurrence_tick()
    stage.tick(timedelta(hours=3))
    stage.tick(timedelta(minutes=20))
    job = stage.job(PATH)
    assert job.overdue
    assert not job.is_final
    assert stage.in_landing() == [PATH]


def test_a_sender_that_died_after_the_intent_is_found_in_doubt_and_not_sent_again(stage: Stage) -> None:
    stage.world.faults.add("token", "status", code=503)
    stage.drop(PATH)
    stored = stage.engine.ledger.read(stage.job(PATH).job_id)
    assert stored is not None
    dead = advance(stored.job, JobState.SENDING, stage.clock(), "a sender that dies now")
    dead = replace(dead, due_at=stage.clock() + timedelta(minutes=5), sent_at=stage.clock())
    stage.engine.ledger.write(dead, stored.version)
    stage.tick(timedelta(minutes=6))
    assert stage.job(PATH).state is JobState.IN_DOUBT
    assert stage.world.messages == {}


def test_a_file_overwritten_while_it_waits_is_rejected_and_the_new_one_is_loaded(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "status", code=503)
    stage.drop(PATH, b"CUSTOMERGROUPID,DESCRIPTION\r\n1,old\r\n")
    stage.drop(PATH, GOOD_CSV)
    stage.run_to_the_end()
    assert sorted(job.state for job in stage.jobs()) == [JobState.REJECTED, JobState.SUCCEEDED]
    assert len(stage.world.messages) == 1


def test_a_file_overwritten_after_sending_keeps_its_outcome_and_the_new_content_is_not_deleted(stage: Stage) -> None:
    stage.drop(PATH)
    stage.blobs.get_blob_client(stage.landing, PATH).upload_blob(b"something newer", overwrite=True)
    stage.world.recurrence_tick()
    stage.world.recurrence_tick()
    stage.tick(timedelta(minutes=1))
    job = stage.job(PATH)
    assert job.state is JobState.SUCCEEDED
    assert "overwritten" in stage.archived(job)["file"]["kept_as"]
    assert stage.in_landing() == [PATH]


def test_two_ticks_at_once_are_harmless(stage: Stage) -> None:
    from concurrent.futures import ThreadPoolExecutor

    stage.world.faults.add("enqueue", "status", times=2, code=503)
    for number in range(6):
        stage.drop(f"customer-groups/USMF/{number}.csv", GOOD_CSV + f"8{number},Own\r\n".encode())
    hosts = [stage.engine, stage.another_host(), stage.another_host()]
    for _ in range(12):
        stage.pass_time(timedelta(minutes=5))
        stage.world.recurrence_tick()
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda host: host.poll(), hosts))
    assert [job.state for job in stage.jobs()] == [JobState.SUCCEEDED] * 6
    assert len(stage.world.messages) == 6


def test_nothing_starts_on_a_bad_feeds_file_and_the_files_wait_in_landing(stage: Stage) -> None:
    from shared.errors import FaultyConfiguration

    stage.edit_feeds("shape: package", "shape: zip")
    stage.edit_feeds("environment: local", "environment: prod")
    stage.drop(PATH, event=False)
    with pytest.raises(FaultyConfiguration) as caught:
        engine_from(stage.environ, stage.clock)
    assert len(caught.value.faults) == 2
    stage.edit_feeds("shape: zip", "shape: package")
    stage.edit_feeds("environment: prod", "environment: local")
    stage.engine = stage.another_host()
    stage.run_to_the_end(step=timedelta(minutes=6))
    assert stage.job(PATH).state is JobState.SUCCEEDED


def test_a_row_that_cannot_be_read_fails_the_run_loudly_but_holds_up_no_other_job(stage: Stage) -> None:
    stage.drop(PATH)
    stage.drop("customer-groups/USMF/other.csv", GOOD_CSV + b"77,Other\r\n")
    broken = stage.job(PATH)
    partition, key = job_key(broken.job_id)
    spoilt = {"PartitionKey": partition, "RowKey": key, "state": "NONSENSE"}
    stage.engine.ledger._table.update_entity(spoilt, mode="merge")
    for _ in range(3):
        stage.world.recurrence_tick()
        stage.pass_time(timedelta(minutes=1))
        with pytest.raises(ValueError, match="NONSENSE"):
            stage.engine.poll()
    other = stage.engine.ledger.read(stage.engine.ledger.by_message(_message_of(stage, b"77,Other")) or "")
    assert other is not None
    assert other.job.state is JobState.SUCCEEDED


def _message_of(stage: Stage, part: bytes) -> str:
    return next(m.message_id for m in stage.world.messages.values() if part in m.body)


def test_a_row_that_cannot_be_read_does_not_keep_the_sweep_from_other_files(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tick, "WINDOW", 1)
    broken, lost = "customer-groups/USMF/a-2026-11-14.csv", "customer-groups/USMF/b-2026-11-14.csv"
    stage.drop(broken)
    partition, key = job_key(stage.job(broken).job_id)
    table = stage.engine.ledger._table
    table.update_entity({"PartitionKey": partition, "RowKey": key, "state": "NONSENSE"})
    stage.drop(lost, event=False)
    with pytest.raises(ValueError, match="NONSENSE"):
        stage.tick(timedelta(minutes=10))
    assert [message.entity for message in stage.world.messages.values()] == ["Customer groups"] * 2


def test_a_job_whose_due_entry_is_gone_is_found_by_the_sweep(stage: Stage) -> None:
    stage.drop(PATH)
    table = stage.engine.ledger._table
    for row in list(table.query_entities("PartitionKey ge 'due.' and PartitionKey lt 'due/'")):
        table.delete_entity(row["PartitionKey"], row["RowKey"])
    stage.world.recurrence_tick()
    stage.tick(timedelta(hours=7))
    stage.run_to_the_end()
    assert stage.job(PATH).state is JobState.SUCCEEDED


def test_a_late_answer_to_an_earlier_attempt_is_not_taken_for_that_of_a_resend(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "answer_lost_after_commit", times=2)
    stage.drop(PATH)
    first = stage.engine.ledger.read(stage.job(PATH).job_id)
    assert first
    stage.engine.handwork.resend(first.job.job_id, "not in F&O, as I thought", "ada")
    stage.tick()
    assert (stage.job(PATH).state, stage.job(PATH).attempt) == (JobState.IN_DOUBT, 2)
    with pytest.raises(Conflict):
        stage.engine.tick.submission._record_sent(first, "5b1c1cbb-0000-4000-8000-000000000001", "a" * 64)
    assert (stage.job(PATH).state, stage.job(PATH).message_id) == (JobState.IN_DOUBT, "")
