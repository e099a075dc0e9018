"""`python -m local.history.store FILES FEEDS A_DAY UNTIL`: a table service with that past in its table `ledger`."""

from __future__ import annotations

import asyncio
import sys
from datetime import date

from local.history.rows import Past
from local.tables.rows import Rows
from local.tables.service import TableService


async def main(arguments: list[str]) -> None:
    """Fill, tell the connection string, and answer until the end."""
    files, feeds, a_day, until = arguments
    past = Past(files=int(files), feeds=int(feeds), a_day=int(a_day), until=date.fromisoformat(until))
    async with TableService() as service:
        rows = service.tables["ledger"] = Rows()
        for batch in past.rows():
            for row in batch:
                rows.fill(row)
        print(service.connection_string, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
