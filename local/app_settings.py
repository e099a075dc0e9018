"""The app's settings for a local run, and how to tell them from the rest of the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FEEDS = ROOT / "local" / "samples" / "feeds.yaml"

LANDING, ARCHIVE, REJECTED, OUTCOMES, LAKE = "landing", "archive", "rejected", "outcomes", "exports"
LEDGER_TABLE = "ledger"

#: Every setting of the app, and what Microsoft's identity library reads: none may come from the machine by chance.
OURS = re.compile(
    r"(D365|FILES|LEDGER|LAKE|AzureWebJobsStorage|APPLICATIONINSIGHTS|AZURE|IDENTITY|MSI)(_.*)?"
    r"|FEEDS_FILE|BOARD_.*|WEBSITE_.*|POLL_.*|EXPORT_.*|SWEEP_AFTER_SECONDS|TICK_.*|.*_CONTAINER|.*_SCHEDULE",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who the app signs in as at the simulator."""

    tenant_id: str
    client_id: str
    client_secret: str


def for_local_run(storage: str, erp_url: str, client: Client) -> dict[str, str]:
    """Settings of an app on Azurite (`storage` is its connection string) and on the simulator at `erp_url`.

    The schedules are brisk, so that a person sees files move; production's are in docs/settings.md.
    """
    return {
        **dict.fromkeys(("AzureWebJobsStorage", "FILES", "LEDGER", "LAKE"), storage),
        "LANDING_CONTAINER": LANDING,
        "ARCHIVE_CONTAINER": ARCHIVE,
        "REJECTED_CONTAINER": REJECTED,
        "OUTCOMES_CONTAINER": OUTCOMES,
        "LAKE_CONTAINER": LAKE,
        "LEDGER_TABLE": LEDGER_TABLE,
        "FEEDS_FILE": str(FEEDS),
        "POLL_SCHEDULE": "*/2 * * * * *",
        "EXPORT_SCHEDULE": "*/5 * * * * *",
        "PROMISES_SCHEDULE": "*/30 * * * * *",
        "POLL_INTERVAL_SECONDS": "1",
        "SWEEP_AFTER_SECONDS": "15",
        "D365_ENVIRONMENT": "local",
        "D365_BASE_URL": erp_url,
        "D365_AUTH": "local",
        "D365_TOKEN_URL": f"{erp_url}/{client.tenant_id}/oauth2/v2.0/token",
        "D365_TENANT_ID": client.tenant_id,
        "D365_CLIENT_ID": client.client_id,
        "D365_CLIENT_SECRET": client.client_secret,
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "BOARD_LOCAL_ROLE": "operator",
    }


def without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment less every setting of the app."""
    return {name: value for name, value in environ.items() if not OURS.fullmatch(name)}
