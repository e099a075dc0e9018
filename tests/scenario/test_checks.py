"""What the check finds, on its way: warnings go along and explain a failure later; a strict feed rejects on them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.job import JobState
from tests.cases.samples import CASES, GOOD_PACKAGE
from tests.scenario.conftest import GOOD_CSV, Stage

PATH = "customer-groups/USMF/groups-2026-11-14.csv"
SEMICOLONS = b"COLOUR;TASTE\nred;sour\n"


def _end(stage: Stage) -> None:
    for _ in range(4):
        stage.world.recurrence_tick()
        stage.tick(timedelta(seconds=60))


def _with(stage: Stage, keys: str) -> None:
    stage.edit_feeds("    overdue_after: 2h", f"    overdue_after: 2h\n    {keys}")
    stage.engine = stage.another_host()


def test_a_failure_before_staging_is_explained_by_what_the_check_had_warned_of(stage: Stage) -> None:
    _with(stage, "format: CSV")
    stage.drop(PATH, SEMICOLONS)
    _end(stage)
    job = stage.job(PATH)
    assert job.state is JobState.FAILED
    assert [(finding.rule, finding.is_warning) for finding in job.findings] == [
        ("line-ends", True),
        ("delimiter", True),
    ]
    report = stage.archived(job, "report.md").decode()
    assert "columns of groups-2026-11-14.csv are set apart by semicolons" in report
    assert "Our check before sending warned of the findings above: begin with them." in report
    assert [found["warning"] for found in stage.archived(job)["findings"]] == [True, True]
    assert len(stage.world.messages_with(SEMICOLONS)) == 1


def test_a_strict_feed_rejects_on_the_same_findings(stage: Stage) -> None:
    _with(stage, "format: CSV\n    checks: reject")
    stage.drop(PATH, SEMICOLONS)
    job = stage.job(PATH)
    assert job.state is JobState.REJECTED
    reason = stage.archived(job, "groups-2026-11-14.csv.reason.json")
    assert [found["rule"] for found in reason["findings"]] == ["line-ends", "delimiter"]
    assert stage.world.messages == {}
    assert stage.engine.ledger.taken() == []


def test_a_warning_holds_no_good_file_back_nor_is_it_forgotten(stage: Stage) -> None:
    _with(stage, "warn_size: 1KB")
    rows = b"".join(b"%d,Group\r\n" % number for number in range(200))
    stage.drop(PATH, b"CUSTOMERGROUPID,DESCRIPTION\r\n" + rows)
    _end(stage)
    job = stage.job(PATH)
    assert (job.state, [finding.rule for finding in job.findings]) == (JobState.SUCCEEDED, ["large"])


@pytest.mark.parametrize(
    "sentence",
    ["two composite entities share a package", "declared CSV-Unicode, written as UTF-8", "an XML file expands"],
)
def test_a_package_with_a_mistake_in_its_files_is_never_sent(stage: Stage, sentence: str) -> None:
    path = "customers/USMF/customers.zip"
    stage.drop(path, CASES[sentence].content)
    assert stage.job(path).state is JobState.REJECTED
    assert stage.world.messages == {}


def test_a_package_is_held_to_the_entities_of_its_feed(stage: Stage) -> None:
    stage.edit_feeds("    shape: package", "    shape: package\n    entities: [Customer groups, Customers V3]")
    stage.engine = stage.another_host()
    good, bad = "customers/USMF/good.zip", "customers/USMF/bad.zip"
    stage.drop(good, GOOD_PACKAGE)
    stage.drop(bad, CASES["the entity is written with a plus"].content)
    assert (stage.job(good).state, stage.job(good).findings) == (JobState.ENQUEUED, ())
    assert "Did you mean Customer groups?" in stage.job(bad).reason
    assert len(stage.world.messages_with(GOOD_PACKAGE)) == 1


def test_a_folder_in_other_letters_names_the_feed_that_was_meant(stage: Stage) -> None:
    path = "Customer-Groups/USMF/groups.csv"
    stage.drop(path, GOOD_CSV)
    job = stage.job(path)
    assert job.state is JobState.REJECTED
    assert (
        "Did you mean feed customer-groups? Its folder must be written exactly so: customer-groups/USMF/..."
        in job.reason
    )
