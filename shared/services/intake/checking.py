"""A landed file is looked into before it is sent: a package's directory, manifest and beginnings by ranges.

Nothing is read as a whole but the manifest: a package of 2 GiB with 200 data files costs less than a hundredth of it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from shared.domain.checks.content_check import Expected, Kind, Opening, check_content, expected_of
from shared.domain.checks.findings import Finding, check_large, check_shape, folded, found, weighed
from shared.domain.checks.package_check import Manifest, ManifestEntity, check_directory, check_manifest
from shared.domain.feed import Feed, Shape
from shared.domain.job import Source
from shared.formats.manifest import MANIFEST_NAME, read_manifest
from shared.formats.manifest_walk import NoManifest
from shared.formats.openings import read_opening
from shared.formats.zips import BrokenZip, listed_members, member_start, opened_zip
from shared.ports import OPENING_BYTES, Content, Landing

#: A manifest of 200 entities has about 2 MB; what is far larger is no manifest and is not read.
LARGEST_MANIFEST_BYTES = 64 * 1024 * 1024
#: Real packages have some 200 data files; of one with far more the first are looked into, one range read each.
MOST_LOOKED_INTO = 500


@dataclass(frozen=True, slots=True)
class Checking:
    """The check before sending."""

    files: Landing

    def findings(self, feed: Feed, source: Source, content: Content) -> list[Finding]:
        """All that is wrong with this file, warnings among it. Raises SourceLost, Transient as Landing does."""
        if feed.shape is Shape.FILE:
            return check_file(feed, source.name, source.size_bytes, content.first_bytes)
        with self.files.reader(source) as file:
            return check_package(feed, source.name, source.size_bytes, file)


def check_file(
    feed: Feed, name: str, size_bytes: int, first_bytes: bytes, expected: Expected | None = None
) -> list[Finding]:
    """All findings of a data file, from its first OPENING_BYTES, against `expected` or what the feed declares."""
    findings = check_shape(feed, name, first_bytes)
    if not findings:
        opening = read_opening(first_bytes, is_whole=size_bytes <= len(first_bytes))
        findings = check_content(name, opening, expected or expected_of(feed), feed.name)
    return weighed(check_large(feed, size_bytes) + findings, feed.checks)


def check_package(feed: Feed, name: str, size_bytes: int, file: BinaryIO) -> list[Finding]:
    """All findings of a data package that is open for reading anywhere."""
    findings = check_large(feed, size_bytes)
    file.seek(0)
    wrong_shape = check_shape(feed, name, file.read(OPENING_BYTES))
    findings += wrong_shape or _of_zip(feed, file)
    return weighed(folded(findings), feed.checks)


def _of_zip(feed: Feed, file: BinaryIO) -> list[Finding]:
    try:
        with opened_zip(file) as package:
            members = listed_members(package)
            names = [member.name for member in members]
            findings = check_directory(members, feed.name)
            manifest = _manifest(package, names, feed.name, findings)
            if manifest is not None:
                findings += check_manifest(manifest, names, feed)
                findings += _of_members(package, manifest.entities, feed.name)
            return findings
    except BrokenZip as error:
        return [found("broken-zip", str(error), feed.name)]


def _manifest(package: zipfile.ZipFile, names: list[str], feed: str, findings: list[Finding]) -> Manifest | None:
    """The manifest; None when there is no manifest, or none that can be read, which is then a finding."""
    named = next((name for name in names if name.casefold() == MANIFEST_NAME.casefold()), None)
    if named is None:
        return None
    if package.getinfo(named).file_size > LARGEST_MANIFEST_BYTES:
        findings.append(found("unreadable-manifest", "Manifest.xml is too large to be one", feed))
        return None
    try:
        return read_manifest(member_start(package, package.getinfo(named), LARGEST_MANIFEST_BYTES))
    except (NoManifest, BrokenZip) as error:
        findings.append(found("unreadable-manifest", f"Manifest.xml: {error}", feed))
        return None


def _of_members(package: zipfile.ZipFile, entities: Iterable[ManifestEntity], feed: str) -> list[Finding]:
    """Findings from the beginning of each data file that is there. One without rows is usual where others have some."""
    there = {info.filename.casefold(): info for info in package.infolist() if not info.is_dir()}
    pairs = [(entity, there[entity.file.casefold()]) for entity in entities if entity.file.casefold() in there]
    if pairs and all(info.file_size == 0 for _, info in pairs):
        return [found("empty-package", f"{pairs[0][1].filename} and all other data files have 0 bytes", feed)]
    looked_into = pairs[:MOST_LOOKED_INTO]
    findings = [finding for entity, info in looked_into for finding in _of_member(package, entity, info, feed)]
    without_rows = sum(1 for finding in findings if finding.rule == "no-rows")
    return findings if without_rows == len(pairs) else [finding for finding in findings if finding.rule != "no-rows"]


def _of_member(package: zipfile.ZipFile, entity: ManifestEntity, info: zipfile.ZipInfo, feed: str) -> Iterator[Finding]:
    if info.flag_bits & 1:
        return  # encrypted, which the directory has told
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        yield found("compression-method", f"{info.filename} is packed by method {info.compress_type}", feed)
        return
    try:
        opening = _opening(package, info)
    except BrokenZip as error:
        yield found("broken-zip", f"{info.filename}: {error}", feed)
        return
    if opening.kind is Kind.EMPTY:
        yield found("empty-member", f"{info.filename} of {entity.label}", feed)
    else:
        yield from check_content(info.filename, opening, entity.expected, feed)


def _opening(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> Opening:
    content = member_start(package, info, OPENING_BYTES)
    return read_opening(content, is_whole=info.file_size <= len(content))
