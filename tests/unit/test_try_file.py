"""A file tried before it lands: what would become of it, and nothing sent unasked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.courier.try_file import main
from shared.ports import ErpGateway
from shared.settings import ErpSettings

FEEDS = """\
version: 1
environment: prod
feeds:
  groups:
    shape: file
    entity: Customer groups
    activity_id: "%GROUPS_ACTIVITY_ID%"
    companies: [USMF, DEMF]
    path: in/{company}/{name}
    columns: [CUSTOMERGROUPID]
  swallowed:
    shape: file
    entity: Customer groups
    activity_id: "%GROUPS_ACTIVITY_ID%"
    company: USMF
    path: in/USMF/{name}
"""
ENVIRON = {
    "D365_ENVIRONMENT": "prod",
    "D365_BASE_URL": "https://contoso.operations.dynamics.com",
    "GROUPS_ACTIVITY_ID": "11111111-1111-4111-8111-111111111111",
}


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A good file for feed `groups`, as the command takes it."""
    (tmp_path / "feeds.yaml").write_text(FEEDS)
    (tmp_path / "groups 2026-11-14.csv").write_bytes(b"CUSTOMERGROUPID\r\n40\r\n")
    return [str(tmp_path / "groups 2026-11-14.csv"), "--feeds", str(tmp_path / "feeds.yaml"), "--feed", "groups"]


def _no_way_in(erp: ErpSettings) -> ErpGateway:
    pytest.fail(f"{erp.environment} was about to be called")


def test_it_is_shown_where_the_file_lands_and_what_would_be_asked_of_f_and_o_without_any_setting(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--company", "DEMF"], {}, _no_way_in) == 0
    told = capsys.readouterr().out
    assert "Lands as  in/DEMF/groups 2026-11-14.csv" in told
    assert "nothing is wrong with it" in told
    assert "POST [D365_BASE_URL]/api/connector/enqueue/[activity ID]?entity=Customer%20groups&company=DEMF" in told
    assert "x-ms-dyn-externalidentifier: groups.20261114." in told
    assert "environment (at most 20), activity (at most 4)" in told
    assert "Nothing is sent" in told


def test_the_same_is_told_as_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--json"], ENVIRON, _no_way_in) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["landing_path"], told["legal_entity"]) == ("in/USMF/groups 2026-11-14.csv", "USMF")
    assert told["is_fit"]
    assert told["request"]["url"].startswith("https://contoso.operations.dynamics.com/api/connector/enqueue/11111111")
    assert told["caps"] == {"env": 20, "act.11111111-1111-4111-8111-111111111111": 4}
    assert "Authorization" not in told["request"]["headers"]


def test_a_file_that_would_be_rejected_says_why(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(arguments[0]).write_bytes(b"GROUP\r\n40\r\n")
    Path(arguments[-3]).write_text(FEEDS.replace("columns: [CUSTOMERGROUPID]", "columns: [GROUP, CUSTOMERGROUPID]"))
    assert main(arguments, {}, _no_way_in) == 1
    told = capsys.readouterr().out
    assert "columns: groups 2026-11-14.csv lacks CUSTOMERGROUPID" in told
    assert "It would be rejected, and nothing would be sent." in told


def test_a_legal_entity_off_the_list_and_a_path_that_another_feed_takes_are_told(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--company", "ZZZZ"], {}, _no_way_in) == 1
    assert "company: ZZZZ" in capsys.readouterr().out
    assert main([*arguments[:-1], "swallowed"], {}, _no_way_in) == 1
    assert "feed groups takes this path before swallowed does" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "base_url", "why"),
    [
        ("prod", "https://contoso.sandbox.operations.dynamics.com", "D365_ENVIRONMENT is prod"),
        ("emea", "https://contoso.operations.dynamics.com", "says that it is a sandbox"),
        ("live-eu", "https://contoso.operations.eu.dynamics.com", "D365_ENVIRONMENT is live-eu"),
    ],
)
def test_what_may_be_production_is_refused_unless_it_is_meant(
    arguments: list[str], capsys: pytest.CaptureFixture[str], environment: str, base_url: str, why: str
) -> None:
    environ = ENVIRON | {"D365_ENVIRONMENT": environment, "D365_BASE_URL": base_url}
    assert main([*arguments, "--send"], environ, _no_way_in) == 2
    assert why in capsys.readouterr().err


def test_feeds_meant_for_another_environment_are_not_sent_with(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    environ = ENVIRON | {
        "D365_ENVIRONMENT": "uat",
        "D365_BASE_URL": "https://contoso-uat.sandbox.operations.dynamics.com",
    }
    assert main([*arguments, "--send"], environ, _no_way_in) == 2
    assert "these feeds are for 'prod', and this app is 'uat'" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere.csv", *arguments[1:]], {}, _no_way_in) == 2
    assert capsys.readouterr().err.startswith("nowhere.csv cannot be read: ")
