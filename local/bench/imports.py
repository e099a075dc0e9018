"""Import path: from the call of the trigger to the row that says ENQUEUED, files of one size.

The naive script has new clients for each file, reads it whole, and writes a row before and after. The limit moves the
same bytes from the same blobs to the same address with curl, and keeps no record of them.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from local.bench import curl
from local.bench.engines import fresh_table, warm_engine
from local.bench.ground import QUICK, Ground
from local.bench.requests_sent import RequestsSent

_ENQUEUE = f"/api/connector/enqueue/{QUICK}?entity=Customer%20groups&company=USMF"
_LINE = b"40,Wholesale customers,Net30\r\n"


def landed(ground: Ground, files: int, size_bytes: int, feed: str = "quick") -> list[str]:
    """Write so many new files of one size to landing; their paths."""
    from azure.storage.blob import BlobServiceClient

    mark = uuid.uuid4().hex[:8]
    paths = [f"{feed}/USMF/{mark}-{number:05}.csv" for number in range(files)]
    with BlobServiceClient.from_connection_string(ground.storage) as blobs:
        for path in paths:
            blobs.get_blob_client("landing", path).upload_blob(_lines(size_bytes), length=size_bytes)
    return paths


class _Landed:
    """Files in landing, written once and read by every run of a side."""

    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        self.ground = ground
        self.size_bytes: int = told["size_bytes"]
        self.at_once: int = told["at_once"]
        self.paths = landed(ground, told["files"], self.size_bytes)


def _lines(size_bytes: int) -> Iterator[bytes]:
    block = _LINE * (1024 * 1024 // len(_LINE))
    for offset in range(0, size_bytes, len(block)):
        yield block[: size_bytes - offset]


class Ours(_Landed):
    """The trigger's own call; small files as many at once as host.json lets the host start."""

    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        super().__init__(ground, told)
        self._sent = RequestsSent(ground)

    def prepare(self) -> None:
        """A ledger that has not seen the files."""
        self._engine = warm_engine(self.ground, fresh_table(self.ground))
        self._sent.taken()

    def run(self) -> dict[str, float]:
        """Every file's event."""
        with ThreadPoolExecutor(self.at_once) as pool:
            list(pool.map(lambda path: self._engine.file_landed("landing", path), self.paths))
        return self._sent.taken()


class Naive(_Landed):
    """What one writes in an afternoon."""

    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        super().__init__(ground, told)
        self._sent = RequestsSent(ground)

    def prepare(self) -> None:
        """A table for its rows."""
        self._table = fresh_table(self.ground)
        self._sent.taken()

    def run(self) -> dict[str, float]:
        """One file after the other."""
        for path in self.paths:
            import_one(self.ground, self._table, path)
        return self._sent.taken()


def import_one(ground: Ground, table: str, path: str) -> None:
    """The whole of the naive script."""
    import requests
    from azure.data.tables import TableClient
    from azure.storage.blob import BlobClient

    row = {"PartitionKey": "files", "RowKey": path.replace("/", "|"), "state": "sending"}
    TableClient.from_connection_string(ground.storage, table).create_entity(row)
    content = BlobClient.from_connection_string(ground.storage, "landing", path).download_blob().readall()
    url = ground.erp_url + _ENQUEUE
    answer = requests.post(url, data=content, headers={"Authorization": "Bearer t"}, timeout=300)
    answer.raise_for_status()
    row |= {"state": "sent", "message_id": answer.json()}
    TableClient.from_connection_string(ground.storage, table).update_entity(row)


class Limit(_Landed):
    """curl: two processes for many small files, a pipe for each large one."""

    def __init__(self, ground: Ground, told: dict[str, Any]) -> None:
        super().__init__(ground, told)
        query = curl.signed_query(ground.storage)
        endpoint = dict(part.split("=", 1) for part in ground.storage.split(";") if part)["BlobEndpoint"]
        self._origins = [f"{endpoint}/landing/{path}?{query}" for path in self.paths]
        self._target = ground.erp_url + _ENQUEUE
        self._place = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)

    def prepare(self) -> None:
        """Nothing to make ready."""

    def run(self) -> dict[str, float]:
        """The bytes alone."""
        if len(self.paths) < 5:
            for origin in self._origins:
                curl.pipe(origin, self._target, self.size_bytes, "POST")
            return {}
        place = Path(self._place.name)
        curl.get_all(self._origins, f"{place.as_posix()}/{{}}")
        kept = [(self._target, f"{place.as_posix()}/{number}") for number in range(len(self.paths))]
        curl.send_all("POST", kept, null=f"{place.as_posix()}/answer")
        return {}


SIDES = {"ours": Ours, "naive": Naive, "limit": Limit}
