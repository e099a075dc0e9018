"""What the pages of the worked examples name as going wrong most often does go wrong, and is seen as they say."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from local.samples.package import Member, package
from shared.courier.__main__ import main
from shared.domain.job import Job, JobState
from shared.telemetry import Event
from tests.scenario.conftest import EXPORT_ACTIVITY, Stage
from tests.scenario.test_examples import CUSTOMERS_ACTIVITY, EXAMPLES, JOURNALS_ACTIVITY, _set_up, _zipped

_GROUPS = EXAMPLES / "csv-upsert"
_JOURNAL = (EXAMPLES / "ordered-journals" / "journal-1002.csv").read_bytes()
_PACKAGE = {path.name: path.read_bytes() for path in (EXAMPLES / "package-in-order" / "package").iterdir()}


def _zip_of(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _rules(job: Job) -> list[str]:
    return sorted({finding.rule for finding in job.findings})


def _template(stage: Stage) -> Path:
    return Path(stage.environ["FEEDS_FILE"]).parent / "customer-groups.zip"


@pytest.fixture
def groups(stage: Stage) -> Stage:
    """The CSV upsert, set up."""
    _set_up(stage, "csv-upsert")
    _template(stage).write_bytes(_zipped(_GROUPS / "template"))
    stage.engine = stage.another_host()
    return stage


@pytest.fixture
def customers(stage: Stage) -> Stage:
    """The package in order, set up."""
    _set_up(stage, "package-in-order")
    stage.world.add_import_job(CUSTOMERS_ACTIVITY, "Customers import", "package")
    stage.engine = stage.another_host()
    return stage


@pytest.fixture
def journals(stage: Stage) -> Stage:
    """The ordered journals, set up."""
    _set_up(stage, "ordered-journals")
    stage.world.add_import_job(JOURNALS_ACTIVITY, "General journals import", entity="General journal", ordered=True)
    stage.engine = stage.another_host()
    return stage


def _journal(stage: Stage, number: int, content: bytes = b"") -> str:
    """Land a journal and let twenty minutes pass; its path."""
    own = content or _JOURNAL.replace(b"1002", b"%d" % number)
    path = stage.drop(f"journals/USMF/journal-{number}.csv", own)
    _pass(stage)
    return path


def _pass(stage: Stage) -> None:
    for _ in range(4):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=5))


def test_a_template_zipped_with_its_folder_is_told_by_the_feeds_command(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _set_up(stage, "csv-upsert") / "template"
    _template(stage).write_bytes(_zip_of({f"template/{path.name}": path.read_bytes() for path in folder.iterdir()}))
    assert main(["feeds", stage.environ["FEEDS_FILE"]]) == 1
    assert "folder-in-package" in "".join(capsys.readouterr())


def test_a_renamed_column_is_a_warning_before_and_a_failure_after(groups: Stage) -> None:
    content = (_GROUPS / "groups-2026-11-14.csv").read_bytes().replace(b"DESCRIPTION", b"NAME")
    path = groups.drop("customer-groups/USMF/groups-2026-11-14.csv", content)
    assert groups.job(path).state is JobState.ENQUEUED
    assert _rules(groups.job(path)) == ["missing-column", "unmapped-column"]
    groups.run_to_the_end()
    assert groups.job(path).state is JobState.FAILED


def test_with_checks_that_reject_a_renamed_column_is_never_sent(groups: Stage) -> None:
    groups.edit_feeds("    duplicate: skip\n", "    duplicate: skip\n    checks: reject\n")
    groups.engine = groups.another_host()
    content = (_GROUPS / "groups-2026-11-14.csv").read_bytes().replace(b"DESCRIPTION", b"NAME")
    path = groups.drop("customer-groups/USMF/groups-2026-11-14.csv", content)
    assert groups.job(path).state is JobState.REJECTED
    assert groups.world.messages == {}


def test_a_lost_answer_to_an_upsert_is_sent_again_and_loaded(groups: Stage) -> None:
    groups.world.faults.add("enqueue", "answer_lost_after_commit")
    content = (_GROUPS / "groups-2026-11-14.csv").read_bytes()
    path = groups.drop("customer-groups/USMF/groups-2026-11-14.csv", content)
    assert groups.job(path).state is JobState.IN_DOUBT
    groups.run_to_the_end()
    assert (groups.job(path).state, groups.job(path).attempt) == (JobState.SUCCEEDED, 2)


_MANIFEST = _PACKAGE["Manifest.xml"]
_UNFIT = {
    "folder-in-package": {f"package/{name}": content for name, content in _PACKAGE.items()},
    "wrong-entity": {**_PACKAGE, "Manifest.xml": _MANIFEST.replace(b">Customers V3<", b">Customers V2<")},
    "no-field-map": {
        **_PACKAGE,
        "Manifest.xml": re.sub(rb"<EntityMapList>.*?</EntityMapList>", b"<EntityMapList/>", _MANIFEST, flags=re.DOTALL),
    },
}


@pytest.mark.parametrize("rule", sorted(_UNFIT))
def test_an_unfit_package_is_rejected_and_never_sent(customers: Stage, rule: str) -> None:
    path = customers.drop("customers/USMF/customers-2026-11-14.zip", _zip_of(_UNFIT[rule]))
    assert (customers.job(path).state, _rules(customers.job(path))) == (JobState.REJECTED, [rule])
    assert customers.world.messages == {}


def test_a_package_with_a_bad_group_ends_partial(customers: Stage) -> None:
    bad = _PACKAGE["Customer groups.csv"] + b",No key\r\n"
    path = customers.drop("customers/USMF/customers-2026-11-14.zip", _zip_of({**_PACKAGE, "Customer groups.csv": bad}))
    customers.run_to_the_end()
    assert customers.job(path).state is JobState.PARTIAL


def test_release_lets_the_file_after_a_missing_number_go(journals: Stage) -> None:
    _journal(journals, 1001)
    after_the_gap = _journal(journals, 1003)
    assert journals.job(after_the_gap).reason == "order: number 1002 has not landed"
    journals.engine.releasing.release(journals.job(after_the_gap).job_id, "1002 was cancelled", "ada")
    _pass(journals)
    assert journals.job(after_the_gap).state is JobState.SUCCEEDED


def test_skip_leaves_out_the_file_after_a_missing_number_itself(journals: Stage) -> None:
    _journal(journals, 1001)
    after_the_gap = _journal(journals, 1003)
    journals.engine.releasing.skip(journals.job(after_the_gap).job_id, "taken for 1002", "ada")
    _pass(journals)
    assert journals.job(after_the_gap).state is JobState.SKIPPED
    assert len(journals.world.messages) == 1


def test_the_first_number_of_all_begins_the_row_and_one_before_it_waits_for_a_person(journals: Stage) -> None:
    first, late = _journal(journals, 1002), _journal(journals, 1001)
    assert journals.job(first).state is JobState.SUCCEEDED
    assert journals.job(late).reason.startswith("held: number 1001 came after its turn")


def test_the_same_content_under_the_next_number_waits_for_a_person_and_holds_the_next(journals: Stage) -> None:
    _journal(journals, 1001, _JOURNAL)
    same, next_one = _journal(journals, 1002, _JOURNAL), _journal(journals, 1003)
    assert (journals.job(same).state, journals.job(next_one).state) == (JobState.WAITING, JobState.WAITING)
    assert "same content as journal-1001.csv" in journals.job(same).reason


def test_a_journal_in_doubt_is_never_sent_twice_and_holds_the_next(journals: Stage) -> None:
    journals.world.faults.add("enqueue", "answer_lost_after_commit")
    lost, next_one = _journal(journals, 1001), _journal(journals, 1002)
    journals.tick(timedelta(hours=6))
    assert (journals.job(lost).state, journals.job(next_one).state) == (JobState.IN_DOUBT, JobState.WAITING)
    assert len(journals.world.messages) == 1


def test_an_export_without_rows_is_told_and_stored(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    _set_up(stage, "export-to-lake")
    stage.engine = stage.another_host()
    empty = Member(entity="Customer groups", content=b"CUSTOMERGROUPID,DESCRIPTION\r\n")
    stage.world.export(EXPORT_ACTIVITY, package("Customer groups export", [empty]))
    stage.engine.drain_exports()
    [told] = [record for record in caplog.records if record.__dict__.get("event") == Event.EXPORT_ODD.value]
    assert told.__dict__["why"] == "0 rows, fewer than the expected 1"
    assert [message.state for message in stage.world.exports] == ["acknowledged"]
