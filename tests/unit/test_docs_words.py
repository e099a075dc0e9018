"""Commands that the docs name are there, with the options that they are shown with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.courier.__main__ import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_COMMAND = re.compile(r"-m shared\.courier[ \n]+([a-z][a-z-]*)([^`\n]*)")


def _named() -> dict[str, set[str]]:
    """Word -> options, over all pages."""
    found: dict[str, set[str]] = {}
    for page in PAGES:
        for word, rest in _COMMAND.findall(page.read_text(encoding="utf-8")):
            shown = rest.partition("  #")[0]
            found.setdefault(word, set()).update(re.findall(r"(?<!\S)--[a-z-]+", shown))
    return found


NAMED = _named()


def test_the_pages_name_commands() -> None:
    assert {"check", "validate", "replay", "adopt", "show"} <= set(NAMED)


@pytest.mark.parametrize("word", sorted(NAMED))
def test_a_word_and_its_options_are_there(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([word, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert NAMED[word] - set(re.findall(r"--[a-z-]+", shown)) == set()
    assert shown.startswith(f"usage: python -m shared.courier {word} ")
