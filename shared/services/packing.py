"""What is sent of a job: its file as it landed, or a package made of its files and the feed's template.

The files of a package are read twice: once for their checks and checksums, and once while they are sent. Neither time
more than a block is held. docs/decisions/0012 says why.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial

from shared.domain.bundle import named
from shared.domain.content_check import Expected
from shared.domain.feed import Feed, SourceFormat, source_format
from shared.domain.findings import Finding, found, rejects
from shared.domain.job import Job, LandedFile, Source
from shared.domain.template import MANIFEST, Template, why_unfit
from shared.formats.manifest_edit import rewritten
from shared.formats.packing import Packed, Part, part_of
from shared.ports import OPENING_BYTES, Content, FileStore
from shared.services.checking import Checking, check_file

#: Opens a landed file. Raises SourceLost, Transient.
Opens = Callable[[Source], Content]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Content to send, what was found in it, and the job with what is known of its bytes by now."""

    job: Job
    content: Content
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Packing:
    """Makes what is sent."""

    files: FileStore
    checking: Checking

    def outbound(self, feed: Feed, job: Job) -> Outbound:
        """What a job would send; the caller closes its content. Where a finding rejects, the content is of no use.

        Raises SourceLost when landing no longer holds one of the files, Transient when it cannot be read.
        """
        if feed.template is not None:
            return packed(self.files.open, feed, feed.template, job)
        with ExitStack() as until_done:
            content = self.files.open(job.source)
            until_done.callback(content.close)
            findings = self.checking.findings(feed, job.source, content)
            until_done.pop_all()
        return Outbound(job=job, content=content, findings=findings)


def packed(opens: Opens, feed: Feed, template: Template, job: Job) -> Outbound:
    """The package of a job's files, each opened once now and once when the package is sent. Raises as `opens` does."""
    files = _to_pack(feed, job)
    parts, read = _parts_of(template, files), list[LandedFile]()
    findings = _lacking(feed, job)
    for file in files:
        taken = [other.source.name for other in read]
        part, first_read, more = _first_reading(opens, feed, file, taken, goes_on=not rejects(findings))
        parts.append(part)
        read.append(first_read)
        findings += more
    return Outbound(job=_with_hashes(feed, job, read, template), content=Packed(parts), findings=findings)


def package_of(feed: Feed, template: Template, source: Source, content: Content) -> Content:
    """The package of a single file that lies elsewhere than in landing and can be read again and again."""
    file = LandedFile(source=source, entity=feed.entity)
    part, _, _ = _first_reading(lambda _: content, feed, file, [], goes_on=True)
    return Packed([*_parts_of(template, [file]), part])


def check_bundled(feed: Feed, name: str, size_bytes: int, first_bytes: bytes) -> list[Finding]:
    """Findings of one file of a bundle by itself, be it a member, the file that says done, or neither."""
    if feed.bundle is None or feed.bundle.key_of(name) is None:
        return [not_in_bundle(feed, name)]
    is_sent = bool(feed.bundle.entity_of(name))
    return check_packed(feed, name, size_bytes, first_bytes) if is_sent else []


def not_in_bundle(feed: Feed, name: str) -> Finding:
    """The finding about a file that no member of the feed's bundle is called like."""
    names = feed.bundle.patterns if feed.bundle else ()
    return found("not-in-bundle", name, feed.name, more=f"The bundle's files are {', '.join(names)}.")


def check_packed(
    feed: Feed, name: str, size_bytes: int, first_bytes: bytes, taken: Sequence[str] = ()
) -> list[Finding]:
    """Findings of a file that goes into a package: its name beside those of the template and `taken`; its beginning.

    It is held against what the template's manifest says of its entity. Each finding says which file it is about.
    """
    if feed.template is None:
        return []
    others = [*(part for part, _ in feed.template.parts), *taken]
    findings = [found("unfit-name", why, feed.name) for why in [why_unfit(name, others)] if why]
    if size_bytes == 0:
        return [*findings, found("empty-file", f"{name} has 0 bytes", feed.name)]
    entity = feed.template.entity(feed.bundle.entity_of(name) if feed.bundle else feed.entity)
    is_declared = feed.file_format is not SourceFormat.UNDECLARED
    declared = feed.file_format if is_declared else source_format(entity.source_format)
    expected = Expected(file_format=declared, mapped=entity.columns, demanded=feed.columns)
    in_it = check_file(feed, name, size_bytes, first_bytes[:OPENING_BYTES], expected)
    return findings + [f if f.seen.startswith(name) else replace(f, seen=f"{name}: {f.seen}") for f in in_it]


def _first_reading(
    opens: Opens, feed: Feed, file: LandedFile, taken: list[str], goes_on: bool
) -> tuple[Part, LandedFile, list[Finding]]:
    """What the zip must know of a file, and its findings; its blocks are read only while all is well."""
    source, crc32, digest = file.source, 0, hashlib.sha256()
    with closing(opens(source)) as content:
        findings = check_packed(feed, source.name, source.size_bytes, content.first_bytes, taken)
        if goes_on and not rejects(findings):
            for block in content.blocks():
                crc32 = zlib.crc32(block, crc32)
                digest.update(block)
            file = replace(file, sha256=digest.hexdigest())
    blocks = partial(_blocks, opens, source)
    return Part(name=source.name, size_bytes=source.size_bytes, crc32=crc32, blocks=blocks), file, findings


def _blocks(opens: Opens, source: Source) -> Iterator[bytes]:
    with closing(opens(source)) as content:
        yield from content.blocks()


def _to_pack(feed: Feed, job: Job) -> list[LandedFile]:
    """The landed files that go into the package; those of a bundle in the order of feeds.yaml, however they landed."""
    if feed.bundle is None:
        return list(job.files)
    there = {file.source.name: file for file in job.members}
    places = [(named(member.name, job.source.name), member.entity) for member in feed.bundle.members]
    return [replace(there[name], entity=entity) for name, entity in places if name in there]


def _lacking(feed: Feed, job: Job) -> list[Finding]:
    """Findings where feeds.yaml has changed since the files landed: others belong to the bundle now."""
    if feed.bundle is None:
        return []
    missing = feed.bundle.missing(job.source.name, [file.source.name for file in job.members])
    return [found("bundle-incomplete", name, feed.name) for name in missing]


def _parts_of(template: Template, files: list[LandedFile]) -> list[Part]:
    """The template's own files, with the manifest naming the landed ones."""
    changes = {file.entity: {"InputFilePath": file.source.name} for file in files}
    return [
        part_of(name, rewritten(content, changes) if name.casefold() == MANIFEST else content)
        for name, content in template.parts
    ]


def _with_hashes(feed: Feed, job: Job, read: list[LandedFile], template: Template) -> Job:
    if feed.bundle is None:
        return replace(job, content_sha256=read[0].sha256, template_sha256=template.sha256)
    by_name = {member.source.name: member for member in read}
    members = tuple(by_name.get(member.source.name, member) for member in job.members)
    return replace(job, members=members, template_sha256=template.sha256)
