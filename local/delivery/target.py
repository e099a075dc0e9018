"""Where a deployment is meant to go, and the guard that refuses every other place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.delivery.azure_cli import Az, StepFailed

#: The tag of a resource group that says which F&O environment class may be deployed to it; main.bicep writes it, too.
TAG = "courier-environment"
#: The tag of an app that says which F&O it talks to.
ERP_TAG = "courier-erp"
_VARIABLE = re.compile(r"\$\{(\w+)(?:=([^}]*))?\}")
_ENVIRONMENT = re.compile(r"^environment:\s*[\"']?([\w.-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the parameters of a deployment say: environment class, address of F&O, path of the feeds file."""

    environment: str
    erp_url: str
    feeds_file: str


def read_target(parameters: Path, environ: Mapping[str, str]) -> Target:
    """The target that a parameters file names. azd's `${NAME}` and `${NAME=default}` are taken from `environ`.

    Raises:
        StepFailed: a variable is not set.
    """
    text = parameters.read_text(encoding="utf-8")
    named = [(found[1], found[2]) for found in _VARIABLE.finditer(text)]
    if missing := sorted({name for name, default in named if default is None and not environ.get(name)}):
        raise StepFailed(f"{parameters.name} needs {', '.join(missing)}: set with `azd env set NAME VALUE`")
    given = json.loads(_VARIABLE.sub(lambda found: environ.get(found[1]) or found[2] or "", text))["parameters"]
    settings: dict[str, str] = given.get("settings", {}).get("value", {})
    return Target(
        environment=given["environmentName"]["value"],
        erp_url=given["erpUrl"]["value"].rstrip("/"),
        feeds_file=settings.get("FEEDS_FILE", "feeds.yaml"),
    )


def guard(az: Az, group: str, target: Target, root: Path) -> list[str]:
    """Lines that say why this is the right target.

    Raises:
        StepFailed: the feeds file, the resource group or the app that runs there belong to another environment.
    """
    return [
        _feeds_are_for(target, root),
        _group_is_for(az, group, target),
        *(_app_is_for(app, target) for app in _apps(az, group)),
    ]


def _feeds_are_for(target: Target, root: Path) -> str:
    path = root / target.feeds_file
    if not path.is_file():
        raise StepFailed(f"{target.feeds_file} is not in this checkout: FEEDS_FILE names it")
    found = _ENVIRONMENT.search(path.read_text(encoding="utf-8"))
    if found is None or found[1] != target.environment:
        named = found[1] if found else "none"
        raise StepFailed(f"{target.feeds_file} is for {named!r}, the parameters are for {target.environment!r}")
    return f"{target.feeds_file} is for {target.environment}"


def _group_is_for(az: Az, group: str, target: Target) -> str:
    tags: dict[str, Any] = az("group", "show", "--name", group).get("tags") or {}
    if tags.get(TAG) != target.environment:
        raise StepFailed(
            f"resource group {group} has {TAG}={tags.get(TAG)!r}, the parameters are for {target.environment!r}. "
            f"If the group is right: az group update --name {group} --set tags.{TAG}={target.environment}"
        )
    return f"resource group {group} is for {target.environment}"


def _apps(az: Az, group: str) -> list[dict[str, Any]]:
    """Ours in the group. By tags, which who may only read can read, too; app settings are for contributors."""
    found = az("functionapp", "list", "--resource-group", group, "--query", "[].{name: name, tags: tags}")
    return [app for app in found if ERP_TAG in (app["tags"] or {})]


def _app_is_for(app: dict[str, Any], target: Target) -> str:
    """A ledger that has grown beside one F&O must not be turned to another: its jobs would be asked for there."""
    name, url = app["name"], app["tags"][ERP_TAG].rstrip("/")
    if url != target.erp_url:
        raise StepFailed(
            f"{name} talks to {url}, the parameters name {target.erp_url}. Another F&O gets a resource group of its own"
        )
    return f"{name} talks to {url}"
