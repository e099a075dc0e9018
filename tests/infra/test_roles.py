"""Who may do what: one file, known GUIDs, enough for what the code calls, and no more than the page says."""

from __future__ import annotations

import re

import pytest

from local.bicep.template import Template
from tests.infra.app_code import storage_connections, triggers
from tests.infra.conftest import ROOT, resources_of
from tests.infra.grants import Grant, grants, in_words

#: Microsoft's built-in roles, from the source of its own Bicep modules; the same GUIDs in every tenant.
BUILT_IN = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageBlobDataContributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "storageBlobDataReader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "storageTableDataReader": "76199698-9eea-4c19-bc75-cec21354c6b6",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "monitoringReader": "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
    "keyVaultSecretsUser": "4633458b-17de-408a-b874-0445c86b69e6",
}
#: Each service a storage connection of the engine opens: where its account is, and the roles that let it write there.
ENOUGH_FOR = {
    ("FILES", "blobServiceUri"): ("files account", {"Storage Blob Data Owner", "Storage Blob Data Contributor"}),
    ("LEDGER", "tableServiceUri"): ("host account", {"Storage Table Data Contributor"}),
    ("LAKE", "blobServiceUri"): ("exports container", {"Storage Blob Data Owner", "Storage Blob Data Contributor"}),
}


@pytest.fixture(scope="session")
def roles(templates: dict[str, Template]) -> Template:
    return templates["modules/roles.bicep"]


def test_every_assignment_is_in_one_file(templates: dict[str, Template]) -> None:
    found = {file for file, _ in resources_of(templates, "Microsoft.Authorization/roleAssignments")}
    assert found == {"modules/roles.bicep"}


def test_every_role_has_the_guid_that_microsoft_gave_it(roles: Template) -> None:
    assert roles.variables == BUILT_IN


def test_a_guid_stands_nowhere_but_beside_its_name(templates: dict[str, Template]) -> None:
    guid = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
    for name, template in templates.items():
        found = guid.findall(template.path.read_text(encoding="utf-8"))
        assert sorted(found) == (sorted(BUILT_IN.values()) if name == "modules/roles.bicep" else []), name


def test_an_assignments_name_follows_from_what_it_says(roles: Template) -> None:
    for item in roles.resources:
        if item.existing:
            continue
        scope = str(item.body.get("scope", "resourceGroup()"))
        role = re.sub(r".*, (\w+)\)$", r"\1", str(item.body["properties"]["roleDefinitionId"]))
        assert re.fullmatch(rf"guid\({re.escape(scope)}\.id, \w+\.id, {role}\)", str(item.body["name"])), item.symbol
        assert item.body["properties"]["principalType"] in {
            "ServicePrincipal",
            "sender.type",
            "reader.type",
            "operator.type",
        }


@pytest.mark.parametrize("connection", sorted(storage_connections()))
def test_the_app_may_write_wherever_the_engine_has_a_connection(roles: Template, connection: tuple[str, str]) -> None:
    where, any_of = ENOUGH_FOR[connection]
    assert {Grant("app", role, where) for role in any_of} & grants(roles)


def test_the_app_may_do_what_the_functions_host_does_for_its_triggers(roles: Template) -> None:
    kinds = {trigger["type"] for trigger in triggers().values()}
    assert kinds <= {"blobTrigger", "timerTrigger", "httpTrigger"}, "a new kind of trigger may need a role"
    needed = {
        Grant("app", "Storage Blob Data Owner", "host account"),  # package, locks of timers, keys
        Grant("app", "Storage Queue Data Contributor", "host account"),  # the blob trigger's queue
        Grant("app", "Storage Blob Data Owner", "files account"),  # the blob trigger's connection
        Grant("app", "Storage Queue Data Contributor", "files account"),  # the blob trigger's poison queue
        Grant("app", "Monitoring Metrics Publisher", "Application Insights"),
        Grant("topic", "Storage Blob Data Contributor", "deadletters container"),
    }
    assert needed <= grants(roles)


def test_people_and_senders_change_nothing_but_what_lands(roles: Template) -> None:
    writers = {grant for grant in grants(roles) if grant.who not in {"app", "topic"} and "Reader" not in grant.role}
    assert writers == {Grant("sender", "Storage Blob Data Contributor", "landing container")}


def test_the_page_on_deployment_lists_every_role_and_no_other(roles: Template) -> None:
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    names = "|".join(in_words(name) for name in BUILT_IN)
    listed = {Grant(*row) for row in re.findall(rf"^\| ([\w ]+) \| ({names}) \| ([\w ]+) \|", page, re.MULTILINE)}
    assert listed == grants(roles)
