"""No keys, no anonymous access, TLS 1.2, soft delete, and no rule that empties landing."""

from __future__ import annotations

import re

import pytest

from local.bicep.template import Template
from local.bicep.values import Value
from tests.infra.conftest import FILES, resources_of

_SECRETS = re.compile(
    r"AccountKey|SharedAccessSignature|listAccountSas|listServiceSas|listSecrets|\.listKeys\(|\?sig=|primarySharedKey"
    r"|primaryKey|InstrumentationKey|(?i:password)"
)


def _at(value: Value, *path: str) -> Value:
    for name in path:
        assert isinstance(value, dict), path
        value = value[name]
    return value


def test_accounts_are_made_in_one_place_only(templates: dict[str, Template]) -> None:
    assert [file for file, _ in resources_of(templates, "Microsoft.Storage/storageAccounts")] == [
        "modules/account.bicep"
    ]


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("allowSharedKeyAccess", False),
        ("allowBlobPublicAccess", False),
        ("allowCrossTenantReplication", False),
        ("defaultToOAuthAuthentication", True),
        ("supportsHttpsTrafficOnly", True),
        ("minimumTlsVersion", "TLS1_2"),
    ],
)
def test_an_account_is_closed_to_all_but_identities_over_tls(
    templates: dict[str, Template], setting: str, wanted: Value
) -> None:
    ((_, account),) = resources_of(templates, "Microsoft.Storage/storageAccounts")
    assert _at(account.body["properties"], setting) == wanted


def test_a_closed_account_denies_what_no_rule_allows(templates: dict[str, Template]) -> None:
    ((_, account),) = resources_of(templates, "Microsoft.Storage/storageAccounts")
    properties = account.body["properties"]
    assert _at(properties, "networkAcls", "defaultAction") == "closed ? 'Deny' : 'Allow'"
    assert _at(properties, "publicNetworkAccess") == "closed && empty(allowedAddresses) ? 'Disabled' : 'Enabled'"


def test_what_was_deleted_can_be_brought_back(templates: dict[str, Template]) -> None:
    ((_, blobs),) = resources_of(templates, "Microsoft.Storage/storageAccounts/blobServices")
    for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        assert _at(blobs.body["properties"], policy) == {"enabled": True, "days": "softDeleteDays"}
    (files,) = [module for module in templates["modules/files.bicep"].modules if module.symbol == "account"]
    assert files.given["versioned"] is True


def test_no_container_can_be_read_by_anyone(templates: dict[str, Template]) -> None:
    kind = "Microsoft.Storage/storageAccounts/blobServices/containers"
    assert [_at(item.body["properties"], "publicAccess") for _, item in resources_of(templates, kind)] == ["None"]


def test_the_lake_alone_has_a_hierarchical_namespace(templates: dict[str, Template]) -> None:
    hierarchical = {
        name
        for name, template in templates.items()
        for module in template.modules
        if module.file == "account.bicep" and module.given.get("hierarchical")
    }
    assert hierarchical == {"modules/lake.bicep"}


def test_telemetry_is_taken_from_identities_only(templates: dict[str, Template]) -> None:
    ((_, component),) = resources_of(templates, "Microsoft.Insights/components")
    ((_, workspace),) = resources_of(templates, "Microsoft.OperationalInsights/workspaces")
    assert _at(component.body["properties"], "DisableLocalAuth") is True
    assert _at(workspace.body["properties"], "features", "disableLocalAuth") is True


def test_a_vault_goes_by_roles_and_cannot_be_purged(templates: dict[str, Template]) -> None:
    ((_, vault),) = resources_of(templates, "Microsoft.KeyVault/vaults")
    assert _at(vault.body["properties"], "enableRbacAuthorization") is True
    assert _at(vault.body["properties"], "enablePurgeProtection") is True


def test_a_vault_is_made_only_where_it_holds_a_certificate_or_a_secret(templates: dict[str, Template]) -> None:
    main = FILES["main.bicep"].read_text(encoding="utf-8")
    assert "module vault 'modules/vault.bicep' = if (withVault) {" in main
    assert templates["main.bicep"].variables["withVault"] == "erpAuth != 'managed_identity'"
    assert templates["main.bicep"].parameters["erpAuth"].value == "managed_identity"


@pytest.mark.parametrize("name", FILES)
def test_no_template_holds_or_asks_for_a_key_but_that_of_the_webhook(name: str, templates: dict[str, Template]) -> None:
    assert _SECRETS.findall(FILES[name].read_text(encoding="utf-8")) == []
    keys = [call.arguments[0] for call in templates[name].calls if call.function.startswith("list")]
    assert keys == (["'${app.id}/host/default'"] if name == "events.bicep" else [])


def test_the_key_of_the_webhook_never_becomes_an_output(templates: dict[str, Template]) -> None:
    assert templates["events.bicep"].outputs == {}


def _rules(templates: dict[str, Template]) -> str:
    files = templates["modules/files.bicep"]
    return "\n".join(str(files.variables[name]) for name in ("deletions", "archiving", "versions", "keptFor"))


def test_each_container_where_files_rest_has_its_lifecycle_and_landing_has_none(templates: dict[str, Template]) -> None:
    containers = templates["main.bicep"].variables["containers"]
    assert isinstance(containers, dict)
    assert set(re.findall(r"containers\.(\w+)", _rules(templates))) == set(containers) - {"landing"}


def test_the_archive_stays_readable_at_once(templates: dict[str, Template]) -> None:
    assert "tierToCold" in _rules(templates)
    assert "tierToArchive" not in _rules(templates), "reading it back takes hours, and a replay must work at once"


def test_nothing_rests_shorter_than_its_deletion_can_be_noticed(templates: dict[str, Template]) -> None:
    main = templates["main.bicep"].parameters
    for name in ("archiveDays", "rejectedDays", "outcomesDays", "softDeleteDays"):
        assert {"minValue"} <= main[name].decorators, name
