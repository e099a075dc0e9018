"""What is wrong with a landed file, said so that its sender can mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.domain.checks.rules import RULES, Weight
from shared.domain.feed import Checks, Feed, Shape
from shared.domain.sizes import size_text

ZIP_SIGNATURE = b"PK\x03\x04"
#: A package of 200 files with one mistake is one thing to mend, and a row of the ledger has its limits.
MOST_OF_A_RULE = 3
_LONGEST_SEEN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule: its short name, the value seen, what to do, and the feed where one was found.

    `symptom` is what F&O would have shown in its place, for people who search for that. A warning does not keep the
    file from being sent.
    """

    rule: str
    seen: str
    advice: str
    feed: str = ""
    symptom: str = ""
    is_warning: bool = False

    def sentence(self) -> str:
        """The finding as one line for a row, a log or a person."""
        would = "F&O may show" if self.is_warning else "F&O would have shown"
        shown = f" {would}: {self.symptom}." if self.symptom else ""
        return f"{self.rule}: {self.seen}. {self.advice}{shown}"


def found(rule: str, seen: str, feed: str = "", more: str = "") -> Finding:
    """A finding under a rule of the catalogue; `more` is added to its advice. What is only possible warns."""
    said = RULES[rule]
    return Finding(
        rule=rule,
        seen=seen[:_LONGEST_SEEN],
        advice=f"{said.advice} {more}".rstrip(),
        feed=feed,
        symptom=said.symptom,
        is_warning=said.weight is Weight.POSSIBLE,
    )


def weighed(findings: Iterable[Finding], checks: Checks) -> list[Finding]:
    """What looking into a file found, as the feed's `checks` takes it: all of it rejects, or all of it only warns."""
    if checks is Checks.CERTAIN:
        return list(findings)
    return [replace(finding, is_warning=checks is Checks.WARN) for finding in findings]


def rejects(findings: Iterable[Finding]) -> bool:
    """True when one of them keeps the file from being sent."""
    return any(not finding.is_warning for finding in findings)


def folded(findings: Sequence[Finding]) -> list[Finding]:
    """The same with at most MOST_OF_A_RULE of each rule; the last one kept says how many more there are."""
    kept: list[Finding] = []
    count = Counter(finding.rule for finding in findings)
    taken: Counter[str] = Counter()
    for finding in findings:
        taken[finding.rule] += 1
        more = count[finding.rule] - MOST_OF_A_RULE
        if taken[finding.rule] == MOST_OF_A_RULE and more > 0:
            kept.append(replace(finding, seen=f"{finding.seen}; and {more} more like this"))
        elif taken[finding.rule] <= MOST_OF_A_RULE:
            kept.append(finding)
    return kept


def check_size(feed: Feed, size_bytes: int) -> list[Finding]:
    """Findings that the size alone gives away and that always reject: an empty file, or one over the feed's limit."""
    if size_bytes == 0:
        return [found("empty-file", "0 bytes", feed.name)]
    if size_bytes > feed.max_size_bytes:
        return [found("too-large", _against(size_bytes, "takes up to", feed, feed.max_size_bytes), feed.name)]
    return []


def check_large(feed: Feed, size_bytes: int) -> list[Finding]:
    """A warning when a file is over the feed's warn_size."""
    if size_bytes <= feed.warn_size_bytes:
        return []
    return [found("large", _against(size_bytes, "warns from", feed, feed.warn_size_bytes), feed.name)]


def check_bundled(feed: Feed, name: str) -> list[Finding]:
    """A finding when a file that landed for a bundle feed has no name that its bundles know."""
    if feed.bundle is None or feed.bundle.key_of(name) is not None:
        return []
    listed = f"The bundle's files are {', '.join(feed.bundle.patterns)}."
    return [found("not-in-bundle", name, feed.name, more=listed)]


def check_shape(feed: Feed, name: str, first_bytes: bytes) -> list[Finding]:
    """Findings from the first bytes: a package feed takes zip files, a file feed takes none but a workbook."""
    is_zip = first_bytes.startswith(ZIP_SIGNATURE)
    if feed.shape is Shape.PACKAGE and not is_zip:
        return [found("not-a-package", "the first bytes are no zip", feed.name)]
    if feed.shape is Shape.FILE and is_zip and not name.casefold().endswith(".xlsx"):
        return [found("not-a-file", "the first bytes are a zip", feed.name)]
    return []


def _against(size_bytes: int, takes: str, feed: Feed, limit_bytes: int) -> str:
    return f"{size_text(size_bytes)}, and feed {feed.name} {takes} {size_text(limit_bytes)}"
