"""The beginning of a data file: whatever the bytes, nothing breaks, and a header is read or unknown."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.samples.package import Member, package
from shared.domain.checks.content_check import Expected, Kind, check_content
from shared.domain.feed import Checks, Shape, SourceFormat, source_format
from shared.formats.openings import read_opening
from shared.services.intake.checking import check_file, check_package
from tests.builders import a_feed

#: Letters of column names as they are met, and none that could be a delimiter.
NAMES = st.lists(st.text("ABCxyz019_ äöß€", min_size=1, max_size=12), min_size=1, max_size=30)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
PACKAGE = package("P", [Member(entity="Customer groups", content=b"CUSTOMERGROUPID,DESCRIPTION\r\n40,x\r\n")])
PACKAGES = a_feed(name="customers", shape=Shape.PACKAGE, entity="", entities=("Customer groups",))


def _csv(names: list[str], encoding: str, quoting: int, delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]  # a constant of csv
    writer.writerows([names, ["1"] * len(names)])
    return out.getvalue().encode(encoding)


@given(NAMES, ENCODINGS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(",;\t|"))
def test_a_header_is_read_as_it_was_written(names: list[str], encoding: str, quoting: int, delimiter: str) -> None:
    opening = read_opening(_csv(names, encoding, quoting, delimiter), is_whole=True)
    assert opening.header == tuple(name.strip() for name in names)
    assert (opening.line_ends, opening.rows) == (frozenset({"CR LF"}), 1)
    assert opening.delimiter == (delimiter if len(names) > 1 else ",")


@given(NAMES, ENCODINGS, st.integers(0, 400))
def test_a_header_that_is_cut_off_is_unknown_and_never_a_shorter_one(
    names: list[str], encoding: str, length: int
) -> None:
    body = _csv(names, encoding, csv.QUOTE_ALL)
    opening = read_opening(body[:length], is_whole=False)
    assert opening.header in {None, tuple(name.strip() for name in names)}


@given(st.binary(max_size=400), st.booleans(), st.sampled_from(SourceFormat), st.sampled_from(["a.csv", "a.xml", "a"]))
def test_no_bytes_break_the_reading_of_a_data_file(
    content: bytes, is_whole: bool, declared: SourceFormat, name: str
) -> None:
    opening = read_opening(content, is_whole=is_whole)
    expected = Expected(file_format=declared, mapped=("CUSTOMERGROUPID", "DESCRIPTION"))
    assert all(finding.sentence() for finding in check_content(name, opening, expected, "feed"))


@given(st.text('<>/&;!?"abc= \r\nDOCTYPE', max_size=120), ENCODINGS)
def test_no_markup_breaks_the_reading_of_a_data_file(text: str, encoding: str) -> None:
    found = check_file(a_feed(file_format=SourceFormat.XML), "a.xml", 4_000, text.encode(encoding))
    assert all(finding.sentence() for finding in found)


@settings(max_examples=400)
@given(
    st.lists(st.tuples(st.integers(0, len(PACKAGE) - 1), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(1, len(PACKAGE)),
)
def test_no_damage_to_a_package_breaks_the_check(damage: list[tuple[int, int]], length: int) -> None:
    body = bytearray(PACKAGE)
    for at, byte in damage:
        body[at] = byte
    for whole in (bytes(body), bytes(body[:length])):
        found = check_package(PACKAGES, "customers.zip", len(whole), io.BytesIO(whole))
        assert all(finding.sentence() for finding in found)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("CSV", SourceFormat.CSV),
        ("csv-unicode", SourceFormat.CSV_UNICODE),
        ("XML-Attribute", SourceFormat.XML),
        (" Excel ", SourceFormat.EXCEL),
        ("", SourceFormat.UNDECLARED),
        ("CSV with pipes", SourceFormat.OTHER),
    ],
)
def test_a_source_format_is_known_by_the_names_that_f_and_o_gives_it(name: str, known: SourceFormat) -> None:
    assert source_format(name) is known


def test_a_file_that_is_read_in_part_is_not_taken_for_a_broken_one() -> None:
    xml = b"<Document>" + b"<ROW><A>1</A></ROW>" * 3_000 + b"</Document>"
    assert check_file(a_feed(file_format=SourceFormat.XML), "a.xml", len(xml), xml[:32_768]) == []
    [finding] = check_file(a_feed(file_format=SourceFormat.XML), "a.xml", 32_768, xml[:32_768])
    assert finding.rule == "broken-xml"


def test_one_mistake_in_two_hundred_files_is_told_three_times_and_counted() -> None:
    many = [Member(entity=f"E {n:03}", content=b"A,B\n1,2\n") for n in range(200)]
    body = package("P", many)
    found = check_package(a_feed(shape=Shape.PACKAGE, entity=""), "p.zip", len(body), io.BytesIO(body))
    assert [finding.seen for finding in found] == [
        "lines of E 000.csv end with LF",
        "lines of E 001.csv end with LF",
        "lines of E 002.csv end with LF; and 197 more like this",
    ]
    strict = a_feed(shape=Shape.PACKAGE, entity="", checks=Checks.REJECT)
    assert not any(f.is_warning for f in check_package(strict, "p.zip", len(body), io.BytesIO(body)))


def test_an_empty_file_is_known_as_such() -> None:
    assert read_opening(b"", is_whole=True).kind is Kind.EMPTY
