"""What is sent of a job: its file as it landed, or a package made of its files and the feed's template.

The files of a package are read twice: once for their checks and checksums, and once while they are sent. Neither time
more than a block is held. docs/decisions/0012 says why.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial

from shared.domain.bundle import named
from shared.domain.checks.content_check import Expected
from shared.domain.checks.findings import Finding, found, rejects
from shared.domain.feed import Feed, SourceFormat, source_format
from shared.domain.job import Job, LandedFile, Source
from shared.domain.template import MANIFEST, Template, why_unfit
from shared.formats.manifest_edit import rewritten
from shared.formats.packing import Packed, Part, part_of
from shared.ports import OPENING_BYTES, Content, Landing
from shared.services.intake.checking import Checking, check_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Content to send, what was found in it, and the job with what is known of its bytes by now."""

    job: Job
    content: Content
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Packing:
    """Makes what is sent."""

    files: Landing
    checking: Checking

    def outbound(self, feed: Feed, job: Job) -> Outbound:
        """What a job would send; the caller closes its content. Where a finding rejects, the content is of no use.

        Raises SourceLost when landing no longer holds one of the files, Transient when it cannot be read.
        """
        if feed.template is not None:
            return self._packed(feed, feed.template, job)
        with ExitStack() as until_done:
            content = self.files.open(job.source)
            until_done.callback(content.close)
            findings = self.checking.findings(feed, job.source, content)
            until_done.pop_all()
        return Outbound(job=job, content=content, findings=findings)

    def _packed(self, feed: Feed, template: Template, job: Job) -> Outbound:
        files = _to_pack(feed, job)
        parts, read = _parts_of(template, files), list[LandedFile]()
        findings = [*_lacking(feed, job), *_unfit(feed, template, files)]
        for member in files:
            part, first_read, more = self._first_reading(feed, template, member, goes_on=not rejects(findings))
            parts.append(part)
            read.append(first_read)
            findings += more
        return Outbound(job=_with_hashes(feed, job, read, template), content=Packed(parts), findings=findings)

    def _first_reading(
        self, feed: Feed, template: Template, member: LandedFile, goes_on: bool
    ) -> tuple[Part, LandedFile, list[Finding]]:
        """The file's findings, and what the zip must know of it; its blocks are read only while all is well."""
        source, crc32, digest = member.source, 0, hashlib.sha256()
        with closing(self.files.open(source)) as content:
            findings = file_findings(feed, template, member, content.first_bytes)
            if goes_on and not rejects(findings):
                for block in content.blocks():
                    crc32 = zlib.crc32(block, crc32)
                    digest.update(block)
                member = replace(member, sha256=digest.hexdigest())
        blocks = partial(self._blocks, source)
        return Part(name=source.name, size_bytes=source.size_bytes, crc32=crc32, blocks=blocks), member, findings

    def _blocks(self, source: Source) -> Iterator[bytes]:
        with closing(self.files.open(source)) as content:
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


def _unfit(feed: Feed, template: Template, files: list[LandedFile]) -> list[Finding]:
    taken = [name for name, _ in template.parts]
    names = [file.source.name for file in files]
    whys = [why_unfit(name, [*taken, *names[:number]]) for number, name in enumerate(names)]
    return [found("unfit-name", why, feed.name) for why in whys if why]


def file_findings(feed: Feed, template: Template, member: LandedFile, first_bytes: bytes) -> list[Finding]:
    """Findings of one file against its entity in the template; each says which file it is about."""
    name, size_bytes = member.source.name, member.source.size_bytes
    if size_bytes == 0:
        return [found("empty-file", f"{name} has 0 bytes", feed.name)]
    entity = template.entity(member.entity)
    is_declared = feed.file_format is not SourceFormat.UNDECLARED
    declared = feed.file_format if is_declared else source_format(entity.source_format)
    expected = Expected(file_format=declared, mapped=entity.columns, demanded=feed.columns)
    findings = check_file(feed, name, size_bytes, first_bytes[:OPENING_BYTES], expected)
    return [f if f.seen.startswith(name) else replace(f, seen=f"{name}: {f.seen}") for f in findings]


def _with_hashes(feed: Feed, job: Job, read: list[LandedFile], template: Template) -> Job:
    if feed.bundle is None:
        return replace(job, content_sha256=read[0].sha256, template_sha256=template.sha256)
    by_name = {member.source.name: member for member in read}
    members = tuple(by_name.get(member.source.name, member) for member in job.members)
    return replace(job, members=members, template_sha256=template.sha256)
