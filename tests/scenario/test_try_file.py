"""A file tried with --send goes to the configured environment, once, and past the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.samples.package import Member, package
from shared.try_file import main
from tests.scenario.conftest import FILE_ACTIVITY, GOOD_CSV, PACKAGE_ACTIVITY, Stage


@pytest.fixture
def arguments(stage: Stage, tmp_path: Path) -> list[str]:
    """A file for a feed of the stage."""
    file = tmp_path / "groups-2026-11-14.csv"
    file.write_bytes(GOOD_CSV)
    return [str(file), "--feed", "customer-groups", "--feeds", stage.environ["FEEDS_FILE"]]


def test_a_fit_file_is_sent_when_told_to_and_only_then(
    stage: Stage, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, stage.environ) == 0
    assert stage.world.messages == {}
    assert main([*arguments, "--send"], stage.environ) == 0
    [message_id] = stage.world.messages
    assert f"F&O's message ID is {message_id}" in capsys.readouterr().out
    assert len(stage.world.messages_with(GOOD_CSV)) == 1
    assert stage.jobs() == []


def test_an_unfit_file_is_not_sent(stage: Stage, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(arguments[0]).write_bytes(b"")
    assert main([*arguments, "--send"], stage.environ) == 1
    assert stage.world.messages == {}
    assert "empty-file" in capsys.readouterr().out


def test_an_answer_that_is_lost_says_that_f_and_o_may_have_the_file(
    stage: Stage, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    stage.world.faults.add("enqueue", "answer_lost_after_commit")
    assert main([*arguments, "--send"], stage.environ) == 1
    assert "F&O may have it, so look before you send again" in capsys.readouterr().out
    assert len(stage.world.messages_with(GOOD_CSV)) == 1


@pytest.fixture
def packing(stage: Stage, tmp_path: Path) -> Path:
    """The stage's feeds file, in which feed customer-groups has a template."""
    (tmp_path / "t.zip").write_bytes(package("P", [Member(entity="Customer groups", content=GOOD_CSV)]))
    stage.edit_feeds(f"    activity_id: {FILE_ACTIVITY}\n    companies: [USMF, DEMF]", ADDED)
    return tmp_path


ADDED = f"    template: t.zip\n    activity_id: {PACKAGE_ACTIVITY}\n    companies: [USMF, DEMF]"


def test_a_file_of_a_feed_with_a_template_is_sent_as_the_package_that_landing_would_send(
    stage: Stage, arguments: list[str], packing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--send"], stage.environ) == 0
    assert "Customer groups, in a package made from t.zip" in capsys.readouterr().out
    stage.engine = stage.another_host()
    stage.drop("customer-groups/USMF/groups-2026-11-14.csv")
    tried, landed = stage.world.messages.values()
    assert tried.entity == landed.entity == ""
    assert tried.content_sha256 == landed.content_sha256


def test_a_file_of_a_bundle_is_never_sent_alone(
    stage: Stage, arguments: list[str], packing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = 'bundle: {members: [{name: "groups-{key}.csv", entity: Customer groups}], done: "{key}.done"}'
    stage.edit_feeds("    entity: Customer groups\n    template: t.zip\n", f"    template: t.zip\n    {bundle}\n")
    assert main([*arguments, "--send"], stage.environ) == 1
    assert "sent together with the others only" in capsys.readouterr().out
    assert stage.world.messages == {}
