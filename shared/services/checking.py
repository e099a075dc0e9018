"""A landed package is looked into before it is sent: its directory and its manifest, by ranges, never as a whole."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from shared.domain.feed import Feed, Shape
from shared.domain.findings import Finding, check_shape
from shared.domain.job import Source
from shared.domain.package_check import check_directory, check_manifest
from shared.formats.manifest import MANIFEST_NAME, NoManifest, read_manifest
from shared.formats.zips import BrokenZip, opened_zip
from shared.ports import Content, FileStore

#: A manifest of 200 entities has about 2 MB; what is far larger is no manifest and is not read.
LARGEST_MANIFEST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Checking:
    """The check before sending."""

    files: FileStore

    def findings(self, feed: Feed, source: Source, content: Content) -> list[Finding]:
        """Everything that makes this file not worth sending. Raises SourceLost, Transient as FileStore does."""
        found = check_shape(feed, source.name, content.first_bytes)
        if found or feed.shape is not Shape.PACKAGE:
            return found
        with self.files.reader(source) as file:
            return check_package(feed.name, file)


def check_package(feed: str, file: BinaryIO) -> list[Finding]:
    """All findings of a data package that is open for reading anywhere. Reads its directory and manifest only."""
    try:
        with opened_zip(file) as package:
            names = [info.filename for info in package.infolist() if not info.is_dir()]
            return check_directory(names, feed) + _manifest_findings(package, names, feed)
    except BrokenZip as error:
        advice = (
            "Write the zip again; if it is being written while it lands, write it under another name and rename it."
        )
        return [Finding(rule="broken-zip", seen=str(error)[:200], advice=advice, feed=feed)]


def _manifest_findings(package: zipfile.ZipFile, names: list[str], feed: str) -> list[Finding]:
    named = next((name for name in names if name.casefold() == MANIFEST_NAME.casefold()), None)
    if named is None:
        return []
    if package.getinfo(named).file_size > LARGEST_MANIFEST_BYTES:
        return [_unreadable("it is too large to be one", feed)]
    try:
        return check_manifest(read_manifest(package.read(named)), names, feed)
    except NoManifest as error:
        return [_unreadable(str(error)[:200], feed)]


def _unreadable(seen: str, feed: str) -> Finding:
    return Finding(
        rule="unreadable-manifest",
        seen=seen,
        advice="Export the package from the data project again, and change nothing but the data files.",
        feed=feed,
        symptom="failed before staging, with an empty error list",
    )
