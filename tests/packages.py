"""Data packages made for tests: manifest, header and data files, as F&O writes them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date
from xml.sax.saxutils import escape

_NAMESPACE = "http://schemas.microsoft.com/dynamics/2015/01/DataManagement"


def manifest(entities: Mapping[str, str], project: str = "Export") -> str:
    """Manifest.xml for entity label -> file name, elements in alphabetical order."""
    rows = "".join(
        f"<DataManagementPackageEntityData><EntityName>{escape(entity)}</EntityName>"
        f"<InputFilePath>{escape(file)}</InputFilePath><SourceFormat>CSV</SourceFormat>"
        "</DataManagementPackageEntityData>"
        for entity, file in entities.items()
    )
    return (
        f'<DataManagementPackageManifest xmlns="{_NAMESPACE}"><DefinitionGroupName>{project}</DefinitionGroupName>'
        f"<PackageEntityList>{rows}</PackageEntityList></DataManagementPackageManifest>"
    )


def package(files: Mapping[str, bytes], made_on: date = date(2026, 11, 14), encoding: str = "utf-16") -> bytes:
    """A package of entity label -> content; each file is named after its entity."""
    named = {entity: f"{entity}.csv" for entity in files}
    members = {named[entity]: content for entity, content in files.items()}
    return zipped({"Manifest.xml": manifest(named).encode(encoding), "PackageHeader.xml": b"<x/>"} | members, made_on)


def zipped(members: Mapping[str, bytes], made_on: date = date(2026, 11, 14)) -> bytes:
    """A zip of the given members, byte for byte the same each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (made_on.year, made_on.month, made_on.day, 6, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, content)
    return out.getvalue()
