"""Settings in code = settings in Bicep = settings documented; nothing that Flex Consumption refuses."""

from __future__ import annotations

import json
import re

import pytest

import dev
from local.bicep.template import Template
from local.host.cron import Schedule
from tests.infra.app_code import settings_read_by_the_engine, settings_read_by_triggers, triggers
from tests.infra.conftest import INFRA, ROOT, resources_of

#: Read by the Functions host itself, before any code of ours runs.
HOST_ALONE = {
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__tableServiceUri",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "PYTHON_ENABLE_OPENTELEMETRY",
    "FILES__queueServiceUri",
    "FILES__credential",
}
#: Read by the code, and never set by the templates.
NOT_IN_AZURE = {
    "FILES": "a connection string is a key; local only",
    "LEDGER": "a connection string is a key; local only",
    "LAKE": "a connection string is a key; local only",
    "BOARD_LOCAL_ROLE": "opens the page on a laptop, and has no effect in Azure",
    "WEBSITE_AUTH_ENABLED": "set by the platform where its authentication is on",
    "D365_TOKEN_URL": "the simulator's",
    "D365_CERTIFICATE_PATH": "Flex Consumption puts no certificate into a file",
}
#: Settings of other plans. On Flex Consumption they are refused or ignored, and functionAppConfig holds their meaning.
_NOT_ON_FLEX = re.compile(r"^(WEBSITE_|SCM_|ENABLE_ORYX|FUNCTIONS_(WORKER_RUNTIME|EXTENSION_VERSION)|TZ$)")


def defaults_in_bicep() -> dict[str, str]:
    """The engine's settings that are the same everywhere unless a deployment says otherwise."""
    found: dict[str, str] = json.loads((INFRA / "engine.settings.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="session")
def in_bicep(templates: dict[str, Template]) -> set[str]:
    app = templates["modules/app.bicep"]
    (written,) = [
        argument
        for call in app.calls
        if call.function == "union" and "loadJsonContent" in str(call.arguments[0])
        for argument in call.arguments
        if isinstance(argument, dict)
    ]
    sign_in = set(re.findall(r"^\s+(D365_\w+):", str(app.variables["erpIdentity"]), re.MULTILINE))
    return set(written) | sign_in | set(defaults_in_bicep())


def _documented() -> dict[str, str]:
    """Name to default, as docs/settings.md has them."""
    rows = re.findall(
        r"^\| `(\w+)` \|[^|]*\| ?`?([^|`]*)`? ?\|",
        (ROOT / "docs/settings.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return {name: default.strip() for name, default in rows}


def _read_by_code() -> set[str]:
    return settings_read_by_the_engine() | settings_read_by_triggers()


def test_bicep_sets_what_the_code_reads_and_what_the_host_reads_and_no_more(in_bicep: set[str]) -> None:
    assert in_bicep == (_read_by_code() - set(NOT_IN_AZURE)) | HOST_ALONE


def test_every_setting_in_bicep_is_documented_and_every_other_has_its_reason(in_bicep: set[str]) -> None:
    assert set(_documented()) == in_bicep | set(NOT_IN_AZURE)


def test_a_default_in_bicep_is_the_documented_one() -> None:
    documented = _documented()
    assert {name: value for name, value in defaults_in_bicep().items() if documented[name] not in {"", value}} == {}


def test_every_timer_has_a_schedule_that_the_host_understands() -> None:
    schedules = {name: trigger["schedule"] for name, trigger in triggers().items() if trigger["type"] == "timerTrigger"}
    assert schedules
    for expression in schedules.values():
        assert Schedule.parse(defaults_in_bicep()[expression.strip("%")])


def test_the_blob_triggers_connection_is_set_by_identity(in_bicep: set[str]) -> None:
    (connection,) = {trigger["connection"] for trigger in triggers().values() if trigger["type"] == "blobTrigger"}
    parts = ("blobServiceUri", "queueServiceUri", "credential", "clientId")
    assert {f"{connection}__{part}" for part in parts} <= in_bicep
    assert connection not in in_bicep


def test_no_setting_of_another_plan_is_set(in_bicep: set[str]) -> None:
    assert {name for name in in_bicep if _NOT_ON_FLEX.match(name)} == set()


def test_the_app_runs_on_the_python_that_the_tests_call_production(templates: dict[str, Template]) -> None:
    (site,) = [site for _, site in resources_of(templates, "Microsoft.Web/sites")]
    properties = site.body["properties"]
    assert isinstance(properties, dict)
    assert properties["functionAppConfig"]["runtime"] == {
        "name": "python",
        "version": ".".join(map(str, dev.PRODUCTION)),
    }
    assert set(properties["siteConfig"]) == {
        "minTlsVersion",
        "ipSecurityRestrictionsDefaultAction",
        "ipSecurityRestrictions",
    }
    assert properties["httpsOnly"] is True


def test_what_the_template_knows_cannot_be_changed_from_outside(templates: dict[str, Template]) -> None:
    (union,) = [
        call
        for call in templates["modules/app.bicep"].calls
        if call.function == "union" and "loadJsonContent" in str(call.arguments[0])
    ]
    assert str(union.arguments[1]) == "settings"
    assert isinstance(union.arguments[-1], dict)
