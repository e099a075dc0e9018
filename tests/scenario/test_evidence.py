"""After an import that did not go clean: what F&O knows of it is fetched while it is there, and told to people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.job import Job, JobState
from tests.scenario.conftest import GOOD_CSV, Stage

PATH = "customer-groups/USMF/groups-2026-11-14.csv"
BAD = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n,No key\r\n60,\r\n70,\r\n12345678901,Too long for its field\r\n"


def _ended(stage: Stage, content: bytes = BAD) -> None:
    stage.drop(PATH, content)
    for _ in range(3):
        stage.world.recurrence_tick()
        stage.tick(timedelta(seconds=60))


def _names(stage: Stage) -> set[str]:
    container, _, folder = stage.job(PATH).archive_path.partition("/")
    listed = stage.blobs.get_container_client(container).list_blob_names(name_starts_with=folder + "/")
    return {name.rpartition("/")[2] for name in listed}


def test_a_partial_import_brings_errors_files_and_a_report_into_the_archive(stage: Stage) -> None:
    _ended(stage)
    job = stage.job(PATH)
    assert (job.state, bool(job.evidence_at), job.due_at) == (JobState.PARTIAL, True, None)
    assert job.causes == "5 rows in, 1 loaded, 4 not; 4 row errors, 3 causes, 3 new since yesterday"
    assert _names(stage) == {
        "groups-2026-11-14.csv",
        "job.json",
        "errors.json",
        "report.md",
        "report.html",
        "error-keys.Customer groups.csv",
        "staging-errors.Customer groups.csv",
    }
    errors = stage.archived(job, "errors.json")
    assert errors["read_as"] == "strict"
    assert errors["execution_id"] == job.execution_id
    assert sorted(cause["rows"] for cause in errors["causes"]) == [1, 1, 2]
    assert "Too long" not in stage.archived(job, "staging-errors.Customer groups.csv").decode()
    report = stage.archived(job, "report.md").decode()
    assert "5 rows in, 1 loaded, 4 not" in report
    assert stage.archived(job)["causes"] == job.causes


def test_a_clean_import_is_not_asked_about(stage: Stage) -> None:
    _ended(stage, GOOD_CSV)
    assert stage.job(PATH).evidence_at is None
    assert not [path for _, path, _ in stage.world.calls if "GetExecutionErrors" in path]


def test_a_failure_before_staging_is_explained_although_f_and_o_lists_nothing(stage: Stage) -> None:
    _ended(stage, b"COLOUR,TASTE\r\nred,sour\r\n")
    job = stage.job(PATH)
    assert (job.state, bool(job.evidence_at)) == (JobState.FAILED, True)
    assert "failed before it read any row" in stage.archived(job, "report.md").decode()


def test_a_list_with_broken_inner_json_is_read_leniently_and_kept_raw(stage: Stage) -> None:
    stage.world.faults.add("action:GetExecutionErrors", "broken_inner_json", times=10)
    _ended(stage)
    job = stage.job(PATH)
    errors = stage.archived(job, "errors.json")
    assert errors["read_as"] == "lenient"
    assert len(errors["errors"]) == 4
    assert b"RecordId" in stage.archived(job, "errors.raw.txt")


@pytest.mark.parametrize(
    "call", ["action:GetExecutionErrors", "action:GenerateImportTargetErrorKeysFile", "blob", "details"]
)
def test_what_cannot_be_fetched_now_is_fetched_later_and_the_file_is_archived_meanwhile(
    stage: Stage, call: str
) -> None:
    stage.world.faults.add(call, "status", times=3, code=503)
    _ended(stage)
    job = stage.job(PATH)
    assert job.archived_at is not None
    assert job.evidence_at is None
    assert stage.in_landing() == []
    for _ in range(6):
        stage.tick(timedelta(minutes=10))
    assert stage.job(PATH).evidence_at is not None
    assert "report.md" in _names(stage)


def test_a_file_that_f_and_o_is_still_making_is_waited_for_and_the_errors_are_there_meanwhile(stage: Stage) -> None:
    stage.world.error_file_polls = 4
    _ended(stage)
    assert stage.job(PATH).evidence_at is None
    assert len(stage.archived(stage.job(PATH), "errors.json")["errors"]) == 4
    assert "still being made by F&O: error-keys" in stage.archived(stage.job(PATH), "report.md").decode()
    for _ in range(6):
        stage.tick(timedelta(minutes=5))
    assert "error-keys.Customer groups.csv" in _names(stage)


def test_a_file_that_is_never_made_is_noted_as_missing_in_the_end(stage: Stage) -> None:
    stage.world.error_file_polls = 10_000
    _ended(stage)
    for _ in range(12):
        stage.tick(timedelta(hours=1))
    job = stage.job(PATH)
    assert job.evidence_at is not None
    assert "error-keys.Customer groups.csv: none offered" in stage.archived(job, "errors.json")["missing"]


def test_after_seven_days_what_is_missing_is_said_to_be_missing_and_the_job_is_closed(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.world.faults.add("action:GetExecutionErrors", "status", times=1000, code=503)
    _ended(stage)
    with caplog.at_level("ERROR"):
        stage.tick(timedelta(days=3, hours=1))
    assert "job.evidence_at_risk" in caplog.text
    stage.tick(timedelta(days=4))
    job = stage.job(PATH)
    assert (bool(job.evidence_at), job.due_at) == (True, None)
    assert "everything: GetExecutionErrors" in stage.archived(job, "errors.json")["missing"][0]


def test_no_row_content_and_no_signed_url_gets_into_the_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        stage.world.faults.add("blob", "status", code=403)
        _ended(stage)
        stage.tick(timedelta(minutes=5))
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "job.evidence_saved" in told
    for private in ("Too long for its field", "must be filled in", "sig=simulated", "Bearer ", "eyJ"):
        assert private not in told, private


def test_the_sender_learns_the_end_from_a_blob_beside_its_feed(stage: Stage) -> None:
    _ended(stage)
    stage.drop("nobody/USMF/x.csv")
    told = stage.outcome(f"{PATH}.json")
    assert (told["file"], told["outcome"]) == (PATH, "PARTIAL")
    assert told["rows"] == {"in": 5, "ok": 1, "bad": 4}
    assert told["causes"] == stage.job(PATH).causes
    assert told["evidence_complete"] is True
    rejected = stage.outcome("nobody/USMF/x.csv.json")
    assert rejected["outcome"] == "REJECTED"
    assert rejected["findings"][0]["what_to_do"]


def test_a_cause_is_new_on_its_first_day_and_known_afterwards(stage: Stage) -> None:
    _ended(stage)
    stage.pass_time(timedelta(days=2))
    later = "customer-groups/USMF/groups-2026-11-16.csv"
    stage.drop(later, BAD + b"99,\r\nwith a comma,\r\n")
    for _ in range(4):
        stage.world.recurrence_tick()
        stage.tick(timedelta(seconds=60))
    assert stage.job(later).causes.endswith("3 causes, 0 new since yesterday")


def _saved_errors(stage: Stage, job: Job) -> int:
    return len(stage.archived(job, "errors.json")["errors"])


def _partial_with(stage: Stage, call: str, times: int) -> Job:
    stage.world.faults.add(call, "status", times=times, code=500)
    path = stage.drop("customer-groups/USMF/kept-2026-11-14.csv", GOOD_CSV + b",No key\r\n")
    for _ in range(10):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=5))
    return stage.job(path)


def test_a_part_that_always_fails_keeps_no_error_from_being_saved_and_is_named_at_last(stage: Stage) -> None:
    job = _partial_with(stage, "action:GenerateImportTargetErrorKeysFile", 10_000)
    assert (job.state, job.evidence_at) == (JobState.PARTIAL, None)
    assert _saved_errors(stage, job) > 0
    stage.tick(timedelta(days=8))
    job = stage.job(job.source.path)
    assert job.evidence_at is not None
    assert _saved_errors(stage, job) > 0
    assert any("error-keys" in missing for missing in stage.archived(job, "errors.json")["missing"])


def test_what_was_saved_is_not_wiped_out_when_fo_gives_nothing_any_more(stage: Stage) -> None:
    job = _partial_with(stage, "action:GenerateImportTargetErrorKeysFile", 10_000)
    before = stage.archived(job, "errors.json")["errors"]
    stage.world.faults.add("action:GetExecutionErrors", "status", times=10_000, code=503)
    stage.tick(timedelta(days=8))
    job = stage.job(job.source.path)
    assert job.evidence_at is not None
    assert stage.archived(job, "errors.json")["errors"] == before


@pytest.mark.parametrize("name", ["job.json", "report.html", "errors.json"])
def test_a_landed_file_with_the_name_of_a_note_of_ours_is_kept_beside_it(stage: Stage, name: str) -> None:
    path = stage.drop(f"customer-groups/USMF/{name}", GOOD_CSV)
    stage.run_to_the_end()
    job = stage.job(path)
    container, _, folder = job.archive_path.partition("/")
    kept = stage.blobs.get_blob_client(container, f"{folder}/landed.{name}").download_blob().readall()
    assert kept == GOOD_CSV
    assert stage.archived(job)["outcome"] == "SUCCEEDED"


def test_counts_that_only_the_executions_details_tell_get_into_the_row_and_every_note(stage: Stage) -> None:
    stage.world.with_detail = False
    _ended(stage)
    job = stage.job(PATH)
    [entity] = stage.archived(job)["entities"]
    assert (entity["entity"], entity["written"], entity["staging_errors"], entity["target_errors"]) == (
        "Customer groups",
        1,
        1,
        3,
    )
    assert stage.archived(job)["rows"] == {"in": 5, "ok": 1, "bad": 4}


def test_a_file_that_is_saved_is_not_asked_for_again_while_another_is_waited_for(stage: Stage) -> None:
    stage.world.error_file_polls = 4
    _ended(stage)
    for _ in range(3):
        stage.tick(timedelta(minutes=5))
    asked = [path for _, path, _ in stage.world.calls]
    assert sum("GenerateImportTargetErrorKeysFile" in path for path in asked) > 1
    assert sum("GetImportStagingErrorFileUrl" in path for path in asked) == 1
