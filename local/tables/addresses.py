"""What a path of the table service names: a table, or a row of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from local.tables.rows import Change, Key

_PLACE = re.compile(r"/[^/]+/(?P<table>\w+)(?:\((?:PartitionKey='(?P<partition>.*)',\s?RowKey='(?P<row>.*)')?\))?$")


def named(path: str) -> tuple[str, Key | None]:
    """(table, key); no key for the table as a whole. Raises ValueError."""
    found = _PLACE.fullmatch(unquote(urlsplit(path).path))
    if found is None:
        raise ValueError(f"{path} is no place of a table service")
    if found["partition"] is None:
        return found["table"], None
    return found["table"], (found["partition"].replace("''", "'"), found["row"].replace("''", "'"))


def change_of(how: str, path: str, headers: Mapping[str, str], row: dict[str, Any]) -> tuple[str, Change]:
    """(table, change) of a request; header names are lower case."""
    table, key = named(path)
    if key is None:
        key = row["PartitionKey"], row["RowKey"]
    how = headers.get("x-http-method", how)
    return table, Change(how=how, key=key, row=row, if_match=headers.get("if-match", ""))
