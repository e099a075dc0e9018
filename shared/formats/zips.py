"""Zips opened with care: the directory is bounded before it is read, and every way of being broken is one error."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from shared.domain.checks.package import Member

#: The directory is held in memory as a whole, so it is refused above this. 5,000 long names take about 1 MB.
LARGEST_DIRECTORY_BYTES = 16 * 1024 * 1024
_END = b"PK\x05\x06"
_END_FORMAT = struct.Struct("<4s4H2LH")
_LONGEST_TAIL_BYTES = 65_535 + _END_FORMAT.size
#: What leads to the zip64 end record, right before the plain one; readers believe it whatever the plain one says.
_LOCATOR_BYTES = 20


class BrokenZip(ValueError):
    """Not a zip, or one that cannot be read to its end; the text says why."""


@contextmanager
def opened_zip(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """Open a zip for reading. Raises BrokenZip, also for what is met while members are read inside the `with`."""
    with _broken_told():
        with _misleading_told():
            _bound_directory(file)
            package = zipfile.ZipFile(file)
        with package:
            yield package


def listed_members(package: zipfile.ZipFile) -> list[Member]:
    """The files of a zip as its directory lists them, without its folders."""
    return [_member(info) for info in package.infolist() if not info.is_dir()]


def member_start(package: zipfile.ZipFile, info: zipfile.ZipInfo, length_bytes: int) -> bytes:
    """The first bytes of a member, unpacked. Reads about as many of the zip, and no more. Raises BrokenZip."""
    with _misleading_told(), _broken_told(), package.open(info) as opened:
        return opened.read(length_bytes)


@contextmanager
def _broken_told() -> Iterator[None]:
    """Every way of being broken as one error."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError) as error:
        raise BrokenZip(str(error) or type(error).__name__) from error
    except (NotImplementedError, RuntimeError, UnicodeDecodeError, OverflowError) as error:
        raise BrokenZip(f"{type(error).__name__}: {error}") from error


@contextmanager
def _misleading_told() -> Iterator[None]:
    """Offsets that lead to before the beginning, which Python tells as a plain ValueError."""
    try:
        yield
    except BrokenZip:
        raise
    except ValueError as error:
        raise BrokenZip(str(error)) from error


def _member(info: zipfile.ZipInfo) -> Member:
    return Member(
        # Python's own name knows a Unicode path in the extra fields, and leaves out what follows a NUL: that is told.
        name=info.orig_filename if "\0" in info.orig_filename else info.filename,
        size_bytes=info.file_size,
        compressed_bytes=info.compress_size,
        encrypted=bool(info.flag_bits & 1),
    )


def _bound_directory(file: BinaryIO) -> None:
    """Raise BrokenZip when the end record announces a directory that is too large to hold."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_TAIL_BYTES))
    tail = file.read(_LONGEST_TAIL_BYTES)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_FORMAT.size:
        raise BrokenZip("the zip has no end: it is cut off, or no zip")
    _, _, _, _, entries, directory_bytes, _, _ = _END_FORMAT.unpack_from(tail, at)
    directory_bytes = 0 if directory_bytes == 0xFFFFFFFF else directory_bytes
    if entries == 0xFFFF or tail[max(0, at - _LOCATOR_BYTES) : at].startswith(b"PK\x06\x07"):
        directory_bytes = max(directory_bytes, _zip64_directory_bytes(tail, at))
    if directory_bytes > LARGEST_DIRECTORY_BYTES:
        raise BrokenZip(f"its directory of {directory_bytes} bytes is too large to be one of a data package")


def _zip64_directory_bytes(tail: bytes, end_at: int) -> int:
    """The directory's length from a zip64 end record just before the plain one; 0 when it is not in the tail."""
    at = tail.rfind(b"PK\x06\x06", 0, end_at)
    return int(struct.unpack_from("<Q", tail, at + 40)[0]) if 0 <= at <= len(tail) - 56 else 0
