"""Rows that were not loaded, picked out of their file by F&O's error keys."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.formats.bad_rows import NotMapped, bad_rows

KEYS = b"CUSTOMERGROUPID,ErrorMessage\r\n60,bad\r\n70,worse\r\n"
HEAD = "DESCRIPTION,CustomerGroupId\r\n"
ROWS = ["Wholesale,40\r\n", '"Retail, ""new""\r\nline",60\r\n', "Online,70\r\n"]


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"", "utf-8"), (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")]
)
def test_the_rows_come_byte_for_byte_with_their_header_and_byte_order_mark(mark: bytes, encoding: str) -> None:
    made = bad_rows(mark + "".join([HEAD, *ROWS]).encode(encoding), KEYS)
    assert made.content == mark + "".join([HEAD, *ROWS[1:]]).encode(encoding)
    assert (made.found, made.wanted) == (2, 2)


def test_a_key_that_is_not_in_the_file_is_counted() -> None:
    made = bad_rows((HEAD + ROWS[0]).encode(), KEYS)
    assert (made.content, made.found, made.wanted) == (HEAD.encode(), 0, 2)


def test_letters_of_windows_stay_as_they_are() -> None:
    content = (HEAD + "Größe,60\r\n").encode("cp1252")
    assert bad_rows(content, KEYS).content == content


@pytest.mark.parametrize(
    ("content", "keys", "why"),
    [
        (b"A,B\r\n1,2\r\n", KEYS, "has no such column"),
        (b"<a/>", KEYS, "is XML"),
        (HEAD.encode(), b"ErrorMessage\r\nx\r\n", "names no key"),
        (HEAD.encode(), b"PK\x03\x04", "cannot be read"),
    ],
)
def test_what_cannot_be_mapped_is_said(content: bytes, keys: bytes, why: str) -> None:
    with pytest.raises(NotMapped, match=why):
        bad_rows(content, keys)


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


@given(st.lists(st.tuples(cells, st.booleans()), max_size=8))
def test_exactly_the_rows_with_a_named_key_are_picked(rows: list[tuple[str, bool]]) -> None:
    quoted = ['"' + text.replace('"', '""') + '"' for text, _ in rows]
    lines = [f"k{number},{text}\n" for number, text in enumerate(quoted)]
    bad = [number for number, (_, is_bad) in enumerate(rows) if is_bad]
    keys = "KEY,ErrorMessage\n" + "".join(f"k{number},x\n" for number in bad)
    content = ("Key,Text\n" + "".join(lines)).encode()
    if not bad:
        with pytest.raises(NotMapped):
            bad_rows(content, keys.encode())
        return
    assert bad_rows(content, keys.encode()).content == ("Key,Text\n" + "".join(lines[n] for n in bad)).encode()
