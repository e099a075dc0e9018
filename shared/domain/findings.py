"""What is wrong with a landed file, said so that its sender can mend it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.feed import Feed, Shape
from shared.domain.sizes import size_text

ZIP_SIGNATURE = b"PK\x03\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule: its short name, the value seen, what to do, and the feed where one was found.

    `symptom` is what F&O would have shown in its place, for people who search for that.
    """

    rule: str
    seen: str
    advice: str
    feed: str = ""
    symptom: str = ""

    def sentence(self) -> str:
        """The finding as one line for a row, a log or a person."""
        would = f" F&O would have shown: {self.symptom}." if self.symptom else ""
        return f"{self.rule}: {self.seen}. {self.advice}{would}"


def check_size(feed: Feed, size_bytes: int) -> list[Finding]:
    """Findings that the size alone gives away: an empty file, or one over the feed's limit."""
    if size_bytes == 0:
        return [
            Finding(
                rule="empty-file",
                seen="0 bytes",
                advice="Nothing was sent. Write the file again with its content; "
                "if the feed has nothing to say today, write no file.",
                feed=feed.name,
            )
        ]
    if size_bytes > feed.max_size_bytes:
        return [
            Finding(
                rule="too-large",
                seen=size_text(size_bytes),
                advice=f"Feed {feed.name} takes up to {size_text(feed.max_size_bytes)}. "
                "Split the file, or raise the feed's max_size after trying it in a sandbox.",
                feed=feed.name,
            )
        ]
    return []


def check_shape(feed: Feed, name: str, first_bytes: bytes) -> list[Finding]:
    """Findings from the first bytes: a package feed takes zip files, a file feed takes none but a workbook."""
    is_zip = first_bytes.startswith(ZIP_SIGNATURE)
    if feed.shape is Shape.PACKAGE and not is_zip:
        advice = "Send a zip with Manifest.xml, PackageHeader.xml and the data files at its root."
        return [Finding(rule="not-a-package", seen="the first bytes are no zip", advice=advice, feed=feed.name)]
    if feed.shape is Shape.FILE and is_zip and not name.casefold().endswith(".xlsx"):
        advice = "Send the data file itself, or make the feed's shape `package`."
        return [Finding(rule="not-a-file", seen="the first bytes are a zip", advice=advice, feed=feed.name)]
    return []
