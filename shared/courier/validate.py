"""`python -m shared.courier validate FILE --feed NAME`: would this file be sent? For a sender's own build.

The same rules that the app applies to a landed file, without any connection. Ends with 0 when the file is fit, with
what warnings there are, 1 when it would be rejected, 2 when the file cannot be read or the feeds file is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from shared.courier.dry_run import dry_run
from shared.domain.checks.findings import Finding, rejects
from shared.domain.feed import Feed, Shape, SourceFormat
from shared.domain.outcomes.record import finding_record
from shared.errors import FaultyConfiguration
from shared.feeds.offline import NotReadable, feed_of, load_offline


def main(arguments: Sequence[str]) -> int:
    """Check one file and say everything that is wrong with it."""
    parser = argparse.ArgumentParser(prog="python -m shared.courier validate", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--feed", required=True, help="name of the feed in the feeds file")
    parser.add_argument("--feeds", type=Path, default=Path("feeds.yaml"), help="the feeds file (feeds.yaml)")
    parser.add_argument("--json", action="store_true", help="for scripts")
    told = parser.parse_args(arguments)
    try:
        feed = feed_of(load_offline(told.feeds, os.environ), told.feed, told.feeds)
        findings = dry_run(feed, told.file, datetime.now(UTC)).findings
    except (FaultyConfiguration, NotReadable) as fault:
        print(fault, file=sys.stderr)
        return 2
    if told.json:
        told_of = {"file": str(told.file), "feed": feed.name, "is_fit": not rejects(findings)}
        print(json.dumps({**told_of, "findings": [finding_record(each) for each in findings]}, indent=2))
        return 1 if rejects(findings) else 0
    for line in finding_lines(findings):
        print(f"{told.file}: {line}")
    if not rejects(findings):
        print(f"{told.file} is fit for feed {feed.name}{_unseen(feed)}")
    return 1 if rejects(findings) else 0


def _unseen(feed: Feed) -> str:
    """What could not be looked at, for the feed does not say what it should be."""
    if feed.shape is not Shape.FILE or feed.template:
        return ""
    unsaid = [
        *(
            ["its format and encoding (the feed has no `format`)"]
            if feed.file_format is SourceFormat.UNDECLARED
            else []
        ),
        *(["its columns (the feed has no `columns`)"] if not feed.columns else []),
    ]
    return f"; not looked at: {' and '.join(unsaid)}" if unsaid else ""


def finding_lines(findings: Iterable[Finding]) -> list[str]:
    """One line for each finding, what rejects first; a warning says that it is one."""
    sorted_by_weight = sorted(findings, key=lambda finding: finding.is_warning)
    return [("warning, " if finding.is_warning else "") + finding.sentence() for finding in sorted_by_weight]
