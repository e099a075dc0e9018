"""App settings: read once, all faults at once, nothing secret in the message."""

from datetime import timedelta

import pytest

from shared.errors import FaultyConfiguration
from shared.settings import AuthKind, Settings

GUID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
GOOD = {
    "D365_ENVIRONMENT": "test",
    "D365_BASE_URL": "https://contoso.sandbox.operations.dynamics.com/",
    "FILES__blobServiceUri": "https://files.blob.core.windows.net",
    "LAKE__blobServiceUri": "https://lake.blob.core.windows.net",
    "LEDGER__tableServiceUri": "https://host.table.core.windows.net",
}


def _faults(environ: dict[str, str]) -> str:
    with pytest.raises(FaultyConfiguration) as caught:
        Settings.from_environ(environ)
    return str(caught.value)


def test_the_least_that_azure_needs_is_enough_and_means_managed_identity() -> None:
    settings = Settings.from_environ(GOOD)
    assert settings.erp.auth is AuthKind.MANAGED_IDENTITY
    assert settings.erp.base_url == "https://contoso.sandbox.operations.dynamics.com"
    assert settings.landing_container == "landing"


def test_an_empty_environment_names_everything_that_is_missing_at_once() -> None:
    text = _faults({})
    for name in ("D365_ENVIRONMENT", "D365_BASE_URL", "FILES__blobServiceUri", "LEDGER__tableServiceUri"):
        assert name in text


def test_three_faults_are_three_sentences() -> None:
    text = _faults({**GOOD, "POLL_INTERVAL_SECONDS": "2m", "D365_AUTH": "password", "TICK_WORKERS": "0"})
    assert text.startswith("app settings (docs/settings.md) has 3 faults")
    assert "POLL_INTERVAL_SECONDS: '2m' is not a whole number above 0" in text
    assert "D365_AUTH: 'password' is none of managed_identity" in text


@pytest.mark.parametrize(
    "url",
    [
        "http://contoso.operations.dynamics.com",
        "contoso.operations.dynamics.com",
        "https://contoso.operations.dynamics.com/data",
        "http://127.0.0.1.evil.example",
        "https://[bad",
    ],
)
def test_a_token_never_leaves_over_http_or_to_a_path(url: str) -> None:
    assert "D365_BASE_URL" in _faults({**GOOD, "D365_BASE_URL": url})


def test_plain_http_is_for_this_machine_only() -> None:
    local = {**GOOD, "D365_BASE_URL": "http://127.0.0.1:8080"}
    assert Settings.from_environ(local).erp.base_url == "http://127.0.0.1:8080"


def test_a_secret_never_leaves_over_http() -> None:
    local = {**GOOD, "D365_AUTH": "local", "D365_CLIENT_ID": GUID, "D365_CLIENT_SECRET": "s3cret"}
    text = _faults({**local, "D365_TOKEN_URL": "http://login.example/token"})
    assert "D365_TOKEN_URL" in text
    assert "s3cret" not in text
    for good in ("http://127.0.0.1:1/token", "https://login.example/token"):
        assert Settings.from_environ({**local, "D365_TOKEN_URL": good}).erp.token_url == good


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("client_secret", ["D365_TENANT_ID", "D365_CLIENT_ID", "D365_CLIENT_SECRET"]),
        ("certificate", ["D365_TENANT_ID", "D365_CLIENT_ID", "D365_CERTIFICATE"]),
        ("local", ["D365_TOKEN_URL", "D365_CLIENT_ID", "D365_CLIENT_SECRET"]),
    ],
)
def test_each_kind_of_sign_in_names_the_settings_it_needs(kind: str, missing: list[str]) -> None:
    text = _faults({**GOOD, "D365_AUTH": kind})
    for name in missing:
        assert f"{name}: missing" in text


def test_rows_are_kept_for_as_long_as_the_archive_is_at_least() -> None:
    assert "LEDGER_KEEP_DAYS: 30 is less than 90" in _faults({**GOOD, "LEDGER_KEEP_DAYS": "30"})
    assert Settings.from_environ({**GOOD, "LEDGER_KEEP_DAYS": "400"}).ledger_keep == timedelta(days=400)


def test_an_id_that_is_no_guid_is_told() -> None:
    text = _faults({**GOOD, "D365_AUTH": "client_secret", "D365_TENANT_ID": "contoso", "D365_CLIENT_ID": GUID})
    assert "D365_TENANT_ID: 'contoso' is not a GUID" in text


def test_no_secret_stands_in_what_the_settings_show_of_themselves() -> None:
    told = {**GOOD, "FILES": "AccountName=x;AccountKey=hidden", "D365_CLIENT_SECRET": "hidden"}
    told |= {"D365_CERTIFICATE": "hidden"}
    assert "hidden" not in repr(Settings.from_environ(told))
