"""Which feed a landed path belongs to, and for which legal entity."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain.checks.findings import Finding, found
from shared.domain.feed import Feed, FeedBook
from shared.domain.naming import UNROUTED
from shared.errors import Terminal

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
    for hole in _PLACEHOLDER.finditer(feed.path_rule):
        out += re.escape(feed.path_rule[at : hole.start()])
        out += re.escape(feed.name) if hole[1] == "feed" else _PATTERNS[hole[1]]
        at = hole.end()
    return re.compile(out + re.escape(feed.path_rule[at:]))


def path_of(feed: Feed, legal_entity: str, name: str) -> str:
    """The path under which the feed looks for a file of that name."""
    words = {"feed": feed.name, "company": legal_entity, "name": name}
    return _PLACEHOLDER.sub(lambda hole: words[hole[1]], feed.path_rule)


def route(path: str, feeds: Iterable[Feed]) -> Route | Finding:
    """Return the first feed whose rule matches `path`, or the finding that rejects the file."""
    listed = list(feeds)
    for feed in listed:
        match = pattern_of(feed).fullmatch(path)
        if match:
            return _legal_entity(feed, match.groupdict().get("company", ""))
    tried = "; ".join(f"{feed.name}: {feed.path_rule.replace('{feed}', feed.name)}" for feed in listed)
    return found("no-feed", path, more=_nearly(path, listed) + f"Tried: {tried}")


def _nearly(path: str, feeds: Iterable[Feed]) -> str:
    """Names the feed that would take the path if its letters had another case, as folders differ in Azure."""
    for feed in feeds:
        if re.fullmatch(pattern_of(feed).pattern, path, re.IGNORECASE):
            return f"Did you mean feed {feed.name}? Its folder must be written exactly so: {_example(feed)}. "
    return ""


def _example(feed: Feed) -> str:
    company = feed.company or feed.companies[0]
    written = feed.path_rule.replace("{feed}", feed.name).replace("{company}", company)
    return written.replace("{name}", "...")


def _legal_entity(feed: Feed, named: str) -> Route | Finding:
    if feed.company:
        return Route(feed=feed, legal_entity=feed.company)
    for company in feed.companies:
        if company.casefold() == named.casefold():
            return Route(feed=feed, legal_entity=company)
    takes = f"Feed {feed.name} takes files for {', '.join(feed.companies)}."
    return found("company", named, feed.name, more=takes)


class NoSuchFeed(Terminal):
    """A name that no feed has; the sentence names those that there are."""


def made_sure_of(book: FeedBook, name: str) -> str:
    """The name of a feed that there is. Raises NoSuchFeed."""
    if name not in {*book.feeds, UNROUTED}:
        there = ", ".join(book.feeds)
        raise NoSuchFeed(f"there is no feed {name}; there are {there}. Files that no feed took are under {UNROUTED}")
    return name
