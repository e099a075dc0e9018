"""Packages judged before they are sent: each mistake users make, by the message they read; good ones untouched."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.samples.package import Member, package
from shared.adapters.blobs.files import PEEK_WINDOW_BYTES
from shared.domain.checks.findings import MOST_OF_A_RULE, Finding
from shared.domain.checks.package_check import Manifest, ManifestEntity, check_manifest
from shared.domain.feed import Shape
from shared.formats.zips import BrokenZip, listed_members, opened_zip
from shared.services.intake.checking import check_file, check_package
from tests.builders import a_feed
from tests.packages import zipped

GROUPS = Member(entity="Customer groups", content=b"CUSTOMERGROUPID,DESCRIPTION\r\n40,x\r\n")
CUSTOMERS = Member(entity="Customers V3", content=b"CUSTOMERACCOUNT\r\nC1\r\n", level=2)
FEED = a_feed(name="customers", shape=Shape.PACKAGE, entity="", warn_size_bytes=3 * 1024**3)
GOOD = package("P", [GROUPS, CUSTOMERS])


def _members(body: bytes = GOOD) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as made:
        return {name: made.read(name) for name in made.namelist()}


def _changed(find: str, put: str) -> bytes:
    members = _members()
    text = members["Manifest.xml"].decode("utf-16")
    assert find in text
    return zipped(members | {"Manifest.xml": text.replace(find, put).encode("utf-16")})


def _checked(file: io.BytesIO) -> list[Finding]:
    return check_package(FEED, "customers.zip", len(file.getvalue()), file)


def _rules(body: bytes) -> list[str]:
    return [finding.rule for finding in _checked(io.BytesIO(body))]


def test_a_package_as_f_and_o_writes_it_is_good() -> None:
    assert _rules(GOOD) == []


def test_utf_8_members_of_every_format_and_two_hundred_entities_are_good() -> None:
    many = [Member(entity=f"Entity {n}", content=b"A\r\n1\r\n") for n in range(200)]
    members = _members(package("P", many))
    members["Manifest.xml"] = members["Manifest.xml"].decode("utf-16").encode("utf-8")
    members["Resources/map.xslt"] = b"<x/>"
    assert _rules(zipped(members)) == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (zipped({f"folder/{name}": body for name, body in _members().items()}), "folder-in-package"),
        (zipped({"Customer groups.csv": b"x"}), "no-manifest"),
        (zipped({name: body for name, body in _members().items() if name != "Customers V3.csv"}), "missing-member"),
        (_changed("<InputFilePath>Customers V3.csv", "<InputFilePath>Customers.csv"), "missing-member"),
        (zipped(_members() | {"MANIFEST.XML": b"<a/>"}), "duplicate-member"),
        (zipped(_members() | {"Manifest.xml": b"<not xml"}), "unreadable-manifest"),
        (zipped(_members() | {"Manifest.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "unreadable-manifest"),
        (zipped(_members() | {"Manifest.xml": b"<DataManagementPackageManifest/>"}), "no-entity"),
        (GOOD[: len(GOOD) // 2], "broken-zip"),
    ],
)
def test_each_mistake_has_its_rule(body: bytes, rule: str) -> None:
    assert rule in _rules(body)


def test_a_manifest_without_a_field_map_says_that_zero_rows_would_have_been_processed() -> None:
    text = _members()["Manifest.xml"].decode("utf-16")
    begin, end = text.index("<EntityMapList>"), text.index("</EntityMapList>") + len("</EntityMapList>")
    body = _changed(text[begin:end], "<EntityMapList/>")
    [finding] = _checked(io.BytesIO(body))
    assert (finding.rule, finding.seen) == ("no-field-map", "no column of Customer groups is mapped")
    assert "zero rows" in finding.sentence()


def test_elements_out_of_order_are_named_with_their_entity() -> None:
    body = _changed("<DefaultRefreshType>FullPush</DefaultRefreshType>", "<SourceFormat>CSV</SourceFormat>")
    found = [finding for finding in _checked(io.BytesIO(body)) if finding.rule == "element-order"]
    assert "EntityName" in found[0].seen


@pytest.mark.parametrize(
    ("find", "put", "seen"),
    [
        ("<EntityField>CUSTOMERGROUPID</EntityField>", "", "EntityMap/EntityField of Customer groups"),
        ("<DefinitionGroupName>", "<Z/><DefinitionGroupName>", "DefinitionGroupName"),
    ],
)
def test_elements_out_of_order_are_found_in_the_field_map_and_around_the_entities(
    find: str, put: str, seen: str
) -> None:
    text = _members()["Manifest.xml"].decode("utf-16")
    if not put:
        put = "<XMLField>CUSTOMERGROUPID</XMLField>" + find
        find = text[text.index(find) : text.index("</XMLField>", text.index(find)) + len("</XMLField>")]
    [said] = [found.seen for found in _checked(io.BytesIO(_changed(find, put))) if found.rule == "element-order"]
    assert seen in said


def test_maps_that_name_neither_field_nor_column_map_nothing() -> None:
    text = _members()["Manifest.xml"].decode("utf-16")
    begin, end = text.index("<EntityMapList>"), text.index("</EntityMapList>")
    assert _rules(_changed(text[begin:end], "<EntityMapList><EntityMap/><EntityMap></EntityMap>")) == ["no-field-map"]


def test_a_manifest_of_many_children_is_read_in_one_go() -> None:
    """Twenty thousand children in the wrong order: work that grows with their square would take a minute."""
    children = "".join(f"<C{n % 7}>x</C{n % 7}>" for n in range(20_000))
    body = _changed("<DefaultRefreshType>", children + "<DefaultRefreshType>")
    assert "element-order" in _rules(body)


def test_all_findings_come_at_once() -> None:
    members = _members()
    text = members["Manifest.xml"].decode("utf-16").replace("<InputFilePath>Customers V3.csv", "<InputFilePath>C.csv")
    begin, end = text.index("<EntityMapList>"), text.index("</EntityMapList>") + len("</EntityMapList>")
    members["Manifest.xml"] = (text[:begin] + "<EntityMapList/>" + text[end:]).encode("utf-16")
    members["customer groups.CSV"] = b"again\r\n1\r\n"
    assert set(_rules(zipped(members))) == {"duplicate-member", "no-field-map", "missing-member"}


@given(st.binary(max_size=300))
def test_no_bytes_break_the_check(body: bytes) -> None:
    assert all(finding.sentence() for finding in _checked(io.BytesIO(b"PK\x03\x04" + body)))


class Sparse(io.RawIOBase):
    """A file of which only what was written is held; between lie holes that read as zeros."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytes] = {}
        self._at = 0
        self.size = 0
        self.read_bytes = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where it is."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file does."""
        self._at = offset + (0, self._at, self.size)[whence]
        return self._at

    def write(self, body: bytes) -> int:  # type: ignore[override]  # any bytes
        """Hold them where they were written."""
        self._pieces[self._at] = bytes(body)
        self._at += len(body)
        self.size = max(self.size, self._at)
        return len(body)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        """What was written there, zeros between."""
        length = max(0, min(len(buffer), self.size - self._at))
        read = bytearray(length)
        for begin, piece in self._pieces.items():
            first, last = max(begin, self._at), min(begin + len(piece), self._at + length)
            if first < last:
                read[first - self._at : last - self._at] = piece[first - begin : last - begin]
        buffer[:length] = read
        self._at += length
        self.read_bytes += length
        return length


def _large_package(entities: int, size_bytes: int) -> Sparse:
    """A package of that many data files, each a beginning and a hole, so that all together have the size."""
    many = [Member(entity=f"E {n}", content=b"A,B\r\n" + b"1,2\r\n" * 8_000) for n in range(entities)]
    file = Sparse()
    with zipfile.ZipFile(cast("BinaryIO", file), "w", zipfile.ZIP_STORED) as archive:
        for name, body in _members(package("P", many)).items():
            archive.writestr(name, body)
            hole = size_bytes // entities if name.endswith(".csv") else 0
            info = archive.getinfo(name)
            info.file_size += hole
            info.compress_size += hole
            archive.start_dir += hole
    return file


@pytest.mark.parametrize("entities", [1, 200])
def test_a_package_of_two_gigabytes_is_judged_by_less_than_a_hundredth_of_its_bytes(entities: int) -> None:
    raw = _large_package(entities, 2 * 1024**3)
    assert raw.size > 2 * 1024**3
    file = cast("BinaryIO", io.BufferedReader(raw, PEEK_WINDOW_BYTES))
    assert check_package(FEED, "c.zip", raw.size, file) == []
    assert raw.read_bytes < raw.size / 100


def test_a_mistake_deep_in_a_large_package_is_found() -> None:
    raw = _large_package(200, 2 * 1024**3)
    info_of_last = raw.size
    file = cast("BinaryIO", io.BufferedReader(raw, PEEK_WINDOW_BYTES))
    with zipfile.ZipFile(file) as made:
        info_of_last = made.getinfo("E 199.csv").header_offset
    raw.seek(info_of_last + 30 + len("E 199.csv"))
    raw.write(b"A;B\n" + b"1;2\n" * 10_000)
    found = check_package(FEED, "c.zip", raw.size, cast("BinaryIO", io.BufferedReader(raw, PEEK_WINDOW_BYTES)))
    assert [(finding.rule, finding.seen.split()[-1]) for finding in found] == [
        ("line-ends", "LF"),
        ("delimiter", "semicolons"),
    ]


@pytest.mark.parametrize("name", ["Manifest.xml", "Zürich.csv"])
def test_a_name_that_the_zip_gives_a_second_time_in_unicode_is_the_name_of_the_file(name: str) -> None:
    """Info-ZIP's Unicode path: an extra field with the right name beside one in an old code page (APPNOTE 4.6.9)."""
    old = name.encode("ascii", "replace").decode()
    extra = b"\x01" + zlib.crc32(old.encode()).to_bytes(4, "little") + name.encode()
    info = zipfile.ZipInfo(old)
    info.extra = b"\x75\x70" + len(extra).to_bytes(2, "little") + extra
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(info, b"<x/>")
    with opened_zip(file) as package:
        names = [member.name for member in listed_members(package)]
        assert [package.getinfo(listed).file_size for listed in names] == [4]
    assert _rules(file.getvalue()) != []


def test_a_file_that_has_none_of_the_columns_that_its_feed_demands_is_rejected() -> None:
    feed = a_feed(columns=("CUSTOMERGROUPID", "DESCRIPTION"))
    findings = check_file(feed, "g.csv", 20, b"A,B\r\n1,2\r\n")
    assert "columns" in {finding.rule for finding in findings if not finding.is_warning}


def test_a_near_name_is_looked_for_as_often_as_it_is_shown() -> None:
    missing = tuple(
        ManifestEntity(label=f"Entity {n}", file=f"Customers {n}.csv", mapped_fields=1)
        for n in range(MOST_OF_A_RULE + 2)
    )
    findings = check_manifest(Manifest(entities=missing), ["Customers_0.csv"], FEED)
    assert [finding.rule for finding in findings if not finding.is_warning] == ["missing-member"] * len(missing)
    assert ["is that it?" in finding.advice for finding in findings].count(True) <= MOST_OF_A_RULE


def test_a_directory_whose_length_only_the_zip64_end_tells_is_bounded() -> None:
    plain = zipped({"Manifest.xml": b"<x/>"})
    at = plain.rfind(b"PK\x05\x06")
    end64 = b"PK\x06\x06" + (44).to_bytes(8, "little") + bytes(28) + (2**40).to_bytes(8, "little") + bytes(8)
    locator = b"PK\x06\x07" + bytes(4) + at.to_bytes(8, "little") + bytes(4)
    with (
        pytest.raises(BrokenZip, match="too large to be one of a data package"),
        opened_zip(io.BytesIO(plain[:at] + end64 + locator + plain[at:])),
    ):
        pass
