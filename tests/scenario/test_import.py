"""A file lands and loads: the whole way, and every other way it can end."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from local.samples.package import Member, package
from shared.domain.job import JobState
from shared.domain.naming import archive_folder
from tests.packages import zipped
from tests.scenario.conftest import FILE_ACTIVITY, GOOD_CSV, Stage

SOME_BAD = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n,No key\r\n60,Online\r\n"
ALL_BAD = b"CUSTOMERGROUPID,DESCRIPTION\r\n,No key\r\n,No key either\r\n"
UNKNOWN_COLUMNS = b"COLOUR,TASTE\r\nred,sour\r\n"
PATH = "customer-groups/USMF/groups 2026-11-14 Zürich 100%.csv"


def test_a_good_file_is_sent_followed_and_archived_with_its_outcome(stage: Stage) -> None:
    stage.drop(PATH)
    sent = stage.job(PATH)
    assert sent.state is JobState.ENQUEUED
    stage.run_to_the_end()
    job = stage.job(PATH)
    assert job.state is JobState.SUCCEEDED
    assert job.rows is not None
    assert (job.rows.rows_in, job.rows.rows_ok, job.rows.rows_bad) == (2, 2, 0)
    assert len(stage.world.imports_of(GOOD_CSV)) == 1
    assert stage.in_landing() == []
    assert stage.archived(job, job.source.name) == GOOD_CSV
    record = stage.archived(job)
    assert record["outcome"] == "SUCCEEDED"
    assert record["rows"] == {"in": 2, "ok": 2, "bad": 0}
    assert record["file"]["sha256"] == hashlib.sha256(GOOD_CSV).hexdigest()
    assert record["remote"]["message_id"] == job.message_id
    assert [entry["to"] for entry in record["timeline"]][:3] == ["RECEIVED", "SENDING", "ENQUEUED"]


def test_the_erp_gets_entity_company_and_a_reference_that_leads_back(stage: Stage) -> None:
    stage.drop("customer-groups/demf/x.csv")
    job = stage.job("customer-groups/demf/x.csv")
    message = stage.world.messages[job.message_id]
    assert (message.entity, message.legal_entity) == ("Customer groups", "DEMF")
    assert message.external_id == f"{job.job_id}.1"
    assert message.content_sha256 == hashlib.sha256(GOOD_CSV).hexdigest() == job.sha256
    assert stage.engine.ledger.by_message(job.message_id) == job.job_id


def test_some_bad_rows_are_a_partial_outcome_with_counts(stage: Stage) -> None:
    stage.drop(PATH, SOME_BAD)
    stage.run_to_the_end()
    job = stage.job(PATH)
    assert job.state is JobState.PARTIAL
    assert job.rows is not None
    assert (job.rows.rows_in, job.rows.rows_ok, job.rows.rows_bad) == (3, 2, 1)
    assert stage.archived(job)["outcome"] == "PARTIAL"


def test_all_bad_rows_are_a_failure_although_the_remote_uses_the_same_word(stage: Stage) -> None:
    stage.drop(PATH, ALL_BAD)
    stage.run_to_the_end()
    assert stage.job(PATH).state is JobState.FAILED
    assert stage.job(PATH).remote_status in {"6", "ProcessedWithErrors"}


def test_a_file_that_fails_before_staging_says_so_even_without_a_log(stage: Stage) -> None:
    stage.drop(PATH, UNKNOWN_COLUMNS)
    stage.run_to_the_end()
    job = stage.job(PATH)
    assert job.state is JobState.FAILED
    assert "before staging" in job.reason


@pytest.mark.parametrize(
    ("path", "content", "rule", "seen"),
    [
        ("nowhere/USMF/x.csv", GOOD_CSV, "no-feed", "nowhere/USMF/x.csv"),
        ("customer-groups/ZZZZ/x.csv", GOOD_CSV, "company", "ZZZZ"),
        ("customer-groups/USMF/empty.csv", b"", "empty-file", "0 bytes"),
        ("customers/USMF/x.zip", GOOD_CSV, "not-a-package", "the first bytes are no zip"),
    ],
)
def test_an_unfit_file_is_moved_aside_with_the_rule_the_value_and_what_to_do(
    stage: Stage, path: str, content: bytes, rule: str, seen: str
) -> None:
    stage.drop(path, content)
    job = stage.job(path)
    assert job.state is JobState.REJECTED
    assert stage.in_landing() == []
    assert job.archive_path.startswith(stage.rejected)
    assert stage.archived(job, job.source.name) == content
    reason = stage.archived(job, f"{job.source.name}.reason.json")
    assert [(found["rule"], found["value_seen"]) for found in reason["findings"]] == [(rule, seen)]
    assert reason["findings"][0]["what_to_do"]
    assert stage.world.messages == {}
    assert stage.engine.ledger.taken() == []


def test_a_duplicate_event_makes_no_second_job_and_no_second_send(stage: Stage) -> None:
    stage.drop(PATH)
    for _ in range(3):
        stage.engine.file_landed(stage.landing, PATH)
        stage.another_host().file_landed(stage.landing, PATH)
    stage.run_to_the_end()
    assert len(stage.jobs()) == 1
    assert len(stage.world.messages) == 1


def test_new_content_under_the_same_name_is_loaded_as_a_job_of_its_own(stage: Stage) -> None:
    stage.drop(PATH)
    stage.run_to_the_end()
    stage.drop(PATH, SOME_BAD)
    stage.run_to_the_end()
    assert sorted(job.state for job in stage.jobs()) == [JobState.PARTIAL, JobState.SUCCEEDED]


def test_a_file_whose_event_was_lost_is_found_by_the_sweep(stage: Stage) -> None:
    stage.drop(PATH, event=False)
    stage.tick()
    assert stage.jobs() == []
    stage.run_to_the_end(step=timedelta(minutes=6))
    assert stage.job(PATH).state is JobState.SUCCEEDED
    assert stage.job(PATH).timeline[0].actor == "sweep"


def test_a_file_deleted_before_its_event_is_worked_is_no_fault(stage: Stage) -> None:
    stage.engine.file_landed(stage.landing, "customer-groups/USMF/gone.csv")
    assert stage.jobs() == []


def test_caps_hold_and_the_waiting_say_why(stage: Stage) -> None:
    for number in range(5):
        stage.drop(f"customer-groups/USMF/{number}.csv", GOOD_CSV + f"7{number},More\r\n".encode())
    states = [job.state for job in stage.jobs()]
    assert states.count(JobState.ENQUEUED) == 2
    waiting = [job for job in stage.jobs() if job.state is JobState.WAITING]
    assert len(waiting) == 3
    assert all(job.reason.startswith("cap: 2 in flight for the feed's activity") for job in waiting)
    stage.run_to_the_end()
    assert {job.state for job in stage.jobs()} == {JobState.SUCCEEDED}
    assert stage.world.most_in_flight(FILE_ACTIVITY) <= 2
    assert stage.engine.ledger.taken() == []


def test_the_deadline_flags_a_stuck_file_and_never_drops_it(stage: Stage) -> None:
    stage.world.faults.add("enqueue", "stuck")
    stage.drop(PATH)
    stage.world.recurrence_tick()
    stage.tick(timedelta(hours=3))
    stage.tick(timedelta(hours=1))
    job = stage.job(PATH)
    assert not job.is_final
    assert job.overdue
    assert job.due_at is not None
    assert stage.in_landing() == [PATH]


@pytest.mark.parametrize("form", ["number", "name"])
def test_states_are_read_as_numbers_and_as_names(stage: Stage, form: str) -> None:
    stage.world.state_form = form
    stage.drop(PATH, SOME_BAD)
    stage.run_to_the_end()
    assert stage.job(PATH).state is JobState.PARTIAL


def test_when_jobstatus_fails_the_fallback_still_brings_the_job_to_its_end(stage: Stage) -> None:
    stage.drop(PATH)
    stage.world.faults.add("jobstatus", "html", times=100)
    stage.run_to_the_end()
    assert stage.job(PATH).state is JobState.SUCCEEDED
    assert stage.job(PATH).remote_status == "Processed"


def test_job_json_is_enough_to_answer_without_the_erp_or_the_ledger(stage: Stage) -> None:
    stage.drop(PATH, SOME_BAD)
    stage.run_to_the_end()
    record = json.dumps(stage.archived(stage.job(PATH)), ensure_ascii=False)
    for fact in ("2026-11-14", "USMF", "PARTIAL", "Customer groups", "Zürich"):
        assert fact in record


def test_landing_keeps_the_file_while_the_archived_copy_is_not_what_was_sent(stage: Stage) -> None:
    stage.drop(PATH)
    job = stage.job(PATH)
    wrong = stage.blobs.get_blob_client(stage.archive, f"{archive_folder(job)}/{job.source.name}")
    wrong.upload_blob(b"not what was sent")
    for _ in range(4):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=2))
    job = stage.job(PATH)
    assert job.state is JobState.SUCCEEDED
    assert job.archived_at is None
    assert stage.in_landing() == [PATH]
    wrong.delete_blob()
    stage.tick(timedelta(minutes=2))
    assert stage.job(PATH).archived_at is not None
    assert stage.in_landing() == []


def test_a_package_that_would_load_zero_rows_is_rejected_with_what_f_and_o_would_have_shown(stage: Stage) -> None:
    manifest = (
        "<DataManagementPackageManifest><PackageEntityList><DataManagementPackageEntityData>"
        "<EntityMapList/><EntityName>Customer groups</EntityName><InputFilePath>Customer groups.csv</InputFilePath>"
        "</DataManagementPackageEntityData></PackageEntityList></DataManagementPackageManifest>"
    )
    path = "customers/USMF/no-map-2026-11-14.zip"
    members = {"Manifest.xml": manifest.encode("utf-16"), "PackageHeader.xml": b"<x/>", "Customer groups.csv": GOOD_CSV}
    stage.drop(path, zipped(members))
    job = stage.job(path)
    assert job.state is JobState.REJECTED
    reason = stage.archived(job, "no-map-2026-11-14.zip.reason.json")
    symptoms = {found["rule"]: found["symptom_in_f_and_o"] for found in reason["findings"]}
    assert symptoms["no-field-map"] == "processed, with zero rows loaded"
    assert stage.world.messages == {}
    assert stage.engine.ledger.taken() == []


def test_a_good_package_passes_untouched_byte_for_byte(stage: Stage) -> None:
    body = package("P", [Member(entity="Customer groups", content=GOOD_CSV)])
    path = "customers/USMF/good-2026-11-14.zip"
    stage.drop(path, body)
    stage.run_to_the_end()
    assert stage.job(path).state is JobState.SUCCEEDED
    assert len(stage.world.imports_of(body)) == 1
