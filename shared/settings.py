"""App settings become one frozen Settings. Only wiring.py passes the real environment in.

docs/settings.md lists them all, and a test compares the two. The triggers' own %SETTING% expressions
(containers, schedules, connections) are resolved by the Functions host; those that the engine reads too stand here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from shared.errors import FaultyConfiguration

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
#: As long as the archive is kept at least (infra/main.bicep).
_SHORTEST_KEEP_DAYS = 90
_GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")


class AuthKind(StrEnum):
    """How the app signs in to F&O. The first is preferred; a secret is the last choice."""

    MANAGED_IDENTITY = "managed_identity"
    CERTIFICATE = "certificate"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - the name of a choice, not a secret
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConnection:
    """How to reach one storage account: by connection string (local), or by URI and managed identity (Azure)."""

    name: str
    connection_string: str = field(default="", repr=False)
    blob_uri: str = ""
    table_uri: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpSettings:
    """The F&O environment and how to sign in to it. `base_url` has no trailing slash."""

    environment: str
    base_url: str
    auth: AuthKind
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    certificate_path: str = ""
    token_url: str = ""
    authority: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> ErpSettings:
        """The settings of F&O alone, for a command that needs no storage. Raises FaultyConfiguration."""
        reader = _Reader(environ)
        settings = _erp(reader)
        if reader.faults:
            raise FaultyConfiguration("app settings (docs/settings.md)", reader.faults)
        return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the engine is told from outside, checked and typed."""

    erp: ErpSettings
    files: StorageConnection
    ledger: StorageConnection
    lake: StorageConnection
    lake_container: str
    landing_container: str
    archive_container: str
    rejected_container: str
    outcomes_container: str
    ledger_table: str
    feeds_file: str
    poll_interval: timedelta
    poll_interval_longest: timedelta
    sweep_after: timedelta
    tick_budget: timedelta
    tick_workers: int
    ledger_keep: timedelta

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read every app setting once. Raises FaultyConfiguration naming all that are wrong."""
        reader = _Reader(environ)
        settings = cls(
            erp=_erp(reader),
            files=_storage(reader, "FILES", "blobServiceUri"),
            ledger=_storage(reader, "LEDGER", "tableServiceUri"),
            lake=_storage(reader, "LAKE", "blobServiceUri"),
            lake_container=reader.text("LAKE_CONTAINER", "exports"),
            landing_container=reader.text("LANDING_CONTAINER", "landing"),
            archive_container=reader.text("ARCHIVE_CONTAINER", "archive"),
            rejected_container=reader.text("REJECTED_CONTAINER", "rejected"),
            outcomes_container=reader.text("OUTCOMES_CONTAINER", "outcomes"),
            ledger_table=reader.text("LEDGER_TABLE", "ledger"),
            feeds_file=reader.text("FEEDS_FILE", "feeds.yaml"),
            poll_interval=reader.seconds("POLL_INTERVAL_SECONDS", 30),
            poll_interval_longest=reader.seconds("POLL_INTERVAL_LONGEST_SECONDS", 900),
            sweep_after=reader.seconds("SWEEP_AFTER_SECONDS", 300),
            tick_budget=reader.seconds("TICK_BUDGET_SECONDS", 240),
            tick_workers=reader.whole("TICK_WORKERS", 8),
            ledger_keep=_ledger_keep(reader),
        )
        if reader.faults:
            raise FaultyConfiguration("app settings (docs/settings.md)", reader.faults)
        return settings


class _Reader:
    """Reads settings by name and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environ.get(name, "").strip()
        if not value and default is None:
            self.faults.append(f"{name}: missing")
        return value or default or ""

    def whole(self, name: str, default: int) -> int:
        value = self._environ.get(name, "").strip()
        if not value:
            return default
        if not value.isdecimal() or int(value) == 0:
            self.faults.append(f"{name}: {value!r} is not a whole number above 0")
            return default
        return int(value)

    def seconds(self, name: str, default: int) -> timedelta:
        return timedelta(seconds=self.whole(name, default))


def _ledger_keep(reader: _Reader) -> timedelta:
    days = reader.whole("LEDGER_KEEP_DAYS", 2557)
    if days < _SHORTEST_KEEP_DAYS:
        reader.faults.append(
            f"LEDGER_KEEP_DAYS: {days} is less than {_SHORTEST_KEEP_DAYS}; rows must outlive their files in the archive"
        )
    return timedelta(days=days)


def _erp(reader: _Reader) -> ErpSettings:
    auth = _auth(reader)
    needs = _NEEDS[auth] if auth else frozenset()

    def needed(name: str) -> str:
        return reader.text(name, None if name in needs else "")

    tenant_id, client_id = needed("D365_TENANT_ID"), needed("D365_CLIENT_ID")
    for name, value in (("D365_TENANT_ID", tenant_id), ("D365_CLIENT_ID", client_id)):
        if value and not _GUID.match(value):
            reader.faults.append(f"{name}: {value!r} is not a GUID")
    certificate, certificate_path = needed("D365_CERTIFICATE"), needed("D365_CERTIFICATE_PATH")
    if auth is AuthKind.CERTIFICATE and not (certificate or certificate_path):
        reader.faults.append("D365_CERTIFICATE: missing (or D365_CERTIFICATE_PATH, a file)")
    return ErpSettings(
        environment=reader.text("D365_ENVIRONMENT"),
        base_url=_base_url(reader),
        auth=auth or AuthKind.MANAGED_IDENTITY,
        tenant_id=tenant_id,
        client_id=client_id,
        client_secret=needed("D365_CLIENT_SECRET"),
        certificate=certificate,
        certificate_path=certificate_path,
        token_url=_token_url(reader, needed("D365_TOKEN_URL")),
        authority=reader.text("D365_AUTHORITY", "https://login.microsoftonline.com"),
    )


_NEEDS: dict[AuthKind, frozenset[str]] = {
    AuthKind.MANAGED_IDENTITY: frozenset(),
    AuthKind.CERTIFICATE: frozenset({"D365_TENANT_ID", "D365_CLIENT_ID"}),
    AuthKind.CLIENT_SECRET: frozenset({"D365_TENANT_ID", "D365_CLIENT_ID", "D365_CLIENT_SECRET"}),
    AuthKind.LOCAL: frozenset({"D365_TOKEN_URL", "D365_CLIENT_ID", "D365_CLIENT_SECRET"}),
}


def _auth(reader: _Reader) -> AuthKind | None:
    value = reader.text("D365_AUTH", AuthKind.MANAGED_IDENTITY.value)
    try:
        return AuthKind(value)
    except ValueError:
        reader.faults.append(f"D365_AUTH: {value!r} is none of {', '.join(AuthKind)}")
        return None


def _token_url(reader: _Reader, value: str) -> str:
    """A token endpoint of one's own: a secret goes there, so over http on this machine only."""
    parts = _split(value)
    if value and parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        reader.faults.append(f"D365_TOKEN_URL: {value!r} is neither https nor on this machine")
    return value


def _base_url(reader: _Reader) -> str:
    """The F&O host. https always, except on this machine: a token must never leave over http."""
    value = reader.text("D365_BASE_URL").rstrip("/")
    if not value:
        return value
    parts = _split(value)
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return value
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query:
        reader.faults.append(
            f"D365_BASE_URL: {value!r} is not the address of an environment, "
            "such as https://contoso.operations.dynamics.com"
        )
    return value


def _split(url: str) -> SplitResult:
    """The parts of a URL; of one that cannot be taken apart, none."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _storage(reader: _Reader, name: str, service: str) -> StorageConnection:
    connection = StorageConnection(
        name=name,
        connection_string=reader.text(name, ""),
        blob_uri=reader.text(f"{name}__blobServiceUri", ""),
        table_uri=reader.text(f"{name}__tableServiceUri", ""),
        client_id=reader.text(f"{name}__clientId", ""),
    )
    if not connection.connection_string and not reader.text(f"{name}__{service}", ""):
        reader.faults.append(f"{name}__{service}: missing (or {name}, a connection string, for local use)")
    return connection
