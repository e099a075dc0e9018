"""A downloaded export becomes files in the lake: verified, unpacked by entity, and marked complete last of all.

Everything is derived from the content, so doing it twice writes the same bytes under the same names.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import IO, BinaryIO

from shared.domain import export as exports
from shared.domain.checks.findings import ZIP_SIGNATURE, Finding
from shared.domain.checks.package import Member, hostile
from shared.domain.export import Delivery, Export, StoredMember
from shared.domain.feed import ExportFeed
from shared.errors import SourceLost, Transient
from shared.formats.manifest import MANIFEST_NAME, entity_names
from shared.formats.rows import RowCounter
from shared.formats.zips import BrokenZip, listed_members, opened_zip
from shared.ports import Clock, ExportLedger, Lake

_BLOCK_BYTES = 4 * 1024 * 1024
#: The rule of a zip that cannot be read to its end.
BROKEN = "broken-zip"
#: A manifest that is larger than this is not read; its entities are then named after their files.
_LARGEST_MANIFEST_BYTES = 32 * 1024 * 1024
#: What F&O puts beside the data; kept with the raw package, no entity of its own.
_PACKAGE_FILES = frozenset({"manifest.xml", "packageheader.xml"})


class Unverified(Transient):
    """What the lake holds is not what was downloaded. Nothing was committed; the download is repeated."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A download that lies in staging: its path, and hash and length of what came over the wire.

    `length_known` tells that F&O announced this length, so that nothing can have been cut off.
    """

    path: str
    sha256: str
    size_bytes: int
    length_known: bool


@dataclass(frozen=True, slots=True)
class ExportStore:
    """Verifies and lays out one export in the lake."""

    lake: Lake
    ledger: ExportLedger
    clock: Clock

    def store(self, feed: ExportFeed, delivery: Delivery, downloaded: Downloaded) -> Export | None:
        """Verify what was downloaded and store it, unless it is stored already. None while a copy is under way.

        Raises Transient when the lake cannot be reached or holds other bytes than came over the wire.
        """
        self._verify(downloaded)
        export = self._claim(feed, delivery, downloaded)
        if export.committed_at is None:
            if not self.lake.copy(downloaded.path, export.raw_path):
                return None
            export = self._lay_out(feed, export)
            self.ledger.commit(export)
        self.lake.remove(downloaded.path)
        return export

    def _verify(self, downloaded: Downloaded) -> None:
        """Read back what the store has: every byte, for its hash."""
        digest, size_bytes = hashlib.sha256(), 0
        try:
            for block in self.lake.blocks(downloaded.path):
                digest.update(block)
                size_bytes += len(block)
        except SourceLost as error:
            raise Unverified(f"the download is not there to be read back: {error}") from error
        if size_bytes != downloaded.size_bytes:
            raise Unverified(f"the lake holds {size_bytes} of {downloaded.size_bytes} bytes")
        if digest.hexdigest() != downloaded.sha256:
            raise Unverified("the lake holds other bytes than were downloaded")

    def _claim(self, feed: ExportFeed, delivery: Delivery, downloaded: Downloaded) -> Export:
        """The names of new content are settled in the ledger before the first byte goes to its place."""
        with self.lake.open(downloaded.path, downloaded.size_bytes) as file:
            is_zip = file.read(len(ZIP_SIGNATURE)) == ZIP_SIGNATURE
            business_date = (_date_inside(file) if is_zip else None) or delivery.taken_at.date()
        name = exports.export_id(delivery.correlation_id, downloaded.sha256)
        return self.ledger.claim(
            Export(
                feed=feed.name,
                sha256=downloaded.sha256,
                size_bytes=downloaded.size_bytes,
                correlation_id=delivery.correlation_id,
                business_date=business_date,
                first_seen_at=delivery.taken_at,
                raw_path=exports.raw_path(feed, business_date, name, ".zip" if is_zip else ".dat"),
            )
        )

    def _lay_out(self, feed: ExportFeed, export: Export) -> Export:
        """Read every member if it is a zip, unpack if the feed wants it, then write the markers, the export's last."""
        if export.raw_path.endswith(".zip"):
            with self.lake.open(export.raw_path, export.size_bytes) as file:
                export = self._read_through(feed, export, file)
        export = replace(export, committed_at=self.clock())
        for entity in sorted({member.entity for member in export.members}):
            folder = exports.entity_folder(feed, entity, export.business_date, export.export_id)
            self._write_manifest(f"{folder}/_manifest.json", export)
        self._write_manifest(exports.manifest_path(feed, export.business_date, export.export_id), export)
        return export

    def _read_through(self, feed: ExportFeed, export: Export, file: BinaryIO) -> Export:
        """Members in the lake, or the findings that kept them packed. Reading a member to its end checks its CRC."""
        try:
            with opened_zip(file) as package:
                listed = listed_members(package)
                findings = hostile(listed)
                if findings:
                    return replace(export, findings=tuple(findings))
                if not feed.unpack:
                    return replace(export, findings=_bad_member(package))
                names = _entities_of(package)
                members = [
                    self._store_member(feed, export, package, member, names)
                    for member in listed
                    if member.name.casefold() not in _PACKAGE_FILES
                ]
        except BrokenZip as error:
            return replace(export, members=(), findings=(_broken(str(error)),))
        return replace(export, members=tuple(members))

    def _store_member(
        self, feed: ExportFeed, export: Export, package: zipfile.ZipFile, member: Member, names: dict[str, str]
    ) -> StoredMember:
        entity = names.get(member.name.casefold()) or member.name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        folder = exports.entity_folder(feed, entity, export.business_date, export.export_id)
        path = f"{folder}/{member.name}"
        counter, digest = RowCounter.for_name(member.name), hashlib.sha256()
        with package.open(member.name) as content:
            self.lake.put(path, _watched(_blocks(content), digest, counter))
        return StoredMember(
            name=member.name,
            entity=entity,
            path=path,
            size_bytes=member.size_bytes,
            sha256=digest.hexdigest(),
            rows=counter.rows(),
        )

    def _write_manifest(self, path: str, export: Export) -> None:
        self.lake.put(path, [manifest_text(export).encode()])


def manifest_text(export: Export) -> str:
    """`_manifest.json`: the commit marker, with everything a reader needs to check what it reads."""
    record = {
        "manifest_version": 1,
        "feed": export.feed,
        "export_id": export.export_id,
        "business_date": export.business_date.isoformat(),
        "correlation_id": export.correlation_id,
        "first_seen_at": export.first_seen_at.isoformat(),
        "raw": {"path": export.raw_path, "bytes": export.size_bytes, "sha256": export.sha256},
        "rows": export.rows,
        "files": [
            {
                "entity": member.entity,
                "path": member.path,
                "bytes": member.size_bytes,
                "sha256": member.sha256,
                "rows": member.rows,
            }
            for member in export.members
        ],
        "findings": [{"rule": f.rule, "value_seen": f.seen, "what_to_do": f.advice} for f in export.findings],
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _watched(blocks: Iterator[bytes], digest: hashlib._Hash, counter: RowCounter) -> Iterator[bytes]:
    for block in blocks:
        digest.update(block)
        counter.feed(block)
        yield block


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK_BYTES):
        yield block


def _entities_of(package: zipfile.ZipFile) -> dict[str, str]:
    """File name (case-folded) to entity label, from the package's manifest; empty when it has none to read."""
    for info in package.infolist():
        if info.filename.casefold() == MANIFEST_NAME.casefold() and info.file_size <= _LARGEST_MANIFEST_BYTES:
            return {file.casefold(): entity for file, entity in entity_names(package.read(info)).items()}
    return {}


def _date_inside(file: BinaryIO) -> date | None:
    """The newest date in the zip's directory: when F&O made the package. The same at every delivery."""
    try:
        with opened_zip(file) as package:
            stamps = [info.date_time for info in package.infolist()]
    except BrokenZip:
        return None
    try:
        return max((datetime(*stamp).date() for stamp in stamps if stamp[0] > 1980), default=None)  # noqa: DTZ001 - zip stamps bear no zone
    except ValueError:
        return None


def _bad_member(package: zipfile.ZipFile) -> tuple[Finding, ...]:
    """A finding for the first member whose CRC does not hold."""
    bad = package.testzip()
    return (_broken(f"the CRC of {bad} does not hold"),) if bad else ()


def _broken(why: str) -> Finding:
    return Finding(
        rule=BROKEN,
        seen=why[:200],
        advice="The package arrived as F&O sent it, and cannot be read as a zip. It is kept raw and not unpacked.",
    )
