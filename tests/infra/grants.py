"""The role assignments of roles.bicep as a table: who, which role, where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from local.bicep.template import Resource, Template

#: What an assignment's principal is called on the page, by the expression in the template.
WHO = {
    "identity.properties.principalId": "app",
    "topic.identity.principalId": "topic",
    "sender.id": "sender",
    "reader.id": "lake reader",
    "operator.id": "operator",
}
#: What a scope is called on the page.
WHERE = {
    "host": "host account",
    "files": "files account",
    "files::blobs::landing": "landing container",
    "files::blobs::outcomes": "outcomes container",
    "files::blobs::deadLetters": "deadletters container",
    "lake::blobs::exports": "exports container",
    "host::tables::ledger": "ledger table",
    "component": "Application Insights",
    "vault": "Key Vault",
    "": "resource group",
}


class Grant(NamedTuple):
    """One role for somebody somewhere, in the words of docs/deploy.md."""

    who: str
    role: str
    where: str


def grants(roles: Template) -> set[Grant]:
    """Every assignment, loops over roles unrolled."""
    return {grant for item in roles.resources if not item.existing for grant in _grants_of(item)}


def _grants_of(item: Resource) -> Iterator[Grant]:
    properties = item.body["properties"]
    assert isinstance(properties, dict)
    who, where = WHO[str(properties["principalId"])], WHERE[str(item.body.get("scope", ""))]
    role = re.sub(r".*, (\w+)\)$", r"\1", str(properties["roleDefinitionId"]))
    for name in re.findall(r"\w+", item.loop_over) if role == "role" else [role]:
        yield Grant(who, in_words(name), where)


def in_words(role: str) -> str:
    """storageBlobDataOwner -> Storage Blob Data Owner."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", role[0].upper() + role[1:])
