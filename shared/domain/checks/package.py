"""What a data package may be: rules over a zip's directory, before anything in it is unpacked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.checks.findings import Finding
from shared.domain.sizes import size_text

#: Bounds of a package that is unpacked. Real packages have up to some 200 entities.
MOST_MEMBERS = 5_000
LARGEST_UNPACKED_BYTES = 50_000_000_000
#: CSV and XML compress 10 to 50 times; bombs a thousand times and more. Small files may compress better by chance.
LARGEST_RATIO = 300
RATIO_MATTERS_FROM_BYTES = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of a zip's directory."""

    name: str
    size_bytes: int
    compressed_bytes: int
    encrypted: bool = False


def hostile(members: Sequence[Member]) -> list[Finding]:
    """Everything about a zip that makes unpacking it unsafe; empty when it may be unpacked."""
    findings = [finding for member in members for finding in _of_member(member)]
    total = sum(member.size_bytes for member in members)
    packed = max(1, sum(member.compressed_bytes for member in members))
    if len(members) > MOST_MEMBERS:
        findings.append(_found("too-many-members", f"{len(members)} files", f"At most {MOST_MEMBERS} are unpacked."))
    if total > LARGEST_UNPACKED_BYTES:
        limit = size_text(LARGEST_UNPACKED_BYTES)
        findings.append(_found("too-large-unpacked", size_text(total), f"At most {limit} are unpacked."))
    if total > RATIO_MATTERS_FROM_BYTES and total / packed > LARGEST_RATIO:
        seen = f"{size_text(packed)} would become {size_text(total)}"
        findings.append(_found("compression-ratio", seen, f"At most {LARGEST_RATIO} times is unpacked."))
    twice = [name for name, count in Counter(member.name for member in members).items() if count > 1]
    if twice:
        findings.append(_found("duplicate-member", twice[0], "Two files of one name cannot both be unpacked."))
    return findings


def _of_member(member: Member) -> list[Finding]:
    findings = []
    if _leaves_its_folder(member.name):
        findings.append(_found("unsafe-path", member.name[:200], "The path leads out of the package."))
    if member.encrypted:
        findings.append(_found("encrypted", member.name[:200], "Encrypted files cannot be read."))
    if member.name.casefold().endswith(".zip"):
        findings.append(_found("nested-zip", member.name[:200], "A zip within a package is not unpacked."))
    return findings


def _leaves_its_folder(name: str) -> bool:
    """Absolute, with a drive, with a backslash or a NUL, or up and out: on any system that may unpack it later."""
    is_absolute = not name or name.startswith("/") or name[1:2] == ":"
    return is_absolute or "\\" in name or "\x00" in name or ".." in name.split("/")


def _found(rule: str, seen: str, advice: str) -> Finding:
    return Finding(rule=rule, seen=seen, advice=f"{advice} The package is kept raw and not unpacked.")
