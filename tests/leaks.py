"""What no output may hold: every test's log, stdout and stderr are read for it (see conftest.py)."""

from __future__ import annotations

import re

#: Rows that the scenarios send. They may stand in the archive, never in a log.
ROW_CONTENT = ("Wholesale", "Too long for its field", "No key", "12345678901")

_RULES = {
    "a token": re.compile(r"eyJ[\w-]{8,}|[Bb]earer\s+[\w.~+/-]{8,}|access_token"),
    "a signed URL": re.compile(r"[?&]sig=[^&\s]{6,}"),
    "an account key": re.compile(r"AccountKey=[\w+/]{20,}"),
    "a secret": re.compile(r"client_secret['\"]?\s*[=:]\s*['\"]?[\w-]{8,}"),
}


def leaks_in(output: str, private: tuple[str, ...] = ROW_CONTENT) -> list[str]:
    """What the text gives away, one sentence each; the secret itself is not repeated."""
    found = [f"{what}, in: {_line_of(output, hit)}" for what, rule in _RULES.items() if (hit := rule.search(output))]
    return found + [f"row content ({row[:3]}…)" for row in private if row in output]


def _line_of(output: str, hit: re.Match[str]) -> str:
    """The beginning of the line in which it stands, up to the secret."""
    return output[output.rfind("\n", 0, hit.start()) + 1 : hit.start()][-200:]
