"""Poll cycle: everything that F&O has in process is asked for once, and stays in process.

The naive script looks for its open rows by their state, asks for one after the other and notes when it asked. The
limit is curl asking for the same statuses, as many at once as the engine, and writing nothing down.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

from local.bench import curl
from local.bench.due_jobs import later, lay_out
from local.bench.engines import warm_engine
from local.bench.ground import SLOW, Ground
from local.bench.requests_sent import RequestsSent


def lay_ground(ground: Ground, told: dict[str, Any]) -> dict[str, Any]:
    """The table that all sides look into."""
    return {"table": lay_out(ground, told["due"], told["finished"])}


class _Polling:
    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        self.ground = ground
        self.told = told
        self.sent = RequestsSent(ground)
        self.begin()

    def begin(self) -> None:
        """What is made once."""

    def prepare(self) -> None:
        """The stand-in takes its time over each status, as a remote one would."""
        self.ground.tell(f"service?seconds={self.told['service_seconds']}")
        self.sent.taken()


class Ours(_Polling):
    """The timer's own call, by a clock that makes every job due again."""

    def begin(self) -> None:
        """One engine for all runs."""
        self._now = later(0)
        self._runs = 0
        self._engine = warm_engine(self.ground, self.told["table"], self._clock)
        self._engine.ledger.turn("sweep", later(1_000_000), timedelta(0))  # no sweep falls into a run

    def prepare(self) -> None:
        """Time passes."""
        self._runs += 1
        self._now = later(self._runs)
        super().prepare()

    def run(self) -> dict[str, float]:
        """One tick."""
        report = self._engine.tick.run()
        if report.moved.total() != self.told["due"]:
            raise RuntimeError(f"looked at {report.moved} of {self.told['due']}")
        return self.sent.taken()

    def _clock(self) -> datetime:
        return self._now


class Naive(_Polling):
    """What one writes in an afternoon."""

    def run(self) -> dict[str, float]:
        """One job after the other."""
        import requests
        from azure.data.tables import TableClient

        table = TableClient.from_connection_string(self.ground.storage, self.told["table"])
        for row in list(table.query_entities("state eq 'RUNNING'")):
            url = f"{self.ground.erp_url}/api/connector/jobstatus/{row['activity_id']}?jobId={row['message_id']}"
            answer = requests.get(url, headers={"Authorization": "Bearer t"}, timeout=60)
            status = answer.json()["DataJobStatus"]["DataJobState"]
            table.update_entity({k: row[k] for k in ("PartitionKey", "RowKey")} | {"asked": str(status)})
        return self.sent.taken()


class Limit(_Polling):
    """curl for the statuses alone."""

    def run(self) -> dict[str, float]:
        """As many at once as the engine has workers."""
        ids = (f"84a383c8-336d-45e4-9933-{number:012}" for number in range(self.told["due"]))
        urls = [f"{self.ground.erp_url}/api/connector/jobstatus/{SLOW}?jobId={message_id}" for message_id in ids]
        curl.get_all(urls, os.devnull, at_once=8)
        return {}


SIDES = {"ours": Ours, "naive": Naive, "limit": Limit}
