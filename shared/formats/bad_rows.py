"""The rows of a data file that F&O did not load, picked out by its error-keys file, with their header.

F&O's file names the key of each row that did not reach the target, in columns that bear the entity's field names. Where
the data file has all these columns, its rows are found by them; staging errors have no key there and are not found.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.checks.content_check import Kind
from shared.formats.openings import read_opening, records

_MESSAGE = "errormessage"
_MARKS = {"UTF-8": codecs.BOM_UTF8, "UTF-16LE": codecs.BOM_UTF16_LE, "UTF-16BE": codecs.BOM_UTF16_BE}
_Key = tuple[str, ...]


class NotMapped(Exception):
    """The rows cannot be found by their keys; the text says why."""


@dataclass(frozen=True, slots=True)
class BadRows:
    """`content` is a data file of its own; `found` of `wanted` keys were there."""

    content: bytes
    found: int
    wanted: int


def bad_rows(content: bytes, keys_file: bytes) -> BadRows:
    """The header of `content` and its rows whose keys `keys_file` names, byte for byte. Raises NotMapped."""
    opening = read_opening(content, is_whole=True)
    if opening.kind is not Kind.TEXT or opening.header is None:
        raise NotMapped(f"the file is {opening.kind}, and not a table of text with a header")
    if opening.encoding not in _MARKS:
        raise NotMapped(f"the file is {opening.encoding}")
    names, wanted = _keys(keys_file)
    header = {name.casefold(): place for place, name in enumerate(opening.header)}
    if missing := [name for name in names if name not in header]:
        raise NotMapped(f"F&O names rows by {', '.join(missing)}, and the file has no such column")
    mark = _MARKS[opening.encoding] if opening.has_bom else b""
    encoding = _codec(content, opening.encoding)
    head, *rows = _whole_lines(content[len(mark) :].decode(encoding))
    places = [header[name] for name in names]
    picked = [(row, key) for row in rows if (key := _key_of(row, opening.delimiter, places)) in wanted]
    text = "".join([head, *(row for row, _ in picked)])
    return BadRows(mark + text.encode(encoding), found=len({key for _, key in picked}), wanted=len(wanted))


def _codec(content: bytes, encoding: str) -> str:
    """What is no UTF-8 is taken for Windows' single-byte letters, as the check does."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return "cp1252" if encoding == "UTF-8" else encoding
    return encoding


def _keys(keys_file: bytes) -> tuple[list[str], set[_Key]]:
    """(names of the key's columns, keys). Raises NotMapped where there are none."""
    opening = read_opening(keys_file, is_whole=True)
    if opening.kind is not Kind.TEXT or opening.header is None or opening.encoding not in _MARKS:
        raise NotMapped("the error-keys file of F&O cannot be read")
    text = keys_file[len(_MARKS[opening.encoding]) if opening.has_bom else 0 :].decode(opening.encoding, "replace")
    names = [name.casefold() for name in opening.header]
    places = [place for place, name in enumerate(names) if name != _MESSAGE]
    keys = {_key_of(row, opening.delimiter, places) for row in _whole_lines(text)[1:]}
    if not places or not keys:
        raise NotMapped("the error-keys file of F&O names no key")
    return [names[place] for place in places], keys


def _whole_lines(text: str) -> list[str]:
    """Records with their line ends; blank ones are left out."""
    lines, _ = records(text)
    found, at = [], 0
    for line in lines:
        end = at + len(line)
        after = end + (2 if text.startswith("\r\n", end) else min(1, len(text) - end))
        if line.strip():
            found.append(text[at:after])
        at = after
    return found


def _key_of(row: str, delimiter: str, places: Sequence[int]) -> _Key:
    fields: list[str] = next(csv.reader(row.splitlines(keepends=True), delimiter=delimiter), [])
    return tuple(fields[place].strip() if place < len(fields) else "" for place in places)
