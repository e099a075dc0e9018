"""The check as a command, for a sender's own build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.samples.package import Member, package
from shared.courier.validate import main
from tests.packages import zipped

FEEDS = """\
version: 1
environment: prod
feeds:
  customers:
    shape: package
    activity_id: "%CUSTOMERS_ACTIVITY_ID%"
    company: USMF
  tables:
    shape: file
    entity: Customer groups
    format: CSV
    activity_id: 33333333-3333-4333-8333-333333333333
    company: USMF
  groups:
    shape: file
    entity: Customer groups
    activity_id: 22222222-2222-4222-8222-222222222222
    company: USMF
"""
GOOD = package("P", [Member(entity="Customer groups", content=b"A\r\n1\r\n")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a feeds file whose app settings are nowhere."""
    (tmp_path / "feeds.yaml").write_text(FEEDS)
    return tmp_path


@pytest.mark.parametrize(
    ("feed", "content", "code", "told"),
    [
        ("customers", GOOD, 0, "is fit for feed customers"),
        ("customers", zipped({"a/Manifest.xml": b"<x/>"}), 1, "folder-in-package"),
        ("customers", b"A,B\r\n", 1, "not-a-package"),
        ("groups", b"", 1, "empty-file"),
        ("groups", b"A\r\n1\r\n", 0, "is fit for feed groups; not looked at: its format and encoding"),
        ("tables", b"A\r\n1\r\n", 0, "is fit for feed tables; not looked at: its columns (the feed has no `columns`)"),
        ("groups", GOOD, 1, "not-a-file"),
        ("tables", b"A\n1\n", 0, "warning, line-ends: lines of x.bin end with LF"),
        ("tables", b"A\n1\n", 0, "is fit for feed tables"),
        ("tables", b"<html>", 1, "wrong-format: x.bin is declared CSV and is XML or HTML"),
    ],
)
def test_a_file_is_fit_or_everything_wrong_with_it_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], feed: str, content: bytes, code: int, told: str
) -> None:
    file = folder / "x.bin"
    file.write_bytes(content)
    assert main([str(file), "--feed", feed, "--feeds", str(folder / "feeds.yaml")]) == code
    assert told in capsys.readouterr().out


def test_an_unknown_feed_lists_the_known_ones(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x", "--feed", "nobody", "--feeds", str(folder / "feeds.yaml")]) == 2
    assert "customers, tables, groups" in capsys.readouterr().err


BUNDLE = """\
version: 1
environment: prod
feeds:
  orders:
    shape: file
    template: t.zip
    bundle:
      members: [{name: "groups-{key}.csv", entity: Customer groups}]
      done: "{key}.done"
    activity_id: 22222222-2222-4222-8222-222222222222
    company: USMF
"""


@pytest.mark.parametrize(
    ("name", "content", "code", "told"),
    [
        ("groups-7.csv", b"A\r\n1\r\n", 0, "is fit for feed orders"),
        ("groups-7.csv", b"B\r\n1\r\n", 0, "warning, no-header"),
        ("groups-7.csv", b"", 1, "empty-file: groups-7.csv has 0 bytes"),
        ("groups-7.csv", b"<x/>", 1, "wrong-format"),
        ("7.done", b"", 0, "is fit for feed orders"),
        ("lines-7.csv", b"A\r\n1\r\n", 1, "The bundle's files are groups-{key}.csv, {key}.done."),
    ],
)
def test_a_file_of_a_bundle_is_held_against_the_template(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, code: int, told: str
) -> None:
    (folder / "feeds.yaml").write_text(BUNDLE)
    (folder / "t.zip").write_bytes(GOOD)
    (folder / name).write_bytes(content)
    assert main([str(folder / name), "--feed", "orders", "--feeds", str(folder / "feeds.yaml")]) == code
    assert told in capsys.readouterr().out


def test_a_script_gets_each_finding_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "x.csv"
    file.write_bytes(b"")
    assert main([str(file), "--feed", "groups", "--feeds", str(folder / "feeds.yaml"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["is_fit"], [finding["rule"] for finding in told["findings"]]) == (False, ["empty-file"])
