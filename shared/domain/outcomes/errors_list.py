"""The list of an execution's row errors: read strictly, else leniently, else kept raw, and grouped into causes.

F&O answers a string that should hold JSON; its messages may bear quotes and line breaks that are not escaped, so the
text as a whole may be no JSON at all (measured on 10.0.48).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

#: Where an error begins. Each is read by itself, so one that is broken costs neither the others nor time.
_BEGINNING = re.compile(r'(?=\{\s*"RecordId"\s*:)')
_RECORD = re.compile(
    r'\{\s*"RecordId"\s*:\s*"?(?P<record>.*?)"?\s*,\s*"Field"\s*:\s*"?(?P<field>.*?)"?\s*,\s*'
    r'"ErrorMessage"\s*:\s*"?(?P<message>.*)\}[\s,\]]*\Z',
    re.DOTALL,
)
_ESCAPED = re.compile(r'\\(u[0-9a-fA-F]{4}|["\\/nrt])')
_MEANT = {"n": "\n", "r": "\r", "t": "\t"}
#: What differs from row to row within one cause: quoted values, numbers, GUIDs.
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d+(?:[.,]\d+)*")
#: More causes than this in one field are one and the same with a name in it: then names are masked, too.
_MANY = 20
#: So many causes are told to people and compared with the days before; all of them stand in errors.json.
MOST_CAUSES = 50


class Reading(StrEnum):
    """How the list could be read."""

    STRICT = "strict"
    LENIENT = "lenient"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class RowError:
    """One row that was not loaded, as F&O tells it."""

    record_id: str
    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorList:
    """All row errors of an execution, and how they were read. A raw reading has no rows."""

    reading: Reading
    rows: tuple[RowError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Errors that differ only in their values: a fingerprint, the masked message, how many, and some of them."""

    fingerprint: str
    message: str
    field: str
    count: int
    examples: tuple[RowError, ...]

    @property
    def told(self) -> str:
        """The message as a person reads it: one that came once has its own values."""
        return self.examples[0].message if self.count == 1 else self.message


def read_errors(text: str) -> ErrorList:
    """Read the inner text of GetExecutionErrors. An empty text is an empty list."""
    if not text.strip():
        return ErrorList(reading=Reading.STRICT, rows=())
    try:
        listed = json.loads(text)
    except ValueError:
        return _read_leniently(text)
    if not isinstance(listed, list):
        return ErrorList(reading=Reading.RAW, rows=())
    return ErrorList(reading=Reading.STRICT, rows=tuple(_row(told) for told in listed if isinstance(told, dict)))


def _row(told: dict[str, object]) -> RowError:
    return RowError(str(told.get("RecordId") or ""), str(told.get("Field") or ""), str(told.get("ErrorMessage") or ""))


def _read_leniently(text: str) -> ErrorList:
    pieces = (_RECORD.match(piece) for piece in _BEGINNING.split(text))
    rows = tuple(
        RowError(_plain(found["record"]), _plain(found["field"]), _plain(found["message"].rstrip().removesuffix('"')))
        for found in pieces
        if found
    )
    return ErrorList(reading=Reading.LENIENT if rows else Reading.RAW, rows=rows)


def _plain(text: str) -> str:
    """The text without JSON's escapes, as far as they are whole."""
    return _ESCAPED.sub(lambda found: _unescaped(found[1]), text)


def _unescaped(mark: str) -> str:
    return chr(int(mark[1:], 16)) if mark.startswith("u") else _MEANT.get(mark, mark)


def causes_of(rows: Iterable[RowError], examples: int = 3) -> list[Cause]:
    """Group errors by field and masked message, the most frequent first."""
    by_field: dict[str, list[RowError]] = {}
    for row in rows:
        by_field.setdefault(row.field, []).append(row)
    causes = [
        Cause(
            fingerprint=fingerprint(field, message),
            message=message,
            field=field,
            count=len(found),
            examples=tuple(found[:examples]),
        )
        for field, errors in by_field.items()
        for message, found in _grouped(errors).items()
    ]
    return sorted(causes, key=lambda cause: (-cause.count, cause.field, cause.message))


def _grouped(errors: list[RowError]) -> dict[str, list[RowError]]:
    """Errors of one field by masked message; where that leaves too many groups, with names masked as well."""
    groups: dict[str, list[RowError]] = {}
    for row in errors:
        groups.setdefault(mask(row.message), []).append(row)
    if len(groups) <= _MANY:
        return groups
    coarse: dict[str, list[RowError]] = {}
    for message, found in groups.items():
        coarse.setdefault(_without_names(message), []).extend(found)
    return coarse


def _without_names(message: str) -> str:
    """Without the words within a sentence that have a capital letter or were masked: names, most likely."""
    words: list[str] = []
    for word in message.split():
        begins = not words or words[-1].endswith((".", "!", "?", ":"))
        is_name = "…" in word or (not begins and any(letter.isupper() for letter in word))
        if not is_name:
            words.append(word)
        elif not words or words[-1] != "…":
            words.append("…")
    return " ".join(words)


def mask(message: str) -> str:
    """A message with everything replaced that varies from row to row."""
    return _VARYING.sub("…", " ".join(message.split()))


def fingerprint(field: str, masked: str) -> str:
    """A short hash of a cause: the same today and tomorrow."""
    return hashlib.sha256(f"{field}\n{masked}".encode()).hexdigest()[:12]
