"""`python -m shared.feeds FILE`: check a feeds file and list its feeds, or every fault. For a customer's own CI."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from shared.errors import FaultyConfiguration
from shared.feeds.loading import load_feeds


def main(arguments: list[str]) -> int:
    """Return 0 when the file is good, 1 when it has faults, 2 when it was not named."""
    if len(arguments) != 1:
        print("usage: python -m shared.feeds FILE", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    text = path.read_text(encoding="utf-8")
    written = re.search(r"^environment:\s*['\"]?([\w-]+)", text, re.MULTILINE)
    try:
        book = load_feeds(text, os.environ, written[1] if written else "", title=str(path))
    except FaultyConfiguration as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"{path} is good: {len(book.feeds)} feeds for environment {book.environment}")
    for feed in book.feeds.values():
        print(f"  {feed.name}: {feed.path_rule.replace('{feed}', feed.name)} -> {feed.entity or 'data package'}")
    for export in book.exports.values():
        print(f"  {export.name}: export -> {export.lake}/")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
