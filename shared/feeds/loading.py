"""feeds.yaml becomes a FeedBook, or one error that lists every fault with its line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from shared.domain.feed import (
    DEFAULT_PATH_RULE,
    DEFAULT_PRIORITY,
    WARN_SIZE_BYTES,
    Checks,
    Duplicate,
    ExportFeed,
    Feed,
    FeedBook,
    LostAnswer,
    NoFile,
    OrderBy,
    Shape,
    source_format,
)
from shared.domain.package_check import looks_encoded, plain_label
from shared.domain.routing import placeholders
from shared.domain.sizes import parse_duration, parse_size
from shared.errors import FaultyConfiguration
from shared.feeds import pacing, packaging, promised
from shared.feeds.schema_faults import schema_fault

SCHEMA_PATH = Path(__file__).with_name("feeds.schema.json")
_ENVIRONMENT_CAP = 20

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Keys = tuple[str | int, ...]
#: A line number and one sentence.
Fault = tuple[int, str]


def load_feeds(text: str, environ: Mapping[str, str], environment: str, title: str = "feeds.yaml") -> FeedBook:
    """Read and check a feeds file. `environ` gives the app settings that %SETTING% names.

    `title` is the file's path, for the messages and because templates are named relative to it.

    Raises:
        FaultyConfiguration: lists all faults at once, each with its line and what to write instead.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FaultyConfiguration(title, [_yaml_sentence(error)]) from error
    lines, folder = _Lines(node), Path(title).parent
    faults = [*_duplicates(node), *_schema_faults(document, lines)]
    if isinstance(document, dict):
        faults += _meaning_faults(document, lines, environ, environment)
        faults += _packaging_faults(document.get("feeds"), lines, folder)
    if faults:
        raise FaultyConfiguration(title, [f"line {line}: {fault}" for line, fault in sorted(set(faults))])
    return _book(document, environ, folder, hashlib.sha256(text.encode()).hexdigest()[:12])


class _Lines:
    """Line numbers of a YAML document by the keys that lead to a value."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._at: dict[Keys, int] = {}
        if root is not None:
            self._walk(root, ())

    def of(self, keys: Sequence[str | int]) -> int:
        """The line of the value at `keys`, or of the nearest thing around it that was written."""
        path = tuple(keys)
        while path and path not in self._at:
            path = path[:-1]
        return self._at.get(path, 1)

    def _walk(self, node: yaml.Node, keys: Keys) -> None:
        self._at.setdefault(keys, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._at[(*keys, key.value)] = key.start_mark.line + 1
                self._walk(value, (*keys, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*keys, index))


def _yaml_sentence(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}this is not YAML: {getattr(error, 'problem', None) or error}"


def _duplicates(root: yaml.Node | None) -> Iterator[Fault]:
    """A key written twice: YAML would silently keep the last."""
    if isinstance(root, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in root.value:
            if key.value in seen:
                yield key.start_mark.line + 1, f"`{key.value}` is written twice; keep one"
            seen.add(key.value)
            yield from _duplicates(value)


def _schema_faults(document: object, lines: _Lines) -> Iterator[Fault]:
    schema = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    for error in Draft202012Validator(schema).iter_errors(document):
        keys, sentence = schema_fault(error)
        yield lines.of(keys), sentence


def _meaning_faults(
    document: Mapping[str, Any], lines: _Lines, environ: Mapping[str, str], environment: str
) -> Iterator[Fault]:
    """What the schema cannot say: the right environment, settings that exist, rules that can match."""
    meant_for = document.get("environment", environment)
    if meant_for != environment:
        yield (
            lines.of(["environment"]),
            (
                f"these feeds are for {meant_for!r}, and this app is {environment!r} "
                "(app setting D365_ENVIRONMENT); deploy the right file"
            ),
        )
    for key, fault in pacing.environment_faults(document):
        yield lines.of([key]), f"{key}: {fault}"
    yield from _export_faults(document.get("exports"), lines, environ)
    feeds = document.get("feeds")
    claimed: dict[str, str] = {}
    for name, feed in feeds.items() if isinstance(feeds, dict) else ():
        if not isinstance(feed, dict):
            continue
        for key, fault in _feed_faults(feed, environ):
            yield lines.of(["feeds", name, key]), f"feeds.{name}.{key}: {fault}"
        rule = str(feed.get("path", DEFAULT_PATH_RULE)).replace("{feed}", str(name))
        if rule in claimed:
            yield (
                lines.of(["feeds", name]),
                f"feeds.{name} and feeds.{claimed[rule]} claim the same path {rule}",
            )
        claimed.setdefault(rule, str(name))


def _packaging_faults(feeds: object, lines: _Lines, folder: Path) -> Iterator[Fault]:
    for name, feed in feeds.items() if isinstance(feeds, dict) else ():
        for keys, fault in packaging.feed_faults(feed, folder) if isinstance(feed, dict) else ():
            yield lines.of(["feeds", name, *keys]), f"{'.'.join(map(str, ['feeds', name, *keys]))}: {fault}"


def _feed_faults(feed: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong). Values of a wrong type are the schema's to report and are passed over here."""
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
    yield from _setting_faults(feed, environ)
    yield from pacing.feed_faults(feed)
    yield from promised.promise_faults(feed)


def _setting_faults(feed: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    setting = _setting_named(str(feed.get("activity_id", "")))
    if setting and not environ.get(setting):
        why = f"app setting {setting} is missing or empty; put the recurring data job's activity ID there"
        yield "activity_id", why
    elif setting and not _GUID.fullmatch(environ[setting]):
        yield "activity_id", f"app setting {setting} holds {environ[setting]!r}, which is not a GUID"


def _export_faults(exports: object, lines: _Lines, environ: Mapping[str, str]) -> Iterator[Fault]:
    """An export's setting must exist, and two exports must not share a queue or a folder."""
    claimed: dict[str, str] = {}
    for name, export in exports.items() if isinstance(exports, dict) else ():
        if not isinstance(export, dict):
            continue
        for key, fault in (*_setting_faults(export, environ), *promised.promise_faults(export)):
            yield lines.of(["exports", name, key]), f"exports.{name}.{key}: {fault}"
        for key, value in (("activity_id", export.get("activity_id")), ("lake", export.get("lake", name))):
            owner = claimed.setdefault(f"{key} {str(value).lower()}", str(name))
            if owner != name:
                yield lines.of(["exports", name, key]), f"exports.{name} and exports.{owner} have the same {key}"


def _setting_named(activity_id: str) -> str:
    return activity_id.strip("%") if activity_id.startswith("%") else ""


def _book(document: Mapping[str, Any], environ: Mapping[str, str], folder: Path, version: str) -> FeedBook:
    return FeedBook(
        environment=document["environment"],
        max_in_flight=document.get("max_in_flight", _ENVIRONMENT_CAP),
        feeds={name: _feed(name, feed, document, environ, folder) for name, feed in document.get("feeds", {}).items()},
        exports={name: _export(name, export, environ) for name, export in document.get("exports", {}).items()},
        version=version,
        sends_per_minute=document.get("sends_per_minute"),
        paused=document.get("paused", False),
        maintenance=pacing.maintenance_of(document),
    )


def _activity_id(feed: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    setting = _setting_named(feed["activity_id"])
    return str(environ[setting] if setting else feed["activity_id"]).lower()


def _export(name: str, export: Mapping[str, Any], environ: Mapping[str, str]) -> ExportFeed:
    rows = export.get("rows", {})
    return ExportFeed(
        name=name,
        activity_id=_activity_id(export, environ),
        lake=export.get("lake", name),
        unpack=export.get("unpack", True),
        no_file=NoFile(export.get("no_file", "acknowledge")),
        every=parse_duration(export["every"]) if "every" in export else None,
        rows_min=rows.get("min"),
        rows_max=rows.get("max"),
    )


def _feed(
    name: str, feed: Mapping[str, Any], document: Mapping[str, Any], environ: Mapping[str, str], folder: Path
) -> Feed:
    return Feed(
        name=name,
        activity_id=_activity_id(feed, environ),
        shape=Shape(feed["shape"]),
        entity=feed.get("entity", ""),
        path_rule=feed.get("path", DEFAULT_PATH_RULE),
        company=feed.get("company", ""),
        companies=tuple(feed.get("companies", ())),
        max_size_bytes=parse_size(feed.get("max_size", "50MB")),
        max_in_flight=feed.get("max_in_flight", 4),
        overdue_after=parse_duration(feed.get("overdue_after", "4h")),
        lost_answer=LostAnswer(feed.get("lost_answer", "hold")),
        data_project=feed.get("data_project", ""),
        priority=feed.get("priority", DEFAULT_PRIORITY),
        order_by=OrderBy(feed.get("order_by", "landed")),
        is_strict=feed.get("ordering") == "strict",
        duplicate=Duplicate(feed.get("duplicate", "send")),
        duplicate_within=parse_duration(feed.get("duplicate_within", "30d")),
        serial_key=pacing.serial_key_of(name, feed),
        paused=feed.get("paused", False),
        send_between=pacing.hours_of(feed, document),
        file_format=source_format(feed.get("format", "")),
        columns=tuple(feed.get("columns", ())),
        entities=tuple(feed.get("entities", ())),
        warn_size_bytes=parse_size(feed["warn_size"]) if "warn_size" in feed else WARN_SIZE_BYTES,
        checks=Checks(feed.get("checks", "certain")),
        expect=promised.deadline_of("expect", feed, document),
        loaded_by=promised.deadline_of("loaded_by", feed, document),
        rows_min=feed.get("rows", {}).get("min"),
        rows_max=feed.get("rows", {}).get("max"),
        template=packaging.template_of(feed, folder),
        bundle=packaging.bundle_of(feed),
    )
