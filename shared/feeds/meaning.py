"""What the schema of feeds.yaml cannot say: the right environment, settings that exist, rules that can match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.domain.checks.package_check import looks_encoded, plain_label
from shared.domain.feed import DEFAULT_PATH_RULE
from shared.domain.routing import placeholders
from shared.feeds import pacing, packaging, promised
from shared.feeds.book import activity_id_of, setting_named
from shared.feeds.lines import Keys

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

#: Where something is wrong, and one sentence.
Wrong = tuple[Keys, str]


def faults_of(
    document: Mapping[str, Any], environ: Mapping[str, str], environment: str, folder: Path
) -> Iterator[Wrong]:
    """All that is wrong. Values of a wrong type are the schema's to report and are passed over here."""
    meant_for = document.get("environment", environment)
    if meant_for != environment:
        yield (
            ("environment",),
            (
                f"these feeds are for {meant_for!r}, and this app is {environment!r} "
                "(app setting D365_ENVIRONMENT); deploy the right file"
            ),
        )
    for key, fault in pacing.environment_faults(document):
        yield (key,), f"{key}: {fault}"
    exports = _named(document, "exports")
    yield from _in_each("exports", exports, lambda export: _faults_of_export(export, environ))
    yield from _shared_by_exports(exports, environ)
    feeds = _named(document, "feeds")
    yield from _in_each("feeds", feeds, lambda feed: _faults_of_feed(feed, environ, folder))
    yield from _same_paths(feeds)


def _named(document: Mapping[str, Any], section: str) -> dict[str, Mapping[str, Any]]:
    found = document.get(section)
    entries = found.items() if isinstance(found, dict) else ()
    return {str(name): each for name, each in entries if isinstance(each, dict)}


def _in_each(
    section: str, entries: Mapping[str, Mapping[str, Any]], faults: Callable[[Mapping[str, Any]], Iterable[Wrong]]
) -> Iterator[Wrong]:
    for name, entry in entries.items():
        for keys, fault in faults(entry):
            where = (section, name, *keys)
            yield where, f"{'.'.join(map(str, where))}: {fault}"


def _same_paths(feeds: Mapping[str, Mapping[str, Any]]) -> Iterator[Wrong]:
    claimed: dict[str, str] = {}
    for name, feed in feeds.items():
        rule = str(feed.get("path", DEFAULT_PATH_RULE)).replace("{feed}", name)
        if rule in claimed:
            yield ("feeds", name), f"feeds.{name} and feeds.{claimed[rule]} claim the same path {rule}"
        claimed.setdefault(rule, name)


def _faults_of_feed(feed: Mapping[str, Any], environ: Mapping[str, str], folder: Path) -> Iterator[Wrong]:
    for key, fault in (*_feed_faults(feed), *_setting_faults(feed, environ)):
        yield (key,), fault
    for key, fault in (*pacing.feed_faults(feed), *promised.promise_faults(feed)):
        yield (key,), fault
    yield from packaging.feed_faults(feed, folder)


def _faults_of_export(export: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Wrong]:
    for key, fault in (*_setting_faults(export, environ), *promised.promise_faults(export)):
        yield (key,), fault


def _feed_faults(feed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) with where a feed's files land, for whom, and as what."""
    named = placeholders(str(feed.get("path", DEFAULT_PATH_RULE)))
    unknown = sorted(set(named) - {"feed", "company", "name"})
    if unknown:
        yield "path", f"{{{unknown[0]}}} is unknown; use {{feed}}, {{company}} and {{name}}"
    if named.count("name") != 1 or named.count("company") > 1:
        yield "path", "needs {name} once and {company} at most once"
    if "company" in feed and "companies" in feed:
        yield "companies", "give either a fixed company or the companies that the path may name, not both"
    if "company" not in feed and "companies" not in feed:
        yield "company", "is missing: a fixed company, or companies that {company} in the path may name"
    if "companies" in feed and "company" not in named:
        yield "path", "has no {company}, and no fixed company is given"
    for key in ("entity", "entities"):
        labels = feed.get(key, [])
        for label in labels if isinstance(labels, list) else [labels]:
            if looks_encoded(str(label)):
                yield key, f"{label!r} looks written for a URL; did you mean {plain_label(str(label))!r}?"


def _setting_faults(feed: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    setting = setting_named(str(feed.get("activity_id", "")))
    if setting and not environ.get(setting):
        why = f"app setting {setting} is missing or empty; put the recurring data job's activity ID there"
        yield "activity_id", why
    elif setting and not _GUID.fullmatch(environ[setting]):
        yield "activity_id", f"app setting {setting} holds {environ[setting]!r}, which is not a GUID"


def _shared_by_exports(exports: Mapping[str, Mapping[str, Any]], environ: Mapping[str, str]) -> Iterator[Wrong]:
    """Two exports share no queue, whichever way it is named, and none writes into another's folder."""
    queues, folders = dict[str, str](), dict[str, str]()
    for name, export in exports.items():
        activity_id, folder = activity_id_of(export, environ), str(export.get("lake", name)).strip("/").casefold()
        if activity_id and queues.setdefault(activity_id, name) != name:
            yield ("exports", name, "activity_id"), _both(name, queues[activity_id], "have the same activity_id")
        for other, owner in folders.items():
            if folder == other:
                yield ("exports", name, "lake"), _both(name, owner, "have the same lake")
            elif f"{folder}/".startswith(f"{other}/") or f"{other}/".startswith(f"{folder}/"):
                yield ("exports", name, "lake"), _both(name, owner, "have a lake folder one inside the other")
        folders.setdefault(folder, name)


def _both(name: str, owner: str, fault: str) -> str:
    return f"exports.{name} and exports.{owner} {fault}"
