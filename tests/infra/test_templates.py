"""What holds for every template: it parses, its names meet, it is described and pinned; and the compiler agrees."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.bicep.template import Template, read_template
from tests.infra.conftest import FILES, INFRA, ROOT

#: Deployed by themselves, never called as modules.
ENTRY_POINTS = {"main.bicep", "events.bicep"}
#: Newest generally available versions on 2026-11-23 of what we use; a newer one is a decision, so it is made here, too.
API_VERSIONS = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.EventGrid/systemTopics": "2025-02-15",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": "2025-02-15",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.Insights/workbooks": "2023-06-01",
    "Microsoft.KeyVault/vaults": "2024-11-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "2024-06-01",
    "Microsoft.Network/privateEndpoints": "2025-05-01",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "2025-05-01",
    "Microsoft.Network/virtualNetworks": "2025-05-01",
    "Microsoft.OperationalInsights/workspaces": "2025-07-01",
    "Microsoft.Storage/storageAccounts": "2025-06-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2025-06-01",
    "Microsoft.Storage/storageAccounts/managementPolicies": "2025-06-01",
    "Microsoft.Storage/storageAccounts/tableServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/tableServices/tables": "2025-06-01",
    "Microsoft.Web/serverfarms": "2025-03-01",
    "Microsoft.Web/sites": "2025-03-01",
    "Microsoft.Web/sites/config": "2025-03-01",
}
_NUMBER_WITH_A_UNIT = re.compile(r"\b(days?|gigabytes?|megabytes?|minutes?|seconds?|most instances)\b", re.IGNORECASE)

each_file = pytest.mark.parametrize("name", FILES)


@each_file
def test_a_template_parses(name: str) -> None:
    assert read_template(FILES[name]).declared


@each_file
def test_every_name_that_is_used_is_declared(templates: dict[str, Template], name: str) -> None:
    assert templates[name].used - templates[name].declared == set()


@each_file
def test_every_parameter_and_variable_is_used(templates: dict[str, Template], name: str) -> None:
    template = templates[name]
    assert (set(template.parameters) | set(template.variables)) - template.used == set()


@each_file
def test_every_parameter_and_output_is_described(templates: dict[str, Template], name: str) -> None:
    template = templates[name]
    named = [*template.parameters.values(), *template.outputs.values()]
    assert [item.name for item in named if len(item.description) < 10 or item.description[-1] != "."] == []


@each_file
def test_the_description_of_every_number_names_its_unit(templates: dict[str, Template], name: str) -> None:
    numbers = [item for item in templates[name].parameters.values() if item.type == "int"]
    assert [item.name for item in numbers if not _NUMBER_WITH_A_UNIT.search(item.description)] == []


@each_file
def test_every_resource_has_the_version_of_its_type_that_we_chose(templates: dict[str, Template], name: str) -> None:
    found = {(item.type, item.api_version) for item in templates[name].resources if not item.nested}
    assert found <= set(API_VERSIONS.items())
    assert all(not item.api_version for item in templates[name].resources if item.nested), "the parent's version holds"


def test_no_version_is_listed_for_a_type_that_is_not_used(templates: dict[str, Template]) -> None:
    assert {item.type for template in templates.values() for item in template.resources if not item.nested} == set(
        API_VERSIONS
    )


def _called(templates: dict[str, Template], caller: str, file: str) -> Template:
    return templates[(FILES[caller].parent / file).resolve().relative_to(INFRA.resolve()).as_posix()]


@each_file
def test_a_module_gets_what_it_asks_for_and_nothing_else(templates: dict[str, Template], name: str) -> None:
    for module in templates[name].modules:
        asked = _called(templates, name, module.file).parameters
        needed = {item.name for item in asked.values() if not item.has_value and not item.type.endswith("?")}
        assert needed <= set(module.given) <= set(asked), module.symbol


@each_file
def test_an_output_that_is_used_exists(templates: dict[str, Template], name: str) -> None:
    called = {module.symbol: _called(templates, name, module.file) for module in templates[name].modules}
    assert [use for use in templates[name].outputs_used if use[1] not in called[use[0]].outputs] == []


def test_every_output_of_a_module_is_used_by_a_caller(templates: dict[str, Template]) -> None:
    for name, template in templates.items():
        callers = [
            {output for symbol, output in caller.outputs_used if symbol in symbols}
            for file, caller in templates.items()
            if (symbols := {m.symbol for m in caller.modules if _called(templates, file, m.file) is template})
        ]
        used = set().union(*callers)
        assert name in ENTRY_POINTS or set(template.outputs) == used, name


def test_every_module_is_called(templates: dict[str, Template]) -> None:
    called = {_called(templates, name, module.file).path for name in FILES for module in templates[name].modules}
    assert {INFRA / name for name in FILES} - called == {INFRA / name for name in ENTRY_POINTS}


def test_main_only_wires(templates: dict[str, Template]) -> None:
    assert templates["main.bicep"].resources == ()


@each_file
def test_a_file_that_is_loaded_is_there(templates: dict[str, Template], name: str) -> None:
    loads = [call for call in templates[name].calls if call.function in {"loadJsonContent", "loadTextContent"}]
    assert [load for load in loads if not (FILES[name].parent / str(load.arguments[0])).is_file()] == []


def test_the_linter_stops_at_every_rule_but_those_that_age_or_guess() -> None:
    config = json.loads((INFRA / "bicepconfig.json").read_text(encoding="utf-8"))
    rules = config["analyzers"]["core"]["rules"]
    lenient = {name for name, rule in rules.items() if rule["level"] != "error"}
    assert config["analyzers"]["core"]["enabled"] is True
    assert lenient == {
        "use-recent-api-versions",  # time alone must not break a build
        "use-recent-module-versions",
        "use-secure-value-for-secure-inputs",  # the webhook's address holds its key by way of a variable
        "what-if-short-circuiting",
    }


def _compiler() -> list[str]:
    """The Bicep compiler of this machine: `bicep`, else the one that `az` has installed."""
    if path := shutil.which("bicep"):
        return [path]
    az = shutil.which("az")
    if az and subprocess.run([az, "bicep", "version"], capture_output=True, check=False).returncode == 0:
        return [az, "bicep"]
    return []


@pytest.mark.parametrize("command", ["build", "lint"])
@pytest.mark.parametrize("name", sorted(ENTRY_POINTS))
def test_the_compiler_finds_nothing_wrong(command: str, name: str, tmp_path: Path) -> None:
    compiler = _compiler()
    if not compiler:
        pytest.skip("no Bicep compiler on the PATH (bicep, or az with bicep); the pipeline always has one")
    file = ["--file"] if compiler[-1] == "bicep" and len(compiler) > 1 else []
    target = ["--outfile", str(tmp_path / "out.json")] if command == "build" else []
    done = subprocess.run(
        [*compiler, command, *file, str(FILES[name]), *target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr


def test_nobody_reaches_the_app_but_signed_in_or_by_the_webhook_with_its_key(templates: dict[str, Template]) -> None:
    (settings,) = [item for item in templates["modules/sign-in.bicep"].resources if not item.existing]
    text = str(settings.body)
    assert settings.type == "Microsoft.Web/sites/config"
    properties = settings.body["properties"]
    assert isinstance(properties, dict)
    assert properties["platform"] == {"enabled": True}
    assert properties["globalValidation"]["requireAuthentication"] is True
    assert properties["globalValidation"]["excludedPaths"] == ["/runtime/webhooks/blobs", "/admin/host/status"]
    assert "AllowAnonymous" not in text
