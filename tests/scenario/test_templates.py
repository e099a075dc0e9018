"""A feed with a template: a plain data file lands, and F&O gets a data package."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from local.samples.package import Member, header, manifest, package
from shared.domain.job import JobState
from tests.scenario.conftest import GOOD_CSV, PACKAGE_ACTIVITY, Stage

PATH = "groups/USMF/groups 2026-11-14 Zürich & 100%.csv"
NAME = PATH.rpartition("/")[2]
GROUPS = Member(entity="Customer groups", content=b"CUSTOMERGROUPID,DESCRIPTION\r\n99,Left in the template\r\n")
FEED = f"""\
  groups:
    shape: file
    entity: Customer groups
    template: templates/groups.zip
    activity_id: {PACKAGE_ACTIVITY}
    companies: [USMF]
exports:
"""


@pytest.fixture
def packing(stage: Stage) -> Stage:
    """A stage whose feed `groups` packs what lands into a template."""
    folder = Path(stage.environ["FEEDS_FILE"]).parent / "templates"
    folder.mkdir()
    (folder / "groups.zip").write_bytes(package("Groups import", [GROUPS]))
    stage.edit_feeds("exports:\n", FEED)
    stage.engine = stage.another_host()
    return stage


def _sent(stage: Stage) -> list[bytes]:
    return [message.body for message in stage.world.messages.values()]


def test_a_landed_file_is_loaded_through_the_package_made_of_it(packing: Stage) -> None:
    packing.drop(PATH)
    packing.run_to_the_end()
    job = packing.job(PATH)
    assert job.state is JobState.SUCCEEDED, job.reason
    assert job.rows is not None
    assert (job.rows.rows_in, job.rows.rows_ok) == (2, 2)
    [message] = packing.world.messages.values()
    assert (message.entity, message.legal_entity) == ("", "USMF")
    with zipfile.ZipFile(io.BytesIO(message.body)) as sent:
        assert sent.namelist() == ["Manifest.xml", "PackageHeader.xml", NAME]
        assert sent.read(NAME) == GOOD_CSV
        assert sent.read("PackageHeader.xml") == b"\xff\xfe" + header("Groups import").encode("utf-16-le")
        expected = manifest("Groups import", [GROUPS]).replace("Customer groups.csv", NAME.replace("&", "&amp;"))
        assert sent.read("Manifest.xml") == b"\xff\xfe" + expected.encode("utf-16-le")


def test_the_archive_keeps_the_file_as_it_landed_and_tells_what_was_sent(packing: Stage) -> None:
    packing.drop(PATH)
    packing.run_to_the_end()
    job = packing.job(PATH)
    assert packing.archived(job, NAME) == GOOD_CSV
    record = packing.archived(job)
    template = (Path(packing.environ["FEEDS_FILE"]).parent / "templates" / "groups.zip").read_bytes()
    assert record["package"] == {
        "sha256": hashlib.sha256(_sent(packing)[0]).hexdigest(),
        "template_sha256": hashlib.sha256(template).hexdigest(),
    }
    assert job.sha256 == record["package"]["sha256"]
    assert record["file"]["sha256"] == hashlib.sha256(GOOD_CSV).hexdigest()
    assert packing.outcome(f"{PATH}.json")["sha256"] == hashlib.sha256(GOOD_CSV).hexdigest()
    assert packing.in_landing() == []


def test_the_same_file_gives_the_same_bytes_at_any_time_and_on_any_host(packing: Stage) -> None:
    packing.drop(PATH)
    packing.run_to_the_end()
    packing.pass_time(timedelta(days=400))
    packing.engine = packing.another_host()
    packing.drop(PATH)
    packing.run_to_the_end()
    first, second = packing.world.messages.values()
    assert first.content_sha256 == second.content_sha256


def test_a_refused_token_in_the_middle_sends_the_same_package_again(packing: Stage) -> None:
    packing.world.faults.add("enqueue", "expired_token")
    packing.drop(PATH)
    packing.run_to_the_end()
    assert packing.job(PATH).state is JobState.SUCCEEDED
    assert len(_sent(packing)) == 1


@pytest.mark.parametrize(
    ("name", "content", "rule", "seen"),
    [
        ("manifest.XML", GOOD_CSV, "unfit-name", "the package has a file manifest.XML already"),
        ("tab\tin it.csv", GOOD_CSV, "unfit-name", "'tab\\tin it.csv' holds '\\t'"),
        ("a.csv", b"PK\x03\x04" + GOOD_CSV, "not-a-file", "a.csv: the first bytes are a zip"),
        ("a.csv", b"<a/>", "wrong-format", "a.csv is declared CSV and is XML or HTML"),
    ],
)
def test_what_cannot_be_packed_or_read_is_rejected_before_it_is_sent(
    packing: Stage, name: str, content: bytes, rule: str, seen: str
) -> None:
    path = packing.drop(f"groups/USMF/{name}", content)
    job = packing.job(path)
    assert job.state is JobState.REJECTED
    assert [(finding.rule, finding.seen) for finding in job.findings] == [(rule, seen)]
    assert packing.world.messages == {}
    assert packing.engine.ledger.taken() == []
    assert packing.archived(job, name) == content


def test_a_column_that_the_template_maps_and_the_file_lacks_is_a_warning_on_the_job(packing: Stage) -> None:
    packing.drop(PATH, b"CUSTOMERGROUPID\r\n40\r\n")
    job = packing.job(PATH)
    assert job.state is JobState.ENQUEUED
    assert [finding.rule for finding in job.findings] == ["missing-column"]


def test_a_file_that_is_overwritten_before_it_is_sent_is_told_and_not_sent(packing: Stage) -> None:
    packing.world.faults.add("enqueue", "throttle")
    packing.drop(PATH)
    assert packing.job(PATH).state is JobState.WAITING
    packing.drop(PATH, GOOD_CSV + b"60,Online\r\n")
    packing.run_to_the_end()
    states = {job.state: job for job in packing.jobs()}
    assert set(states) == {JobState.REJECTED, JobState.SUCCEEDED}
    assert [finding.rule for finding in states[JobState.REJECTED].findings] == ["overwritten"]
    assert len(_sent(packing)) == 1
