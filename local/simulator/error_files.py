"""Actions that give the rows of an execution that failed, as files behind signed URLs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from .blob_store import name_of
from .calls import WORLD, base_url
from .entities import CATALOGUE
from .executions import Action, result_of


def _make_keys_file(request: web.Request, told: Mapping[str, Any]) -> bool:
    """Start to make the file of the keys that did not reach the target; False when there are none.

    Asked again, it goes on making it: assumed.
    """
    world, result = request.app[WORLD], result_of(request.app[WORLD], told)
    failed = [error for error in result.errors if not error.at_staging]
    if not failed:
        return False
    key_fields = CATALOGUE[result.entity].key
    name = _name(told, "keys")
    world.blobs.contents[name] = _csv([[*key_fields, "ErrorMessage"], *([*e.key, e.message] for e in failed)])
    world.keys_file_polls.setdefault(name, 0)
    return True


def _keys_file_url(request: web.Request, told: Mapping[str, Any]) -> str:
    """Empty while the file is being made, for so many polls, and when nobody asked for one."""
    world, name = request.app[WORLD], _name(told, "keys")
    if name not in world.keys_file_polls:
        return ""
    world.keys_file_polls[name] += 1
    is_made = world.keys_file_polls[name] > world.error_file_polls
    return world.blobs.signed_url(base_url(request), name) if is_made else ""


def _staging_file_url(request: web.Request, told: Mapping[str, Any]) -> str:
    """The file of the rows that failed before staging; empty when there are none."""
    world, result = request.app[WORLD], result_of(request.app[WORLD], told)
    if not result.staging_errors:
        return ""
    name = _name(told, "staging")
    failed = ([e.record_id, e.field, e.message] for e in result.errors if e.at_staging)
    world.blobs.contents[name] = _csv([["RecordId", "Field", "ErrorMessage"], *failed])
    return world.blobs.signed_url(base_url(request), name)


def _name(told: Mapping[str, Any], kind: str) -> str:
    return name_of(kind, str(told["executionId"]), str(told["entityName"]))


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


ACTIONS: dict[str, Action] = {
    "GenerateImportTargetErrorKeysFile": _make_keys_file,
    "GetImportTargetErrorKeysFileUrl": _keys_file_url,
    "GetImportStagingErrorFileUrl": _staging_file_url,
}
