"""Actions of the data management package API: import and export of packages by an execution that the caller names."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from .blob_store import name_of
from .calls import WORLD, base_url
from .executions import Action, ActionRefused
from .packages import PreProcessError, opened


def _write_url(request: web.Request, told: Mapping[str, Any]) -> str:
    """A string that holds JSON, as documented."""
    name = name_of(str(told["uniqueFileName"]))
    url = request.app[WORLD].blobs.signed_url(base_url(request), name)
    return json.dumps({"BlobId": f"{{{uuid.UUID(name)}}}", "BlobUrl": url})


def _import_from_package(request: web.Request, told: Mapping[str, Any]) -> str:
    """400 for a package that cannot be read, a folder in it, an unknown entity (seen). `overwrite` changes nothing.

    A second import under the same execution ID is refused: assumed.
    """
    world, name = request.app[WORLD], urlsplit(str(told["packageUrl"])).path.rsplit("/", 1)[-1]
    project, execution_id, legal_entity, execute, _overwrite = (
        told[key] for key in ("definitionGroupId", "executionId", "legalEntityId", "execute", "overwrite")
    )
    if name not in world.blobs.contents:
        raise ActionRefused("The package was not found at its URL")
    if any(execution_id and message.execution_id == execution_id for message in world.messages.values()):
        raise ActionRefused(f"The execution '{execution_id}' already exists")
    body = world.blobs.contents[name]
    try:
        opened(body)
    except PreProcessError as failure:
        raise ActionRefused(str(failure)) from None
    message = world.import_package(str(project), str(execution_id), str(legal_entity), body)
    message.held = not execute
    return message.execution_id


def _export_to_package(request: web.Request, told: Mapping[str, Any]) -> str:
    return request.app[WORLD].package_exports.ask(str(told["definitionGroupId"]), str(told["executionId"]))


def _exported_package_url(request: web.Request, told: Mapping[str, Any]) -> str:
    """Empty until the package is ready."""
    world, execution_id = request.app[WORLD], str(told["executionId"])
    if world.package_exports.status(execution_id) is None:
        raise ActionRefused(f"The execution '{execution_id}' was not found")
    content = world.package_exports.content(execution_id)
    if content is None:
        return ""
    name = name_of("export", execution_id)
    world.blobs.contents[name] = content
    return world.blobs.signed_url(base_url(request), name)


ACTIONS: dict[str, Action] = {
    "GetAzureWriteUrl": _write_url,
    "ImportFromPackage": _import_from_package,
    "ImportFromPackageAsync": _import_from_package,
    "ExportFromPackage": _import_from_package,
    "ExportToPackage": _export_to_package,
    "ExportToPackageAsync": _export_to_package,
    "ExportToPackagePreview": _export_to_package,
    "ExportToPackagePreviewAsync": _export_to_package,
    "GetExportedPackageUrl": _exported_package_url,
}
