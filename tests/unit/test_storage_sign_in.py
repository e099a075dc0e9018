"""Who signs in to storage: the app's identity in Azure, on a person's machine whoever said `az login`."""

from __future__ import annotations

import pytest

from shared.adapters.storage_clients import blob_service, storage_token
from shared.errors import AccessRefused
from shared.settings import StorageConnection

IN_AZURE = StorageConnection(
    name="FILES", blob_uri="https://x.blob.core.windows.net", client_id="00000000-0000-4000-8000-00000000000a"
)


@pytest.mark.parametrize(
    ("endpoint", "kind"), [("http://127.0.0.1:1/msi", "ManagedIdentityCredential"), (None, "AzureCliCredential")]
)
def test_the_apps_identity_signs_in_where_the_platform_offers_one(
    monkeypatch: pytest.MonkeyPatch, endpoint: str | None, kind: str
) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    if endpoint:
        monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint)
    assert type(blob_service(IN_AZURE).credential).__name__ == kind


def test_who_signed_in_nowhere_is_told_to_and_not_that_rights_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AccessRefused, match="no identity to sign in with"):
        storage_token("")
