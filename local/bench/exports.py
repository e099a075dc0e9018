"""Export drain: all messages of a queue are taken, stored, read back and acknowledged.

The naive script holds each export in memory, stores it and acknowledges it without looking. The limit is curl moving
the same bytes to the same store, with neither queue nor record.
"""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Any

from local.bench import curl
from local.bench.engines import fresh_table, warm_engine
from local.bench.ground import EXPORTING, Ground
from local.bench.requests_sent import RequestsSent


class _Draining:
    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        self.ground = ground
        self.count: int = told["exports"]
        self.size_bytes: int = told["size_bytes"]
        self.sent = RequestsSent(ground)
        self.begin()

    def begin(self) -> None:
        """What is made once."""

    def prepare(self) -> None:
        """A full queue of contents that no run has seen."""
        self.mark = uuid.uuid4().hex[:8]
        self.ground.tell(f"offer?activity={EXPORTING}&mark={self.mark}&count={self.count}&size={self.size_bytes}")
        self.sent.taken()


class Ours(_Draining):
    """The timer's own call."""

    def begin(self) -> None:
        """One engine for all runs."""
        self._engine = warm_engine(self.ground, fresh_table(self.ground))

    def run(self) -> dict[str, float]:
        """One drain."""
        (report,) = self._engine.drain_exports()
        if report.acknowledged != self.count:
            raise RuntimeError(f"acknowledged {report.acknowledged} of {self.count}: {report.stopped}")
        return self.sent.taken()


class Naive(_Draining):
    """What one writes in an afternoon."""

    def run(self) -> dict[str, float]:
        """Until the queue is empty."""
        import requests
        from azure.storage.blob import BlobClient

        headers = {"Authorization": "Bearer t"}
        connector = f"{self.ground.erp_url}/api/connector"
        while True:
            answer = requests.get(f"{connector}/dequeue/{EXPORTING}", headers=headers, timeout=60)
            if answer.status_code == 204:
                return self.sent.taken()
            message = answer.json()
            content = requests.get(message["DownloadLocation"], headers=headers, timeout=300).content
            name = f"naive/{message['CorrelationId']}.zip"
            BlobClient.from_connection_string(self.ground.storage, "exports", name).upload_blob(content)
            requests.post(f"{connector}/ack/{EXPORTING}", json=message, headers=headers, timeout=60)


class Limit(_Draining):
    """curl: two processes for many small exports, a pipe for each large one."""

    def begin(self) -> None:
        """Where a client that cannot sign may write."""
        endpoint = dict(part.split("=", 1) for part in self.ground.storage.split(";") if part)["BlobEndpoint"]
        self._store = f"{endpoint}/exports"
        self._query = curl.signed_query(self.ground.storage)
        self._place = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)

    def run(self) -> dict[str, float]:
        """The bytes alone."""
        origins = [f"{self.ground.erp_url}/download/{self.mark}-{n:06}/{self.size_bytes}" for n in range(self.count)]
        targets = [f"{self._store}/limit/{self.mark}-{n:06}?{self._query}" for n in range(self.count)]
        headers = ["x-ms-blob-type: BlockBlob"]
        if self.count < 5:
            for origin, target in zip(origins, targets, strict=True):
                curl.pipe(origin, target, self.size_bytes, "PUT", headers)
            return {}
        place = Path(self._place.name).as_posix()
        curl.get_all(origins, f"{place}/{{}}")
        kept = [(target, f"{place}/{number}") for number, target in enumerate(targets)]
        curl.send_all("PUT", kept, headers, null=f"{place}/answer")
        return {}


SIDES = {"ours": Ours, "naive": Naive, "limit": Limit}
