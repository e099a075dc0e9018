"""Long JSON in one text column. A column holds 64 KiB of UTF-16; what is longer is packed, which JSON bears well."""

from __future__ import annotations

import base64
import zlib

#: Longest text that is stored as it is, in characters: readable in a table browser.
PLAIN_CHARACTERS = 20_000
_PACKED = "z:"


def packed(text: str) -> str:
    """The text as it goes into a column."""
    if len(text) <= PLAIN_CHARACTERS:
        return text
    return _PACKED + base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def unpacked(column: str) -> str:
    """The text of a column."""
    if not column.startswith(_PACKED):
        return column
    return zlib.decompress(base64.b64decode(column.removeprefix(_PACKED))).decode()
