"""`python -m shared.validate FILE --feed NAME`: would this file be sent? For a sender's own build.

The same rules that the app applies to a landed file, without any connection. Ends with 0 when the file is fit, with
what warnings there are, 1 when it would be rejected, 2 when the file cannot be read or the feeds file is wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from shared.domain.feed import Feed, Shape
from shared.domain.findings import Finding, check_size, rejects
from shared.errors import FaultyConfiguration
from shared.feeds.offline import NotReadable, feed_of, load_offline
from shared.ports import OPENING_BYTES
from shared.services.checking import check_file, check_package
from shared.services.packing import check_bundled, check_packed


def main(arguments: Sequence[str]) -> int:
    """Check one file and say everything that is wrong with it."""
    parser = argparse.ArgumentParser(prog="python -m shared.validate", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--feed", required=True, help="name of the feed in the feeds file")
    parser.add_argument("--feeds", type=Path, default=Path("feeds.yaml"), help="the feeds file (feeds.yaml)")
    told = parser.parse_args(arguments)
    try:
        feed = feed_of(load_offline(told.feeds, os.environ), told.feed, told.feeds)
        findings = findings_of(feed, told.file)
    except (FaultyConfiguration, NotReadable) as fault:
        print(fault, file=sys.stderr)
        return 2
    for line in finding_lines(findings):
        print(f"{told.file}: {line}")
    if not rejects(findings):
        print(f"{told.file} is fit for feed {feed.name}")
    return 1 if rejects(findings) else 0


def findings_of(feed: Feed, path: Path) -> list[Finding]:
    """Every finding about a file on disk, as the app would have them. Raises NotReadable."""
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            if feed.bundle:
                return check_bundled(feed, path.name, size_bytes, file.read(OPENING_BYTES))
            if found := check_size(feed, size_bytes):
                return found
            if feed.template:
                return check_packed(feed, path.name, size_bytes, file.read(OPENING_BYTES))
            if feed.shape is Shape.PACKAGE:
                return check_package(feed, path.name, size_bytes, file)
            return check_file(feed, path.name, size_bytes, file.read(OPENING_BYTES))
    except OSError as error:
        raise NotReadable(f"{path} cannot be read: {error.strerror}") from error


def finding_lines(findings: Iterable[Finding]) -> list[str]:
    """One line for each finding, what rejects first; a warning says that it is one."""
    sorted_by_weight = sorted(findings, key=lambda finding: finding.is_warning)
    return [("warning, " if finding.is_warning else "") + finding.sentence() for finding in sorted_by_weight]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
