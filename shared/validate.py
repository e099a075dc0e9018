"""`python -m shared.validate FILE --feed NAME`: would this file be sent? For a sender's own build.

The same rules that the app applies to a landed file, without any connection. Ends with 0 when the file is fit, 1 with
every finding when it is not, 2 when the feeds file or the feed is wrong.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.domain.feed import Feed, Shape
from shared.domain.findings import Finding, check_size
from shared.errors import FaultyConfiguration
from shared.feeds.loading import load_feeds
from shared.ports import OPENING_BYTES
from shared.services.checking import check_file, check_package


def main(arguments: Sequence[str]) -> int:
    """Check one file and say everything that is wrong with it."""
    parser = argparse.ArgumentParser(prog="python -m shared.validate", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--feed", required=True, help="name of the feed in the feeds file")
    parser.add_argument("--feeds", type=Path, default=Path("feeds.yaml"), help="the feeds file (feeds.yaml)")
    told = parser.parse_args(arguments)
    try:
        feed = _feed(told.feeds, told.feed)
    except FaultyConfiguration as fault:
        print(fault, file=sys.stderr)
        return 2
    findings = findings_of(feed, told.file)
    for finding in findings:
        print(f"{told.file}: {finding.sentence()}")
    if not findings:
        print(f"{told.file} is fit for feed {feed.name}")
    return 1 if findings else 0


def findings_of(feed: Feed, path: Path) -> list[Finding]:
    """Every finding about a file on disk, as the app would have them."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        if found := check_size(feed, size_bytes):
            return found
        if feed.shape is Shape.PACKAGE:
            return check_package(feed, path.name, size_bytes, file)
        return check_file(feed, path.name, size_bytes, file.read(OPENING_BYTES))


def _feed(path: Path, name: str) -> Feed:
    """The feed of that name. Its app settings are not there in a build, so a placeholder stands for each."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FaultyConfiguration(str(path), [f"cannot be read: {error.strerror}"]) from error
    written = re.search(r"^environment:\s*['\"]?([\w-]+)", text, re.MULTILINE)
    settings = dict.fromkeys(re.findall(r"%(\w+)%", text), "00000000-0000-0000-0000-000000000000")
    book = load_feeds(text, settings | dict(os.environ), written[1] if written else "", title=str(path))
    if name not in book.feeds:
        raise FaultyConfiguration(str(path), [f"has no feed {name}; it has {', '.join(book.feeds)}"])
    return book.feeds[name]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
