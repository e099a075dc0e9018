"""Rows by partition and in order of their keys, with versions; a change or a transaction of changes at a time."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from local.tables.filters import Fits, Span

Key = tuple[str, str]
_VERSION = "odata.etag"


class Refused(Exception):
    """The service answers with this status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Change:
    """One write: `how` is the HTTP method, `if_match` a version, `*` for any, or empty for none asked."""

    how: str
    key: Key
    row: dict[str, Any]
    if_match: str = ""


class Rows:
    """One table. Rows are held as the JSON that they are answered as."""

    def __init__(self) -> None:
        self._partitions: dict[str, dict[str, bytes]] = {}
        self._names: list[str] = []
        self._keys: dict[str, list[str]] = {}
        self._versions = count(1)

    def fill(self, row: dict[str, Any]) -> None:
        """Put a row there without a word."""
        self._put((row["PartitionKey"], row["RowKey"]), row)

    def point(self, key: Key) -> bytes | None:
        """One row as JSON."""
        return self._partitions.get(key[0], {}).get(key[1])

    def found(self, span: Span, fits: Fits, after: Key, most: int) -> tuple[list[dict[str, Any]], Key | None]:
        """At most so many rows from `after` on, and where to go on; None at the end."""
        rows = list(islice((row for row in self._spanned(span, after) if fits(row)), most + 1))
        following = (rows[most]["PartitionKey"], rows[most]["RowKey"]) if len(rows) > most else None
        return rows[:most], following

    def all_or_none(self, changes: list[Change]) -> list[str]:
        """The new versions. Raises Refused, with the number of the change before its code, and changes nothing."""
        before = {change.key: self.point(change.key) for change in changes}
        versions: list[str] = []
        for number, change in enumerate(changes):
            try:
                versions.append(self.apply(change))
            except Refused as refused:
                for key, row in before.items():
                    self._restore(key, row)
                raise Refused(refused.status, f"{number}:{refused.code}") from refused
        return versions

    def apply(self, change: Change) -> str:
        """One write; its new version, empty for a delete. Raises Refused."""
        there = self.point(change.key)
        if change.how == "POST":
            if there is not None:
                raise Refused(409, "EntityAlreadyExists")
            return self._put(change.key, change.row)
        if change.if_match:
            self._check(there, change.if_match)
        if change.how == "DELETE":
            self._restore(change.key, None)
            return ""
        old = json.loads(there) if there is not None and change.how in {"MERGE", "PATCH"} else {}
        return self._put(change.key, {**old, **change.row})

    def _check(self, there: bytes | None, wanted: str) -> None:
        if there is None:
            raise Refused(404, "ResourceNotFound")
        if wanted != "*" and json.loads(there)[_VERSION] != wanted:
            raise Refused(412, "UpdateConditionNotSatisfied")

    def _spanned(self, span: Span, after: Key) -> Iterator[dict[str, Any]]:
        low = max(span.first, after[0])
        for name in self._names[bisect_left(self._names, low) : bisect_right(self._names, span.last)]:
            keys, held = self._keys[name], self._partitions[name]
            first = max(span.first_key, after[1]) if name == after[0] else span.first_key
            for key in keys[bisect_left(keys, first) : bisect_right(keys, span.last_key)]:
                yield json.loads(held[key])

    def _put(self, key: Key, row: dict[str, Any]) -> str:
        version = f"W/\"datetime'{next(self._versions)}'\""
        whole = {**row, "PartitionKey": key[0], "RowKey": key[1], _VERSION: version}
        self._restore(key, json.dumps(whole).encode())
        return version

    def _restore(self, key: Key, row: bytes | None) -> None:
        partition, row_key = key
        held = self._partitions.get(partition)
        if row is None:
            if held is not None and held.pop(row_key, None) is not None:
                keys = self._keys[partition]
                del keys[bisect_left(keys, row_key)]
            return
        if held is None:
            held = self._partitions[partition] = {}
            self._keys[partition] = []
            insort(self._names, partition)
        if row_key not in held:
            insort(self._keys[partition], row_key)
        held[row_key] = row
