"""A zip written as it is sent: stored members, fixed times, a length known beforehand, nothing of it held in memory.

Each part's length and CRC-32 are known before the first byte goes out, so that a local header says all and no data
descriptor is needed, which readers that stream a zip do not accept after a stored member. Layout: APPNOTE.TXT 6.3,
sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16 (its end), 4.5.3 (zip64).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.errors import Transient
from shared.ports import OPENING_BYTES

_LOCAL = struct.Struct("<4s5H3L2H")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
#: 1 January 1980, the first moment that a zip can name: the bytes follow from the content alone.
_TIME, _DATE = 0, 0x21
_IN_EXTRA_LONG, _IN_EXTRA_SHORT = 0xFFFFFFFF, 0xFFFF
_PLAIN_VERSION, _ZIP64_VERSION = 20, 45
_ZIP64_EXTRA = 1
_UTF8_NAME = 0x800


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a zip: its name, exact length and CRC-32, and its bytes, from the beginning at each call."""

    name: str
    size_bytes: int
    crc32: int
    blocks: Callable[[], Iterable[bytes]]


def part_of(name: str, content: bytes) -> Part:
    """A small part that is at hand."""
    return Part(name=name, size_bytes=len(content), crc32=zlib.crc32(content), blocks=lambda: [content])


class Packed:
    """The zip of some parts as Content: the same parts give the same bytes, at each reading."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        self._headers = [_local_header(part) for part in self._parts]
        self._directory = _directory(self._parts, self._headers)
        lengths = [len(header) + part.size_bytes for header, part in zip(self._headers, self._parts, strict=True)]
        self.size_bytes = sum(lengths) + len(self._directory)

    @property
    def first_bytes(self) -> bytes:
        """See Content."""
        opening = b""
        for block in self.blocks():
            opening += block
            if len(opening) >= OPENING_BYTES:
                break
        return opening[:OPENING_BYTES]

    def blocks(self) -> Iterator[bytes]:
        """See Content. Raises Transient before the end when a part is not what it was said to be."""
        for header, part in zip(self._headers, self._parts, strict=True):
            yield header
            yield from _checked(part)
        yield self._directory

    def close(self) -> None:
        """Each part opens and closes its own bytes."""


def _checked(part: Part) -> Iterator[bytes]:
    """The part's blocks; a zip whose directory would not fit them is never finished."""
    crc32 = length = 0
    for block in part.blocks():
        crc32 = zlib.crc32(block, crc32)
        length += len(block)
        if length > part.size_bytes:
            break
        yield block
    if (length, crc32) != (part.size_bytes, part.crc32):
        raise Transient(f"{part.name} gave other bytes than when it was first read")


def _is_long(number: int) -> bool:
    return number >= _IN_EXTRA_LONG


def _local_header(part: Part) -> bytes:
    name, extra = part.name.encode(), b""
    size = part.size_bytes
    if _is_long(size):
        extra = struct.pack("<2H2Q", _ZIP64_EXTRA, 16, size, size)
        size = _IN_EXTRA_LONG
    version = _ZIP64_VERSION if extra else _PLAIN_VERSION
    fields = (version, _flags(part), 0, _TIME, _DATE, part.crc32, size, size, len(name), len(extra))
    return _LOCAL.pack(b"PK\x03\x04", *fields) + name + extra


def _directory(parts: Sequence[Part], headers: Sequence[bytes]) -> bytes:
    """The entries of all parts, and the end that says where they begin."""
    entries, at = [], 0
    for part, header in zip(parts, headers, strict=True):
        entries.append(_entry(part, at))
        at += len(header) + part.size_bytes
    listed = b"".join(entries)
    return listed + _end(len(entries), len(listed), at)


def _entry(part: Part, at: int) -> bytes:
    name = part.name.encode()
    size, offset = (_IN_EXTRA_LONG if _is_long(number) else number for number in (part.size_bytes, at))
    longs = [part.size_bytes, part.size_bytes] if _is_long(part.size_bytes) else []
    longs += [at] if _is_long(at) else []
    extra = struct.pack(f"<2H{len(longs)}Q", _ZIP64_EXTRA, 8 * len(longs), *longs) if longs else b""
    version = _ZIP64_VERSION if longs else _PLAIN_VERSION
    fields = (version, version, _flags(part), 0, _TIME, _DATE, part.crc32, size, size, len(name), len(extra))
    return _ENTRY.pack(b"PK\x01\x02", *fields, 0, 0, 0, 0, offset) + name + extra


def _end(count: int, length: int, at: int) -> bytes:
    """The end record, behind its zip64 forms where a number does not fit into it."""
    before = b""
    if count >= _IN_EXTRA_SHORT or _is_long(length) or _is_long(at):
        versions = (_ZIP64_VERSION, _ZIP64_VERSION)
        before = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, *versions, 0, 0, count, count, length, at)
        before += _LOCATOR_64.pack(b"PK\x06\x07", 0, at + length, 1)
    short, long = min(count, _IN_EXTRA_SHORT), _IN_EXTRA_LONG
    return before + _END.pack(b"PK\x05\x06", 0, 0, short, short, min(length, long), min(at, long), 0)


def _flags(part: Part) -> int:
    return 0 if part.name.isascii() else _UTF8_NAME
