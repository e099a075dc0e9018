"""Exports: names, leases, hostile packages, and rows counted as they stream by."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.d365 import wire
from shared.domain import export as exports
from shared.domain.checks.package import Member, hostile
from shared.domain.export import Dequeued, taken
from shared.domain.feed import ExportFeed
from shared.formats.manifest import entity_names
from shared.formats.rows import RowCounter
from tests.builders import START

FEED = ExportFeed(name="groups", activity_id="33333333-3333-4333-8333-333333333333", lake="groups")
BASE = "https://contoso.operations.dynamics.com"
ANSWER = (
    '{"CorrelationId":"AAAA","PopReceipt":"AgAA=","DownloadLocation":"http://contoso.operations.dynamics.com:80'
    '/api/connector/download/%7Bx%7D?correlation-id=1&blob=2","IsDownLoadFileExist":true,'
    '"FileDownLoadErrorMessage":null,"LastDequeueDateTime":null}'
)


def test_a_dequeue_answer_keeps_its_text_for_the_acknowledgement() -> None:
    message = wire.parse_dequeue(ANSWER)
    assert message is not None
    assert (message.raw, message.has_file, message.redelivered) == (ANSWER, True, False)


@pytest.mark.parametrize("body", ["", "  ", "null", '""'])
def test_every_empty_form_of_nothing_is_nothing(body: str) -> None:
    assert wire.parse_dequeue(body) is None


@pytest.mark.parametrize(
    "body",
    [
        '{"CorrelationId":"a","PopReceipt":"b","DownloadLocation":null}',
        '{"CorrelationId":"a","PopReceipt":"b","DownloadLocation":"https://x/y","IsDownLoadFileExist":false}',
    ],
)
def test_a_message_without_file_is_known_as_such(body: str) -> None:
    message = wire.parse_dequeue(body)
    assert message is not None
    assert not message.has_file


def test_an_older_build_that_says_less_is_understood() -> None:
    message = wire.parse_dequeue('{"CorrelationId":"a","PopReceipt":"b","DownloadLocation":"https://x/y"}')
    assert message is not None
    assert message.has_file


@pytest.mark.parametrize("body", ["<html/>", "[]", "{}", '{"PopReceipt":""}'])
def test_anything_else_is_no_message(body: str) -> None:
    with pytest.raises(wire.NotUnderstood):
        wire.parse_dequeue(body)


@pytest.mark.parametrize("front", ["http://contoso.operations.dynamics.com:80", BASE, f"{BASE}:443"])
def test_a_location_on_our_host_becomes_a_path_whatever_its_scheme_and_port(front: str) -> None:
    assert wire.download_path(f"{front}/api/x?blob=1", BASE) == "/api/x?blob=1"


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/api/x",
        "https://contoso.operations.dynamics.com.evil.example/x",
        "https://contoso.operations.dynamics.com@evil.example/x",
        "https://user@contoso.operations.dynamics.com/x",
        "https://contoso.operations.dynamics.com:8443/x",
        "https://contoso.operations.dynamics.com:nan/x",
        "/api/x",
        "",
    ],
)
def test_a_location_anywhere_else_is_refused_before_a_token_leaves(location: str) -> None:
    with pytest.raises(wire.NotUnderstood):
        wire.download_path(location, BASE)


def _message(receipt: str = "b") -> Dequeued:
    return Dequeued(
        correlation_id="c",
        pop_receipt=receipt,
        download_location="x",
        has_file=True,
        message="",
        redelivered=False,
        raw="{}",
    )


def test_each_delivery_of_a_message_has_an_id_of_its_own() -> None:
    first, second = (taken(FEED, _message(receipt), START) for receipt in ("one", "two"))
    assert first.delivery_id != second.delivery_id
    assert taken(FEED, _message("one"), START + timedelta(days=1)).delivery_id == first.delivery_id


def test_a_delivery_is_over_at_minute_25_of_30() -> None:
    delivery = taken(FEED, _message(), START)
    assert not delivery.is_over(START + timedelta(minutes=24, seconds=59))
    assert delivery.is_over(START + timedelta(minutes=25))


@given(entity=st.text(min_size=1, max_size=40), name=st.text("abcdef0123456789-", min_size=1, max_size=40))
def test_no_entity_name_leaves_its_folder_in_the_lake(entity: str, name: str) -> None:
    folder = exports.entity_folder(FEED, entity, date(2026, 11, 14), name)
    assert folder.startswith("groups/entity=")
    assert folder.count("/") == 3


@pytest.mark.parametrize(
    ("rows", "told"), [(None, ""), (5, ""), (4, "fewer than the expected 5"), (11, "more than the expected 10")]
)
def test_rows_outside_the_band_are_told(rows: int | None, told: str) -> None:
    feed = replace(FEED, rows_min=5, rows_max=10)
    assert told in exports.outside_band(feed, rows)
    assert bool(told) == bool(exports.outside_band(feed, rows))


def _member(name: str = "Customer groups.csv", size: int = 1000, packed: int = 200, **more: bool) -> Member:
    return Member(name=name, size_bytes=size, compressed_bytes=packed, **more)


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ([_member("/etc/passwd")], "unsafe-path"),
        ([_member("../x.csv")], "unsafe-path"),
        ([_member("a/../../x.csv")], "unsafe-path"),
        ([_member("C:/x.csv")], "unsafe-path"),
        ([_member("a\\b.csv")], "unsafe-path"),
        ([_member("x\x00.csv")], "unsafe-path"),
        ([_member("")], "unsafe-path"),
        ([_member("inner.zip")], "nested-zip"),
        ([_member(encrypted=True)], "encrypted"),
        ([_member(), _member()], "duplicate-member"),
        ([_member(size=4_000_000_000, packed=4_000_000)], "compression-ratio"),
        ([_member(f"{n}.csv") for n in range(5001)], "too-many-members"),
        ([_member(size=60_000_000_000, packed=6_000_000_000)], "too-large-unpacked"),
    ],
)
def test_a_hostile_package_is_found_by_its_directory_alone(members: list[Member], rule: str) -> None:
    assert rule in [finding.rule for finding in hostile(members)]


def test_a_real_package_of_two_hundred_entities_is_not_hostile() -> None:
    members = [_member(f"Entity {n} V{n % 3}.csv", 30_000_000, 900_000) for n in range(200)]
    assert hostile([_member("Manifest.xml"), *members, _member("Resources/map.xslt")]) == []


MANIFEST = (
    '<DataManagementPackageManifest xmlns="http://schemas.microsoft.com/dynamics/2015/01/DataManagement">'
    "<DefinitionGroupName>P</DefinitionGroupName><PackageEntityList>"
    "<DataManagementPackageEntityData><EntityName>Customer groups</EntityName>"
    "<InputFilePath>Customer groups.csv</InputFilePath></DataManagementPackageEntityData>"
    "<DataManagementPackageEntityData><EntityName>Customers &amp; V3</EntityName>"
    "<InputFilePath>Customers V3.csv</InputFilePath></DataManagementPackageEntityData>"
    "</PackageEntityList></DataManagementPackageManifest>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_manifest_tells_which_file_holds_which_entity(encoding: str) -> None:
    assert entity_names(MANIFEST.encode(encoding)) == {
        "Customer groups.csv": "Customer groups",
        "Customers V3.csv": "Customers & V3",
    }


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"<a>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_what_is_no_manifest_names_nothing(content: bytes) -> None:
    assert entity_names(content) == {}


records = st.lists(
    st.lists(st.text('ab",;\r\n é', max_size=6), min_size=2, max_size=2).filter(lambda r: any(f.strip() for f in r)),
    max_size=8,
)


@given(records, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.integers(1, 7))
def test_csv_records_are_counted_whatever_is_quoted_and_however_it_is_cut(
    rows: list[list[str]], encoding: str, block: int
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["KEY", "NAME"])
    writer.writerows(rows)
    content = text.getvalue().encode(encoding)
    counter = RowCounter.for_name("x.CSV")
    for at in range(0, len(content), block):
        counter.feed(content[at : at + block])
    assert counter.rows() == len(rows)


@pytest.mark.parametrize(
    ("content", "expected"), [(b"", 0), (b"A,B", 0), (b"A,B\n", 0), (b"A,B\n1,2", 1), (b"A\n\n1\n\n\n2\n", 2)]
)
def test_a_missing_last_line_end_and_blank_lines_do_not_miscount(content: bytes, expected: int) -> None:
    counter = RowCounter.for_name("x.csv")
    counter.feed(content)
    assert counter.rows() == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("x.xml", b"<Document><ROW><A/></ROW><ROW/></Document>", 2),
        ("x.xml", "<Document><ROW/></Document>".encode("utf-16"), 1),
        ("x.xml", b"<Document><ROW>", None),
        ("x.xml", b'<!DOCTYPE d [<!ENTITY e "x">]><d><r/></d>', None),
        ("x.xlsx", b"PK\x03\x04", None),
    ],
)
def test_xml_rows_are_counted_and_what_cannot_be_counted_says_so(
    name: str, content: bytes, expected: int | None
) -> None:
    counter = RowCounter.for_name(name)
    counter.feed(content)
    assert counter.rows() == expected
