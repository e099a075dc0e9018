"""`python -m shared.feeds FILE`: check a feeds file and list its feeds, or every fault. For a customer's own CI."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.domain.feed import FeedBook
from shared.errors import FaultyConfiguration
from shared.feeds.offline import NotReadable, load_offline, missing_settings, read_text


def main(arguments: Sequence[str]) -> int:
    """Return 0 when the file is good, 1 when it has faults, 2 when it was not named or cannot be read."""
    if len(arguments) != 1:
        print("usage: python -m shared.feeds FILE", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    try:
        print(_listed(path, load_offline(path, os.environ)))
        missing = missing_settings(read_text(path), os.environ)
    except NotReadable as fault:
        print(fault, file=sys.stderr)
        return 2
    except FaultyConfiguration as fault:
        print(fault, file=sys.stderr)
        return 1
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
