"""`template` and `bundle` of feeds.yaml: how landed files become packages, and what is wrong with these keys.

A template is a zip beside feeds.yaml; it is read and judged with the feeds, so that a faulty one stops the app at its
start and the build before that, and not a file at night.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from shared.domain.bundle import KEY, Bundle, BundleMember, overlap
from shared.domain.checks.findings import Finding, found
from shared.domain.checks.package_check import ManifestEntity, check_directory, check_manifest
from shared.domain.feed import DEFAULT_PATH_RULE, Feed, Shape
from shared.domain.sizes import parse_duration, size_text
from shared.domain.template import MANIFEST, Template, TemplateEntity
from shared.formats.manifest import read_manifest
from shared.formats.manifest_edit import Changes, rewritten
from shared.formats.manifest_walk import NoManifest
from shared.formats.zips import BrokenZip, listed_members, opened_zip

DEFAULT_WAIT = "2h"
#: Templates are held in memory while the app runs. One of 200 entities has a manifest of about 2 MB.
LARGEST_TEMPLATE_BYTES = 32 * 1024 * 1024
_PLACES = {"unit": "ExecutionUnit", "level": "LevelInExecutionUnit", "sequence": "SequenceInLevel"}

#: The rules of a manifest, without what a feed may ask for on top.
_NO_WISHES = Feed(
    name="", activity_id="", shape=Shape.PACKAGE, max_size_bytes=0, max_in_flight=1, overdue_after=timedelta(0)
)

#: Path of a key below the feed, and what is wrong there.
Fault = tuple[tuple[str | int, ...], str]


class FaultyTemplate(ValueError):
    """A template that no package can be made from. `faults` lists why, one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def feed_faults(feed: Mapping[str, Any], folder: Path) -> Iterator[Fault]:
    """Everything that is wrong with a feed's template and bundle. Values of a wrong type are the schema's to report."""
    bundle = feed.get("bundle")
    members = _members_of(bundle)
    yield from _name_faults(bundle, members)
    for index, label in enumerate(labels := [member.get("entity") for member in members]):
        if label in labels[:index]:
            yield ("bundle", "members", index, "entity"), f"{label!r} is another member's; a package holds it once"
    if isinstance(bundle, dict):
        yield from _not_with_a_bundle(feed)
    path = feed.get("template")
    if not isinstance(path, str):
        return
    try:
        read_template(folder, path, _changes(feed))
    except FaultyTemplate as faulty:
        yield from ((("template",), f"{path} {fault}") for fault in faulty.faults)


def _not_with_a_bundle(feed: Mapping[str, Any]) -> Iterator[Fault]:
    """Keys that speak of one file at a time."""
    if feed.get("duplicate", "send") != "send":
        yield ("duplicate",), "is not for bundles: no two of them have the same bytes, for their names are in them"
    if feed.get("ordering") == "strict":
        yield ("ordering",), "is not for bundles: which of two comes first is not known before both are complete"
    if str(feed.get("path", DEFAULT_PATH_RULE)).rpartition("/")[2] != "{name}":
        yield ("path",), "must have {name} alone as its last part: a bundle's files are told apart by their whole names"


def bundle_of(feed: Mapping[str, Any]) -> Bundle | None:
    """The feed's bundle."""
    if "bundle" not in feed:
        return None
    bundle = feed["bundle"]
    members = tuple(BundleMember(**{"name": m["name"], "entity": m["entity"]} | _places(m)) for m in bundle["members"])
    return Bundle(members=members, done=bundle.get("done", ""), wait=parse_duration(bundle.get("wait", DEFAULT_WAIT)))


def template_of(feed: Mapping[str, Any], folder: Path) -> Template | None:
    """The feed's template."""
    return read_template(folder, feed["template"], _changes(feed)) if "template" in feed else None


def read_template(folder: Path, path: str, changes: Changes) -> Template:
    """Read a template and put the feed's order into its manifest. `changes` names each entity that is to be filled.

    Raises:
        FaultyTemplate: no package that F&O would load can be made from it.
    """
    file = folder / path
    try:
        if file.stat().st_size > LARGEST_TEMPLATE_BYTES:
            raise FaultyTemplate([f"is larger than {size_text(LARGEST_TEMPLATE_BYTES)}; take its data files out"])
        content = file.read_bytes()
        zipped = _Zipped.read(file)
    except OSError as error:
        raise FaultyTemplate([f"cannot be read: {error.strerror}"]) from error
    except BrokenZip as error:
        raise FaultyTemplate([f"is no zip that can be read: {error}"]) from error
    return zipped.template(path, hashlib.sha256(content).hexdigest(), changes)


@dataclass(frozen=True, slots=True)
class _Zipped:
    """The files of a template, small enough to be held."""

    parts: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, file: Path) -> _Zipped:
        with file.open("rb") as opened, opened_zip(opened) as package:
            members = listed_members(package)
            findings = check_directory(members, "")
            if sum(member.size_bytes for member in members) > LARGEST_TEMPLATE_BYTES:
                findings.append(found("too-large-unpacked", f"over {size_text(LARGEST_TEMPLATE_BYTES)}"))
            _raise(findings)
            return cls(tuple((info.filename, package.read(info)) for info in package.infolist() if not info.is_dir()))

    def template(self, path: str, sha256: str, changes: Changes) -> Template:
        manifest = next(content for name, content in self.parts if name.casefold() == MANIFEST)
        entities = self._entities(manifest, changes)
        filled = {entity.file.casefold() for entity in entities if entity.label in changes}
        ordered = rewritten(manifest, changes)
        parts = tuple(
            (name, ordered if name.casefold() == MANIFEST else content)
            for name, content in self.parts
            if name.casefold() not in filled
        )
        _raise(_of_a_package(ordered, [name for name, _ in parts], changes))
        taken = (entity for entity in entities if entity.label in changes)
        return Template(path=path, sha256=sha256, parts=parts, entities=tuple(map(_described, taken)))

    @staticmethod
    def _entities(manifest: bytes, changes: Changes) -> list[ManifestEntity]:
        try:
            entities = list(read_manifest(manifest).entities)
        except NoManifest as error:
            raise FaultyTemplate([f"has a Manifest.xml that cannot be read: {error}"]) from error
        there = [entity.label for entity in entities]
        faults = [
            f"has entity {label!r} {there.count(label)} times and not once; it has {', '.join(there) or 'none'}"
            for label in changes
            if there.count(label) != 1
        ]
        if faults:
            raise FaultyTemplate(faults)
        return entities


def _of_a_package(manifest: bytes, names: list[str], changes: Changes) -> list[Finding]:
    """Findings of a package made from the template: what the check before sending would reject each file for."""
    files = {label: {"InputFilePath": f"{number}.landed"} for number, label in enumerate(changes)}
    put = [file["InputFilePath"] for file in files.values()]
    findings = check_manifest(read_manifest(rewritten(manifest, files)), [*names, *put], _NO_WISHES)
    return [finding for finding in findings if not finding.is_warning]


def _raise(findings: list[Finding]) -> None:
    if findings:
        raise FaultyTemplate([finding.sentence() for finding in findings])


def _described(entity: ManifestEntity) -> TemplateEntity:
    return TemplateEntity(label=entity.label, source_format=entity.source_format, columns=entity.columns)


def _name_faults(bundle: object, members: list[Mapping[str, Any]]) -> Iterator[Fault]:
    """Names need the key once, and no file may fit two of them."""
    names: list[tuple[tuple[str | int, ...], str]] = [
        (("bundle", "members", index, "name"), str(member["name"])) for index, member in enumerate(members)
    ]
    if isinstance(bundle, dict) and isinstance(bundle.get("done"), str):
        names.append((("bundle", "done"), bundle["done"]))
    for keys, name in names:
        if name.count(KEY) != 1:
            yield keys, f"{name!r} needs {KEY} once: by it the files of one bundle find each other"
    for (_, one), (keys, other) in combinations(names, 2):
        if one.count(KEY) == other.count(KEY) == 1 and overlap(one, other):
            yield keys, f"a file can fit both {one!r} and {other!r}; write names that tell them apart"


def _members_of(bundle: object) -> list[Mapping[str, Any]]:
    members = bundle.get("members") if isinstance(bundle, dict) else None
    listed = members if isinstance(members, list) else []
    return [member for member in listed if isinstance(member, dict) and {"name", "entity"} <= set(member)]


def _changes(feed: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Elements to change by the label of each entity that landed files fill."""
    if "bundle" in feed:
        members = _members_of(feed["bundle"])
        return {str(m["entity"]): {_PLACES[key]: str(place) for key, place in _places(m).items()} for m in members}
    return {str(feed["entity"]): {}} if "entity" in feed else {}


def _places(member: Mapping[str, Any]) -> dict[str, Any]:
    return {key: member[key] for key in _PLACES if key in member}
