"""What a data package must be before it is sent: rules over its directory and its manifest, all findings at once."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.checks.content_check import Expected, listed
from shared.domain.checks.findings import MOST_OF_A_RULE, Finding, found
from shared.domain.checks.package import Member, hostile
from shared.domain.feed import Feed, source_format

_MANIFEST = "manifest.xml"
_HEADER = "packageheader.xml"
#: What makes a zip unsafe to unpack, here as in the drain of exports; F&O unpacks what is sent.
_UNSAFE = {"too-many-members", "too-large-unpacked", "compression-ratio", "unsafe-path", "encrypted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntity:
    """One entity as a manifest describes it: label, data file, its format, the mapped columns, elements out of order.

    `columns` are those that the file must have: F&O fills the others of `mapped_fields` by itself.
    """

    label: str
    file: str
    mapped_fields: int
    columns: tuple[str, ...] = ()
    source_format: str = ""
    late_elements: tuple[str, ...] = ()

    @property
    def expected(self) -> Expected:
        """What the manifest declares for the data file."""
        return Expected(file_format=source_format(self.source_format), mapped=self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest: its entities in order, and its own elements that are out of order."""

    entities: tuple[ManifestEntity, ...]
    late_elements: tuple[str, ...] = ()


def check_directory(members: Sequence[Member], feed: str) -> list[Finding]:
    """Findings that the zip's directory gives away: where the manifest is, names that come twice, what is unsafe."""
    names = [member.name.replace("\\", "/") for member in members]
    folded = Counter(name.casefold() for name in names)
    findings = [found(unsafe.rule, unsafe.seen, feed) for unsafe in hostile(members) if unsafe.rule in _UNSAFE]
    if _MANIFEST not in folded:
        deeper = [name for name in names if name.casefold().endswith("/" + _MANIFEST)]
        rule, seen = ("folder-in-package", deeper[0]) if deeper else ("no-manifest", "no Manifest.xml in the zip")
        findings.append(found(rule, seen, feed))
    elif _HEADER not in folded:
        findings.append(found("no-package-header", "no PackageHeader.xml in the zip", feed))
    twice = [name for name, count in folded.items() if count > 1]
    if twice:
        findings.append(found("duplicate-member", f"{twice[0]} is there twice", feed))
    return findings


def check_manifest(manifest: Manifest, names: Sequence[str], feed: Feed) -> list[Finding]:
    """Findings from a manifest against the files that are there and the entities that the feed may carry."""
    entities = manifest.entities
    late = listed(manifest.late_elements)
    findings = [found("element-order", f"{late} of the manifest itself", feed.name)] if late else []
    if not entities:
        return [*findings, found("no-entity", "the manifest names no entity", feed.name)]
    folded = {name.casefold(): name for name in names}
    hints = iter(range(MOST_OF_A_RULE))  # more are not shown, and looking for a near name is slow
    findings += [finding for entity in entities for finding in _of_entity(entity, folded, hints, feed.name)]
    findings += [finding for entity in entities for finding in _of_label(entity.label, feed)]
    findings += [*_of_repeats(entities, feed.name), *_of_spare_files(entities, names, feed.name)]
    composite = [entity.label for entity in entities if "composite" in entity.label.casefold().split()]
    if composite and len(entities) > 1:
        others = f"{len(entities) - 1} more" if len(entities) > 2 else "another"
        findings.append(found("composite-not-alone", f"{composite[0]} and {others} share the package", feed.name))
    return findings


def _of_repeats(entities: Sequence[ManifestEntity], feed: str) -> Iterator[Finding]:
    for label in _repeated(entity.label for entity in entities):
        yield found("entity-twice", f"{label} stands in the manifest more than once", feed)
    for file in _repeated(entity.file for entity in entities):
        yield found("file-shared", f"{file} is named by more than one entity", feed)


def _repeated(names: Iterable[str]) -> list[str]:
    """Names that come more than once, whatever their case, as they are first written."""
    first: dict[str, str] = {}
    count: Counter[str] = Counter()
    for name in filter(None, names):
        count[name.casefold()] += 1
        first.setdefault(name.casefold(), name)
    return [first[folded] for folded, times in count.items() if times > 1]


def _of_spare_files(entities: Sequence[ManifestEntity], names: Sequence[str], feed: str) -> Iterator[Finding]:
    """Files at the root that no entity names; what lies in folders may be attachments.

    While a named file is missing, one of them is likely that file, and its finding says so.
    """
    there = {name.casefold() for name in names}
    if any(entity.file.casefold() not in there for entity in entities):
        return
    known = {_MANIFEST, _HEADER, *(entity.file.casefold() for entity in entities)}
    spare = [name for name in names if "/" not in name and name.casefold() not in known]
    if spare:
        yield found("file-unnamed", f"{listed(spare)} in the zip, and no entity of the manifest names it", feed)


def _of_entity(entity: ManifestEntity, folded: Mapping[str, str], hints: Iterator[int], feed: str) -> Iterator[Finding]:
    who = entity.label or entity.file or "an entity without a name"
    if entity.late_elements:
        yield found("element-order", f"{listed(entity.late_elements)} of {who}", feed)
    if "InputFilePath" not in entity.late_elements:
        yield from _of_file(entity.file, who, folded, hints, feed)
    if not entity.mapped_fields and "EntityMapList" not in entity.late_elements:
        yield found("no-field-map", f"no column of {who} is mapped", feed)


def _of_file(file: str, who: str, folded: Mapping[str, str], hints: Iterator[int], feed: str) -> Iterator[Finding]:
    if file.casefold() in folded:
        if "/" in file:
            yield found("file-in-folder", f"{file} of {who}", feed)
        return
    more = _hint(file, folded) if file and next(hints, None) is not None else ""
    yield found("missing-member", f"{file or 'a file without a name'} of {who} is not in the zip", feed, more)


def _hint(file: str, folded: Mapping[str, str]) -> str:
    by_last_part = {name.rpartition("/")[2]: whole for name, whole in folded.items()}
    near = difflib.get_close_matches(file.casefold(), by_last_part, n=1, cutoff=0.75)
    return f"The zip holds {by_last_part[near[0]]}: is that it?" if near else ""


def _of_label(label: str, feed: Feed) -> Iterator[Finding]:
    if feed.entities and label not in feed.entities:
        yield found(
            "wrong-entity", f"the manifest names {label or 'no label'}", feed.name, _meant(label, feed.entities)
        )
    elif not feed.entities and looks_encoded(label):
        yield found("encoded-entity", f"the manifest names {label}", feed.name, f"Did you mean {plain_label(label)}?")


def _meant(label: str, known: Sequence[str]) -> str:
    plain = {entity.casefold(): entity for entity in known}
    near = difflib.get_close_matches(plain_label(label).casefold(), plain, n=1, cutoff=0.6)
    listed = ", ".join(known[:10])
    return f"Did you mean {plain[near[0]]}?" if near else f"The feed's entities are {listed}."


def looks_encoded(label: str) -> bool:
    """True when a label seems to have been written for a URL: `+` or `%20` where a space should be."""
    return "%20" in label or ("+" in label and " " not in label)


def plain_label(label: str) -> str:
    """The label with single plain spaces in their place."""
    return " ".join(label.replace("%20", " ").replace("+", " ").split())
