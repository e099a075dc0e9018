"""Which feed a landed path belongs to, and for which legal entity."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain.feed import Feed
from shared.domain.findings import Finding

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PATTERNS = {"company": r"(?P<company>[^/]+?)", "name": r"(?P<name>[^/]+)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path that a feed claims, and the legal entity that it names."""

    feed: Feed
    legal_entity: str


def placeholders(path_rule: str) -> list[str]:
    """The names between braces in a path rule, in order."""
    return _PLACEHOLDER.findall(path_rule)


def pattern_of(feed: Feed) -> re.Pattern[str]:
    """The path rule as a pattern over whole paths; a folder's name must match exactly."""
    out, at = "", 0
    for found in _PLACEHOLDER.finditer(feed.path_rule):
        out += re.escape(feed.path_rule[at : found.start()])
        out += re.escape(feed.name) if found[1] == "feed" else _PATTERNS[found[1]]
        at = found.end()
    return re.compile(out + re.escape(feed.path_rule[at:]))


def route(path: str, feeds: Iterable[Feed]) -> Route | Finding:
    """Return the first feed whose rule matches `path`, or the finding that rejects the file."""
    tried = []
    for feed in feeds:
        match = pattern_of(feed).fullmatch(path)
        if match:
            return _legal_entity(feed, match.groupdict().get("company", ""))
        tried.append(f"{feed.name}: {feed.path_rule.replace('{feed}', feed.name)}")
    return Finding(
        rule="no-feed",
        seen=path,
        advice="Write the file where one of the feeds looks for it, or add a feed. Tried: " + "; ".join(tried),
    )


def _legal_entity(feed: Feed, named: str) -> Route | Finding:
    if feed.company:
        return Route(feed=feed, legal_entity=feed.company)
    for company in feed.companies:
        if company.casefold() == named.casefold():
            return Route(feed=feed, legal_entity=company)
    return Finding(
        rule="company",
        seen=named,
        advice=f"Feed {feed.name} takes files for {', '.join(feed.companies)}. "
        "Move the file under one of these legal entities, or add this one to the feed's companies.",
        feed=feed.name,
    )
