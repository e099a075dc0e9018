"""`python -m shared.courier feeds FILE` in a build, where no app setting is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.courier.feeds_file import main

FEEDS = """\
version: 1
environment: prod
feeds:
  invoices:
    shape: file
    entity: Vendor invoice header
    activity_id: "%INVOICES_ACTIVITY_ID%"
    company: USMF
"""


def test_a_good_file_is_listed_and_the_settings_that_it_needs_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(FEEDS)
    assert main([str(file)]) == 0
    told = capsys.readouterr().out
    assert "is good: 1 feed for environment prod" in told
    assert "invoices: invoices/{company}/{name} -> Vendor invoice header" in told
    assert "not set here: INVOICES_ACTIVITY_ID" in told


def test_a_setting_that_is_there_and_no_guid_is_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(FEEDS)
    monkeypatch.setenv("INVOICES_ACTIVITY_ID", "invoices")
    assert main([str(file)]) == 1
    assert "holds 'invoices', which is not a GUID" in capsys.readouterr().err


def test_a_file_that_is_missing_or_no_text_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere.yaml")]) == 2
    told = capsys.readouterr().err
    assert "cannot be read: " in told
    assert told.count("\n") == 1
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert main([str(tmp_path / "binary.yaml")]) == 2
    assert capsys.readouterr().err.endswith("cannot be read: it is not UTF-8\n")


def test_a_script_gets_names_or_faults_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(FEEDS)
    assert main([str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["feeds"], told["settings_not_set_here"]) == (["invoices"], ["INVOICES_ACTIVITY_ID"])
    file.write_text(FEEDS.replace("shape: file", "shape: files"))
    assert main([str(file), "--json"]) == 1
    assert len(json.loads(capsys.readouterr().err)["faults"]) == 1
