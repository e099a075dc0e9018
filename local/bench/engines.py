"""An engine on the bench's servers with a ledger of its own, signed in and connected before the clock starts."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

from local.bench.ground import QUICK, Ground

if TYPE_CHECKING:
    from shared.ports import Clock
    from shared.wiring import Engine


def fresh_table(ground: Ground) -> str:
    """The name of a new, empty table."""
    from azure.data.tables import TableServiceClient

    name = f"ledger{uuid.uuid4().hex[:12]}"
    with TableServiceClient.from_connection_string(ground.storage) as tables:
        tables.create_table(name)
    return name


def warm_engine(ground: Ground, table: str, clock: Clock | None = None) -> Engine:
    """An engine that has asked each service once, and whose log lines go nowhere, as on a host that samples them."""
    from shared.wiring import engine_from

    logging.getLogger("courier").setLevel(logging.CRITICAL)
    engine = engine_from(ground.settings(table), clock)
    engine.tick.polling.erp.report(QUICK, "warm")
    engine.ledger.read("quick.20261101.warm")
    engine.files.describe("landing", "warm")
    return engine
