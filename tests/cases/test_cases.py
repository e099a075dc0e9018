"""Each mistake that users are known to make, with the message that they read; and what real packages may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.courier.dry_run import dry_run
from shared.courier.validate import finding_lines
from shared.domain.checks.findings import rejects
from shared.domain.checks.rules import RULES
from tests.builders import START
from tests.cases.samples import CASES, GOOD, Case

MESSAGES = Path(__file__).with_name("messages.txt")
#: What no sample file can show: where a file lies, and whether it was replaced.
_NOT_IN_A_FILE = {"unfit-name", "not-in-bundle", "bundle-incomplete", "no-feed", "company", "overwritten"}


def _told(case: Case, folder: Path) -> str:
    """What a functional user reads: whether the file is sent, and each finding."""
    file = folder / case.name
    file.write_bytes(case.content)
    findings = dry_run(case.feed, file, START).findings
    end = "rejected" if rejects(findings) else "sent"
    return "\n".join([f"-> {end}", *finding_lines(findings)])


def _expected() -> dict[str, str]:
    """Sentence -> what is told, from messages.txt."""
    blocks = MESSAGES.read_text(encoding="utf-8").strip().split("\n\n")
    return {sentence: told for sentence, _, told in (block.partition("\n") for block in blocks)}


EXPECTED = _expected()


@pytest.mark.parametrize("sentence", CASES)
def test_the_user_reads_what_is_wrong_what_f_and_o_shows_and_what_to_do(sentence: str, tmp_path: Path) -> None:
    assert _told(CASES[sentence], tmp_path) == EXPECTED.get(sentence, "")


def test_no_message_is_left_of_a_case_that_is_gone() -> None:
    assert set(EXPECTED) == set(CASES)


@pytest.mark.parametrize("sentence", GOOD)
def test_what_real_packages_may_be_passes_without_a_word(sentence: str, tmp_path: Path) -> None:
    assert _told(GOOD[sentence], tmp_path) == "-> sent"


def test_the_page_on_checks_lists_every_rule_as_the_code_has_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
    listed = [line for line in page.splitlines() if line.startswith("| `") and line.count(" | ") == 4]
    assert listed == [
        f"| `{rule.name}` | {rule.weight} | {rule.wrong} | {rule.symptom or '-'} | {rule.advice} |"
        for rule in RULES.values()
    ]


def test_every_rule_about_a_file_has_a_case() -> None:
    shown = {rule for rule in RULES if any(f"{rule}: " in told for told in EXPECTED.values())}
    assert set(RULES) - shown == _NOT_IN_A_FILE
