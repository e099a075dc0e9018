"""Puts the check of a set-up together from the app settings; asked for by the command line and by the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from shared.adapters.d365.auth import TokenSource, credential_for
from shared.adapters.d365.certificate import certificate_ends_at
from shared.adapters.d365.probe import D365Probe
from shared.adapters.d365.transport import Transport
from shared.adapters.queue_probe import QueueProbe
from shared.adapters.storage_clients import blob_service, storage_token, table_service
from shared.adapters.storage_probe import StorageProbe
from shared.adapters.tables.exports import TableExports
from shared.adapters.tables.pace import TablePace
from shared.feeds.loading import load_feeds
from shared.feeds.offline import read_text
from shared.ports import Clock, PlaceProbe
from shared.services.people.connection_check import ConnectionCheck
from shared.settings import AuthKind, Settings


def connection_check(environ: Mapping[str, str], clock: Clock | None = None) -> ConnectionCheck:
    """The check of the given app settings. Raises FaultyConfiguration naming every fault, or NotReadable."""
    clock = clock or _utc_now
    settings = Settings.from_environ(environ)
    erp = settings.erp
    feeds = load_feeds(read_text(Path(settings.feeds_file)), environ, erp.environment, settings.feeds_file)
    tokens = TokenSource(f"{erp.base_url}/.default", lambda: credential_for(erp), clock)
    table = table_service(settings.ledger).get_table_client(settings.ledger_table)
    storage = StorageProbe(settings, blob_service(settings.files), blob_service(settings.lake), table)
    by_certificate = erp.auth is AuthKind.CERTIFICATE
    return ConnectionCheck(
        base_url=erp.base_url,
        feeds=feeds,
        erp=D365Probe(Transport(erp.base_url, tokens, clock), tokens),
        places=[storage, *_queues(environ)],
        pace=TablePace(table),
        exports=TableExports(table),
        clock=clock,
        certificate_ends_at=certificate_ends_at(erp) if by_certificate else None,
        has_secret=erp.auth is AuthKind.CLIENT_SECRET,
    )


def _queues(environ: Mapping[str, str]) -> list[PlaceProbe]:
    """The host's own queues, where it reaches them by identity."""
    uri, client_id = (environ.get(f"AzureWebJobsStorage__{name}", "") for name in ("queueServiceUri", "clientId"))
    return [QueueProbe(uri, lambda: storage_token(client_id))] if uri else []


def _utc_now() -> datetime:
    return datetime.now(UTC)
