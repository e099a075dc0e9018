"""After a deployment: does what runs there look as this checkout says?"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

from local.delivery.azure_cli import Az, AzureRefused, StepFailed
from local.delivery.events import outputs
from local.delivery.target import Target

#: `az functionapp show` gives an app on Flex Consumption as Azure's REST API does, and others flattened.
_STATE = "properties.state || state"
_MAY_NOT_ASK = re.compile(r"Forbidden|Unauthorized|AADSTS|\b40[13]\b")


def smoke(az: Az, group: str, target: Target, root: Path) -> list[str]:
    """Lines that say what was seen.

    Raises:
        StepFailed: with everything that is not as it should be.
    """
    names = outputs(az, group)
    name = names["APP_NAME"]
    app = ("--resource-group", group, "--name", name)
    found = {
        "state of the app": (az("functionapp", "show", *app, "--query", _STATE), "Running"),
        "its functions": (_functions(az, app), functions_of(root / "function_app.py")),
        "its environment": (_setting(az, group, name, "D365_ENVIRONMENT"), target.environment),
        "its F&O": (_setting(az, group, name, "D365_BASE_URL").rstrip("/"), target.erp_url),
        "its events": (_subscription(az, group, names["TOPIC_NAME"]), "Succeeded"),
    }
    wrong = [f"{what}: {seen!r}, not {wanted!r}" for what, (seen, wanted) in found.items() if seen != wanted]
    if wrong:
        raise StepFailed("\n".join(wrong))
    checked = _checked(az, names) if names.get("PAGE_CLIENT_ID") else []
    return [*(f"{what}: {seen}" for what, (seen, _) in found.items()), *checked]


def _checked(az: Az, names: Mapping[str, str]) -> list[str]:
    """What the app says of its own set-up: F&O, each recurring data job, storage. Who asks needs Courier.Operator.

    What is to be mended there is told and fails nothing: older code would find it just so. Neither does it that who
    asks may not, or not from here (a private network). An app that cannot answer does: StepFailed.
    """
    url, client_id = f"https://{names['APP_HOST']}/api/v1/check", names["PAGE_CLIENT_ID"]
    asked = ("--method", "post", "--uri", url, "--resource", client_id)
    try:
        found = az("rest", *asked, "--headers", "Content-Type=application/json", "--body", "{}")
    except AzureRefused as refused:
        if not _MAY_NOT_ASK.search(str(refused)):
            raise
        return [f"check: not asked, for this identity may not, or not from here: {refused}"]
    return [f"{each['verdict']}: {each['what']}: {each['said']}" for each in found]


def functions_of(function_app: Path) -> list[str]:
    """The names of the functions that a function_app.py has, read without importing it."""
    tree = ast.parse(function_app.read_text(encoding="utf-8"))
    found = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return sorted(node.name for node in found if any(_is_trigger(decorator) for decorator in node.decorator_list))


def _is_trigger(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and isinstance(decorator.func.value, ast.Name)
        and decorator.func.value.id == "app"
    )


def _functions(az: Az, app: tuple[str, ...]) -> list[str]:
    names = az("functionapp", "function", "list", *app, "--query", "[].name") or []
    return sorted(name.split("/")[-1] for name in names)


def _subscription(az: Az, group: str, topic: str) -> str | None:
    where = ("--resource-group", group, "--system-topic-name", topic, "--name", "file-landed")
    state: str | None = az(
        "eventgrid", "system-topic", "event-subscription", "show", *where, "--query", "provisioningState"
    )
    return state


def _setting(az: Az, group: str, app: str, name: str) -> str:
    """One app setting as it is in Azure; empty if it is not set."""
    where = ("--resource-group", group, "--name", app)
    found = az("functionapp", "config", "appsettings", "list", *where, "--query", f"[?name=='{name}'].value")
    return str(found[0]) if found else ""
