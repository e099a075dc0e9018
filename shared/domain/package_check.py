"""What a data package must be before it is sent: rules over its directory and its manifest, all findings at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.findings import Finding

_MANIFEST = "manifest.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntity:
    """One entity as a manifest describes it: label, data file, how many columns are mapped, elements out of order."""

    label: str
    file: str
    mapped_fields: int
    late_elements: tuple[str, ...] = ()


def check_directory(names: Sequence[str], feed: str) -> list[Finding]:
    """Findings that the names in the zip give away: where the manifest is, and names that come twice."""
    findings = []
    root = [name for name in names if name.casefold() == _MANIFEST]
    if not root:
        deeper = [name for name in names if name.casefold().endswith("/" + _MANIFEST)]
        findings.append(_folder(deeper[0], feed) if deeper else _no_manifest(feed))
    twice = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    if twice:
        findings.append(
            Finding(
                rule="duplicate-member",
                seen=twice[0],
                advice="Keep one file of each name in the package.",
                feed=feed,
                symptom="one of the two is imported, and nothing says which",
            )
        )
    return findings


def check_manifest(entities: Sequence[ManifestEntity], names: Sequence[str], feed: str) -> list[Finding]:
    """Findings from a manifest against the files that are there."""
    if not entities:
        return [
            Finding(
                rule="no-entity",
                seen="the manifest names no entity",
                advice="Export the package from the data project again, or add the entity to its PackageEntityList.",
                feed=feed,
                symptom="processed, with zero rows",
            )
        ]
    present = {name.casefold() for name in names}
    return [finding for entity in entities for finding in _of_entity(entity, present, feed)]


def _of_entity(entity: ManifestEntity, present: set[str], feed: str) -> list[Finding]:
    who = entity.label or entity.file or "an entity without a name"
    findings = []
    if entity.late_elements:
        findings.append(
            Finding(
                rule="element-order",
                seen=f"{', '.join(entity.late_elements)} of {who}",
                advice="Put the elements of each entity into alphabetical order, as F&O's own packages have them.",
                feed=feed,
                symptom="the misplaced elements are passed over without a word",
            )
        )
    if entity.file.casefold() not in present and "InputFilePath" not in entity.late_elements:
        findings.append(
            Finding(
                rule="missing-member",
                seen=f"{entity.file or 'no file'} of {who}",
                advice="Name the data file exactly as InputFilePath does, at the root of the zip.",
                feed=feed,
                symptom="failed before staging, with an empty error list",
            )
        )
    if not entity.mapped_fields and "EntityMapList" not in entity.late_elements:
        findings.append(
            Finding(
                rule="no-field-map",
                seen=who,
                advice="Add the EntityMapList of the data project's own package: one EntityMap for each column.",
                feed=feed,
                symptom="processed, with zero rows loaded",
            )
        )
    return findings


def _folder(seen: str, feed: str) -> Finding:
    return Finding(
        rule="folder-in-package",
        seen=seen,
        advice="Zip the files themselves, not the folder that they lie in: Manifest.xml must be at the root.",
        feed=feed,
        symptom="400, or failed before staging with an empty error list",
    )


def _no_manifest(feed: str) -> Finding:
    return Finding(
        rule="no-manifest",
        seen="no Manifest.xml in the zip",
        advice="Start from a package that the data project exports: Manifest.xml, PackageHeader.xml, data files.",
        feed=feed,
        symptom="failed before staging, with an empty error list",
    )
