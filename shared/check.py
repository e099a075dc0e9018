"""`python -m shared.check`: is everything set up that the app needs? Tries each door once, without an effect.

Uses the app's own settings and signs in like the app, so it tells the truth only where the app's identity is: in the
app itself, or on a machine with the same settings. Ends with 0 when nothing is to be mended, 1 when something is, 2
when settings or feeds are at fault.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from shared.adapters.d365.auth import TokenSource, credential_for
from shared.adapters.d365.certificate import certificate_ends_at
from shared.adapters.d365.probe import D365Probe
from shared.adapters.d365.transport import Transport
from shared.adapters.queue_probe import QueueProbe
from shared.adapters.storage_clients import blob_service, storage_token, table_service
from shared.adapters.storage_probe import StorageProbe
from shared.adapters.table_pace import TablePace
from shared.domain.connection import Checked, Verdict
from shared.errors import FaultyConfiguration
from shared.feeds.loading import load_feeds
from shared.feeds.offline import NotReadable, read_text
from shared.ports import Clock, PlaceProbe
from shared.services.connection_check import ConnectionCheck
from shared.settings import AuthKind, Settings
from shared.telemetry import quiet_libraries

GOOD, TO_MEND, WRONG = 0, 1, 2


def main(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Try everything, and tell it as it comes."""
    parser = argparse.ArgumentParser(prog="python -m shared.check", description=__doc__)
    parser.add_argument("--json", action="store_true", help="tell it as JSON")
    told = parser.parse_args(arguments)
    quiet_libraries()
    try:
        check = connection_check(environ)
    except (FaultyConfiguration, NotReadable) as fault:
        print(fault, file=sys.stderr)
        return WRONG
    seen = list(_shown(check.run(), as_json=told.json))
    return TO_MEND if any(each.verdict is Verdict.MEND for each in seen) else GOOD


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
        clock=clock,
        certificate_ends_at=certificate_ends_at(erp) if by_certificate else None,
        has_secret=erp.auth is AuthKind.CLIENT_SECRET,
    )


def _queues(environ: Mapping[str, str]) -> list[PlaceProbe]:
    """The host's own queues, where it reaches them by identity."""
    uri, client_id = (environ.get(f"AzureWebJobsStorage__{name}", "") for name in ("queueServiceUri", "clientId"))
    return [QueueProbe(uri, lambda: storage_token(client_id))] if uri else []


def _shown(seen: Iterator[Checked], as_json: bool) -> Iterator[Checked]:
    """Show each as it is known, and the sum at the end; JSON comes whole."""
    found = []
    for each in seen:
        found.append(each)
        if not as_json:
            print(f"{each.verdict.value:<5} {each.what}\n      {each.said}", flush=True)
        yield each
    if as_json:
        rows = [{"what": each.what, "verdict": each.verdict.value, "said": each.said} for each in found]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print(f"\n{_sum(Counter(each.verdict for each in found))}")


def _sum(count: Counter[Verdict]) -> str:
    parts = [f"{count[verdict]} {words}" for verdict, words in _WORDS.items() if count[verdict]]
    return ", ".join(parts) + "."


_WORDS = {Verdict.MEND: "to mend", Verdict.LOOK: "to look at", Verdict.GOOD: "in order"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
