"""A checked feeds.yaml becomes a FeedBook. What stands here is right already: the faults are found before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
from shared.domain.sizes import parse_duration, parse_size
from shared.feeds import pacing, packaging, promised

_ENVIRONMENT_CAP = 20


def book_of(document: Mapping[str, Any], environ: Mapping[str, str], folder: Path, version: str) -> FeedBook:
    """All feeds of a document without faults; `folder` holds the templates, `version` tells one content of the file."""
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


def activity_id_of(feed: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """A feed's activity ID in lower case, from the app setting that it names between percent signs, or as it stands."""
    setting = setting_named(str(feed.get("activity_id", "")))
    return str(environ.get(setting, "") if setting else feed.get("activity_id", "")).lower()


def setting_named(activity_id: str) -> str:
    """The app setting that an activity ID names; empty when it is written out."""
    return activity_id.strip("%") if activity_id.startswith("%") else ""


def _export(name: str, export: Mapping[str, Any], environ: Mapping[str, str]) -> ExportFeed:
    rows = export.get("rows", {})
    return ExportFeed(
        name=name,
        activity_id=activity_id_of(export, environ),
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
        activity_id=activity_id_of(feed, environ),
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
