"""`python -m local.tables`: serve an empty table service on loopback until the end, and tell its connection string."""

from __future__ import annotations

import asyncio

from local.tables.service import TableService


async def _serve() -> None:
    async with TableService() as service:
        print(f"table service ready: {service.connection_string}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
