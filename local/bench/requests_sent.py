"""Counts the HTTP requests that this process sends, by the service that they go to. All clients are on http.client.

Counts have no noise: what they say of a design holds on any machine.
"""

from __future__ import annotations

import http.client
import re
from collections import Counter
from threading import Lock
from typing import Any

from local.bench.ground import Ground


class RequestsSent:
    """Counts from its making on; `taken` gives what came since it was last asked."""

    def __init__(self, ground: Ground) -> None:
        self._services = {
            int(port): name.lower() for name, port in re.findall(r"(\w+)Endpoint=http://[^:]+:(\d+)", ground.storage)
        }
        self._services[int(ground.erp_url.rpartition(":")[2])] = "erp"
        self._counts: Counter[str] = Counter()
        self._lock = Lock()
        self._watch("putrequest", "requests")
        self._watch("connect", "connections")

    def taken(self) -> dict[str, float]:
        """`{service}_requests` and `{service}_connections` since the last call."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return dict(counts)

    def _watch(self, method: str, what: str) -> None:
        beneath = getattr(http.client.HTTPConnection, method)

        def counted(connection: http.client.HTTPConnection, *arguments: Any, **options: Any) -> Any:
            service = self._services.get(connection.port or 0)  # azure-core writes batches to a connection of no host
            if service:
                with self._lock:
                    self._counts[f"{service}_{what}"] += 1
            return beneath(connection, *arguments, **options)

        setattr(http.client.HTTPConnection, method, counted)
