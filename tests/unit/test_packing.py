"""A zip written as it is sent: any reader reads it, the same input gives the same bytes, and memory stays flat."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Transient
from shared.formats.packing import Packed, Part, part_of

_NAMES = st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=80)
_FILES = st.dictionaries(_NAMES, st.binary(max_size=300), max_size=6)
BLOCK = b"CUSTOMERGROUPID,DESCRIPTION\r\n" * 20_000


def _bytes(files: dict[str, bytes]) -> bytes:
    return b"".join(Packed([part_of(name, content) for name, content in files.items()]).blocks())


def _repeated(name: str, count: int) -> Part:
    """A part of `count` blocks that stand nowhere as a whole."""
    crc32 = 0
    for _ in range(count):
        crc32 = zlib.crc32(BLOCK, crc32)
    return Part(name=name, size_bytes=len(BLOCK) * count, crc32=crc32, blocks=lambda: (BLOCK for _ in range(count)))


@given(_FILES)
def test_any_names_and_contents_come_back_through_another_reader_in_their_order(files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(_bytes(files))) as package:
        assert package.testzip() is None
        assert [(info.orig_filename, package.read(info)) for info in package.infolist()] == list(files.items())


@given(_FILES)
def test_the_length_is_known_before_and_each_reading_gives_the_same_bytes(files: dict[str, bytes]) -> None:
    content = Packed([part_of(name, body) for name, body in files.items()])
    first, second = b"".join(content.blocks()), b"".join(content.blocks())
    assert first == second
    assert len(first) == content.size_bytes
    assert content.first_bytes == first[: 32 * 1024]


def test_the_bytes_are_those_of_every_other_day() -> None:
    made = _bytes({"Manifest.xml": b"<x/>", "Kundengruppen Zürich.csv": b"A\r\n1\r\n"})
    assert hashlib.sha256(made).hexdigest() == "018f40156ce7af0fce12a148bf157adef3ce31d6f75261b1052874a113f0ce2e"
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert {info.date_time for info in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.compress_type for info in package.infolist()} == {zipfile.ZIP_STORED}
        assert {info.flag_bits & 0x08 for info in package.infolist()} == {0}


def test_how_the_source_cuts_its_blocks_does_not_show() -> None:
    body = BLOCK[:1000]
    cut = Part(name="a.csv", size_bytes=1000, crc32=zlib.crc32(body), blocks=lambda: [body[:7], b"", body[7:]])
    assert b"".join(Packed([cut]).blocks()) == _bytes({"a.csv": body})


class Sparse(io.RawIOBase):
    """A stream that remembers its beginning and its end, and counts what lies between."""

    def __init__(self, blocks: Iterator[bytes], keep: int) -> None:
        self._head, self._tail, self.length = b"", b"", 0
        for block in blocks:
            if len(self._head) < keep:
                self._head += block[: keep - len(self._head)]
            self._tail = (self._tail + block[-keep:])[-keep:]
            self.length += len(block)
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + {0: 0, 1: self._at, 2: self.length}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        start = self.length - len(self._tail)
        kept, at = (self._tail, self._at - start) if self._at >= start else (self._head, self._at)
        found = kept[at:] if size < 0 else kept[at : at + size]
        self._at += len(found)
        return found


def _zeros(name: str, size_bytes: int, crc32: int) -> Part:
    """A part of zeros that stands nowhere; a wrong CRC-32 would end the reading."""
    block = bytes(16 * 1024 * 1024)

    def blocks() -> Iterator[bytes]:
        for _ in range(size_bytes // len(block)):
            yield block
        yield block[: size_bytes % len(block)]

    return Part(name=name, size_bytes=size_bytes, crc32=crc32, blocks=blocks)


@pytest.mark.parametrize(("size_bytes", "crc32"), [(2**32 - 2, 0x0F6A7026), (2**32 - 1, 0x00000000)])
def test_members_around_4_gib_and_what_follows_them_are_found_by_another_reader(size_bytes: int, crc32: int) -> None:
    large = _zeros("large.csv", size_bytes, crc32)
    content = Packed([part_of("Manifest.xml", b"<m/>"), large, part_of("small.csv", b"A\r\n1\r\n")])
    stream = Sparse(content.blocks(), keep=64 * 1024)
    assert stream.length == content.size_bytes
    with zipfile.ZipFile(stream) as package:  # type: ignore[call-overload]  # as good as a file, for what is read
        assert [(info.filename, info.file_size) for info in package.infolist()] == [
            ("Manifest.xml", 4),
            ("large.csv", size_bytes),
            ("small.csv", 6),
        ]
        versions = {info.filename: info.extract_version for info in package.infolist()}
        assert versions["large.csv"] == (45 if size_bytes >= 2**32 - 1 else 20)  # from there on zip64 says the size
        assert versions["small.csv"] == 45  # whose place is beyond
        assert package.read("Manifest.xml") == b"<m/>"
        assert package.read("small.csv") == b"A\r\n1\r\n"
        with package.open("large.csv") as member:
            assert member.read(4096) == bytes(4096)


def test_more_members_than_a_plain_directory_can_count() -> None:
    files = {f"{number}.csv": b"" for number in range(65_600)}
    with zipfile.ZipFile(io.BytesIO(_bytes(files))) as package:
        assert len(package.namelist()) == 65_600


def test_a_long_stream_is_never_held() -> None:
    count = 256 * 1024 * 1024 // len(BLOCK) + 1
    content = Packed([part_of("Manifest.xml", b"<m/>"), _repeated("data.csv", count)])
    tracemalloc.start()
    length = sum(len(block) for block in content.blocks())
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length == content.size_bytes > 256 * 1024 * 1024
    assert peak_bytes < 1024 * 1024


@pytest.mark.parametrize("given_out", [b"A\r\n2\r\n", b"A\r\n", b"A\r\n1\r\n1\r\n"])
def test_a_source_that_changed_between_two_readings_never_makes_a_whole_zip(given_out: bytes) -> None:
    body = b"A\r\n1\r\n"
    part = Part(name="a.csv", size_bytes=len(body), crc32=zlib.crc32(body), blocks=lambda: [given_out])
    content = Packed([part])
    sent = b""
    with pytest.raises(Transient, match=r"a\.csv gave other bytes"):
        for block in content.blocks():
            sent += block
    assert len(sent) < content.size_bytes
