"""A filter of the table service: which partitions and row keys it spans, and whether a row fits."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r"\s*(\(|\)|'(?:[^']|'')*'|[^\s()']+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}
_LAST = chr(0x10FFFF)

Row = Mapping[str, Any]
Fits = Callable[[Row], bool]


@dataclass(slots=True)
class Span:
    """The partitions from `first` to `last`, both included, and within them the row keys likewise."""

    first: str = ""
    last: str = _LAST
    first_key: str = ""
    last_key: str = _LAST

    def narrow(self, name: str, how: str, value: str) -> None:
        """What one comparison of a key leaves; a bound that is excluded is left to the filter itself."""
        low, high = ("first", "last") if name == "PartitionKey" else ("first_key", "last_key")
        if how in {"eq", "ge", "gt"}:
            setattr(self, low, max(getattr(self, low), value))
        if how in {"eq", "le", "lt"}:
            setattr(self, high, min(getattr(self, high), value))


def parsed(text: str) -> tuple[Span, Fits]:
    """Where to look and what to keep. Raises ValueError for what is no filter of comparisons, `and`, `or`, brackets."""
    reader = _Reader(_TOKEN.findall(text))
    return reader.span, reader.whole() if text else lambda _: True


class _Reader:
    """Reads a filter from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*reversed(tokens)]
        self._depth = 0
        self.span = Span()

    def whole(self) -> Fits:
        """All of it."""
        # Only comparisons that always hold narrow the span; with an `or` at the top none does.
        self._depth += "or" in self._top()
        fits = self._either()
        if self._tokens:
            raise ValueError(f"{self._tokens[-1]} was not expected")
        return fits

    def _top(self) -> list[str]:
        """The tokens outside of brackets."""
        depth, top = 0, []
        for token in reversed(self._tokens):
            depth += {"(": 1, ")": -1}.get(token, 0)
            top += [token] if not depth else []
        return top

    def _either(self) -> Fits:
        fits = [self._all()]
        while self._next_is("or"):
            fits.append(self._all())
        return fits[0] if len(fits) == 1 else lambda row: any(each(row) for each in fits)

    def _all(self) -> Fits:
        fits = [self._one()]
        while self._next_is("and"):
            fits.append(self._one())
        return fits[0] if len(fits) == 1 else lambda row: all(each(row) for each in fits)

    def _one(self) -> Fits:
        if self._next_is("("):
            self._depth += 1
            inner = self._either()
            self._depth -= 1
            if not self._next_is(")"):
                raise ValueError("a bracket is not closed")
            return inner
        name, how, value = (self._tokens.pop() for _ in range(3))
        return self._comparison(name, how, _literal(value))

    def _comparison(self, name: str, how: str, value: Any) -> Fits:
        compare = _COMPARE[how]
        if name in {"PartitionKey", "RowKey"} and not self._depth:
            self.span.narrow(name, how, value)
        return lambda row: row.get(name) is not None and compare(row[name], value)

    def _next_is(self, token: str) -> bool:
        if self._tokens and self._tokens[-1] == token:
            self._tokens.pop()
            return True
        return False


def _literal(text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return {"true": True, "false": False}[text] if text in {"true", "false"} else float(text.rstrip("L"))
