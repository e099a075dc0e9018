"""Packages judged before they are sent: each mistake users make, by the message they read; good ones untouched."""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.samples.package import Member, package
from shared.services.checking import check_package
from tests.packages import zipped

GROUPS = Member(entity="Customer groups", content=b"CUSTOMERGROUPID,DESCRIPTION\r\n40,x\r\n")
CUSTOMERS = Member(entity="Customers V3", content=b"CUSTOMERACCOUNT\r\nC1\r\n", level=2)
GOOD = package("P", [GROUPS, CUSTOMERS])


def _members(body: bytes = GOOD) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as made:
        return {name: made.read(name) for name in made.namelist()}


def _changed(find: str, put: str) -> bytes:
    members = _members()
    text = members["Manifest.xml"].decode("utf-16")
    assert find in text
    return zipped(members | {"Manifest.xml": text.replace(find, put).encode("utf-16")})


def _rules(body: bytes) -> list[str]:
    return [finding.rule for finding in check_package("customers", io.BytesIO(body))]


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
    [finding] = check_package("customers", io.BytesIO(body))
    assert (finding.rule, finding.seen) == ("no-field-map", "Customer groups")
    assert "zero rows" in finding.sentence()


def test_elements_out_of_order_are_named_with_their_entity() -> None:
    body = _changed("<DefaultRefreshType>FullPush</DefaultRefreshType>", "<SourceFormat>CSV</SourceFormat>")
    found = [finding for finding in check_package("customers", io.BytesIO(body)) if finding.rule == "element-order"]
    assert "EntityName" in found[0].seen


def test_all_findings_come_at_once() -> None:
    members = _members()
    text = members["Manifest.xml"].decode("utf-16").replace("<InputFilePath>Customers V3.csv", "<InputFilePath>C.csv")
    begin, end = text.index("<EntityMapList>"), text.index("</EntityMapList>") + len("</EntityMapList>")
    members["Manifest.xml"] = (text[:begin] + "<EntityMapList/>" + text[end:]).encode("utf-16")
    members["customer groups.CSV"] = b"again"
    assert set(_rules(zipped(members))) == {"duplicate-member", "no-field-map", "missing-member"}


@given(st.binary(max_size=300))
def test_no_bytes_break_the_check(body: bytes) -> None:
    assert all(finding.sentence() for finding in check_package("f", io.BytesIO(b"PK\x03\x04" + body)))


class Sparse(io.RawIOBase):
    """A package of two gigabytes that is a hole but for its ends."""

    def __init__(self, head: bytes, hole_bytes: int, tail: bytes) -> None:
        self._head, self._hole, self._tail = head, hole_bytes, tail
        self.size = len(head) + hole_bytes + len(tail)
        self._at = 0
        self.read_bytes = 0

    def readable(self) -> bool:
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

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        """Bytes of the ends, zeros between them."""
        length = min(len(buffer), self.size - self._at)
        for index in range(length):
            at = self._at + index
            tail_at = at - len(self._head) - self._hole
            buffer[index] = self._head[at] if at < len(self._head) else (self._tail[tail_at] if tail_at >= 0 else 0)
        self._at += length
        self.read_bytes += length
        return length


def test_a_package_of_two_gigabytes_and_200_entities_is_judged_by_less_than_a_hundredth_of_its_bytes() -> None:
    hole = 2 * 1024**3
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, body in _members(
            package("P", [Member(entity=f"E {n}", content=b"A\r\n") for n in range(200)])
        ).items():
            archive.writestr(name, body)
    raw = Sparse(b"PK\x03\x04", hole, made.getvalue())
    file = cast("BinaryIO", io.BufferedReader(raw, 128 * 1024))
    assert check_package("customers", file) == []
    assert raw.read_bytes < raw.size / 100
