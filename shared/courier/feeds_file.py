"""`python -m shared.courier feeds FILE`: list the feeds of a file, or every fault. For a build."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.domain.feed import FeedBook
from shared.errors import FaultyConfiguration
from shared.feeds.offline import NotReadable, load_offline, missing_settings, read_text


def main(arguments: Sequence[str]) -> int:
    """Return 0 when the file is good, 1 when it has faults, 2 when it cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m shared.courier feeds", description=__doc__)
    parser.add_argument("path", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="for scripts")
    told = parser.parse_args(arguments)
    try:
        book = load_offline(told.path, os.environ)
        missing = missing_settings(read_text(told.path), os.environ)
    except NotReadable as fault:
        print(fault, file=sys.stderr)
        return 2
    except FaultyConfiguration as fault:
        print(json.dumps({"faults": list(fault.faults)}, indent=2) if told.json else fault, file=sys.stderr)
        return 1
    if told.json:
        names = {"feeds": [*book.feeds], "exports": [*book.exports], "settings_not_set_here": missing}
        print(json.dumps({"environment": book.environment, **names}, indent=2))
        return 0
    print(_listed(told.path, book))
    if missing:
        print(f"App settings that it needs and that are not set here: {', '.join(missing)}")
    return 0


def _listed(path: Path, book: FeedBook) -> str:
    """One line for the file and one for each feed."""
    lines = [f"{path} is good: {_count(len(book.feeds))} for environment {book.environment}"]
    for feed in book.feeds.values():
        where = feed.path_rule.replace("{feed}", feed.name)
        lines.append(f"  {feed.name}: {where} -> {feed.entity or ('bundle' if feed.bundle else 'data package')}")
    lines += [f"  {export.name}: export -> {export.lake}/" for export in book.exports.values()]
    return "\n".join(lines)


def _count(feeds: int) -> str:
    return "1 feed" if feeds == 1 else f"{feeds} feeds"
