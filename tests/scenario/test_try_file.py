"""A file tried with --send goes to the configured environment, once, and past the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.samples.package import Member, package
from shared.courier.try_file import main
from tests.cases.samples import GOOD_PACKAGE, members_of
from tests.scenario.conftest import FILE_ACTIVITY, GOOD_CSV, Stage


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


def test_a_file_of_a_feed_with_a_template_is_sent_in_its_package_and_never_bare(
    stage: Stage, arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "templates").mkdir()
    groups = Member(entity="Customer groups", content=GOOD_CSV)
    (tmp_path / "templates" / "groups.zip").write_bytes(package("Groups import", [groups]))
    stage.edit_feeds("    max_size: 50MB", "    max_size: 50MB\n    template: templates/groups.zip")
    assert main([*arguments, "--send"], stage.environ) == 0
    [message] = stage.world.messages.values()
    assert message.body.startswith(b"PK\x03\x04")
    assert GOOD_CSV in members_of(message.body).values()


def test_a_file_of_a_bundle_is_judged_and_not_sent_alone(
    stage: Stage, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "both.zip").write_bytes(GOOD_PACKAGE)
    stage.edit_feeds(
        f"    entity: Customer groups\n    activity_id: {FILE_ACTIVITY}\n    companies: [USMF, DEMF]",
        "    template: both.zip\n    bundle: {members: [{name: 'groups-{key}.csv', entity: Customer groups},"
        " {name: 'customers-{key}.csv', entity: Customers V3}]}\n"
        f"    activity_id: {FILE_ACTIVITY}\n    companies: [USMF, DEMF]",
    )
    assert main([*arguments, "--send"], stage.environ) == 1
    assert "it goes with the other files of its bundle" in capsys.readouterr().out
    Path(arguments[0]).write_bytes(b"COLOUR;TASTE\r\nred;sour\r\n")
    assert main(arguments, stage.environ) == 0
    assert "begins with COLOUR, TASTE" in capsys.readouterr().out
    assert stage.world.messages == {}


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
