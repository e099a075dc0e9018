"""A table service that answers questions only, from memory and by partition, as Azure's does.

Azurite looks at every row of a table for each query and takes a day to hold a million, so it cannot show what a past
costs. This knows the two filters that the questions use on keys, and the two on a state within a partition.
"""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from local.history.rows import Past

_PAGE = 1000
_POINT = re.compile(r"\(PartitionKey='(.*)',RowKey='(.*)'\)$")
_ONE = re.compile(r"PartitionKey eq '([^']*)'")
_RANGE = re.compile(r"PartitionKey ge '([^']*)' and PartitionKey lt '([^']*)'")
_STATE = re.compile(r"state (eq|ne) '([^']*)'")


class Rows:
    """Rows as JSON texts, by partition and in order."""

    def __init__(self, past: Past) -> None:
        held: dict[str, dict[str, bytes]] = defaultdict(dict)
        for batch in past.rows():
            for row in batch:
                held[row["PartitionKey"]][row["RowKey"]] = json.dumps(row).encode()
        self._held = {name: dict(sorted(rows.items())) for name, rows in held.items()}
        self._names = sorted(self._held)

    def point(self, partition: str, key: str) -> bytes | None:
        """One row."""
        return self._held.get(partition, {}).get(key)

    def found(self, question: str) -> Iterator[dict[str, Any]]:
        """The rows of a filter, in order."""
        state = _STATE.search(question)
        for name in self._partitions(question):
            for text in self._held.get(name, {}).values():
                row = json.loads(text)
                if state is None or (row.get("state") == state[2]) == (state[1] == "eq"):
                    yield row

    def _partitions(self, question: str) -> list[str]:
        if one := _ONE.search(question):
            return [one[1]]
        bounds = _RANGE.search(question)
        assert bounds, question
        return self._names[bisect_left(self._names, bounds[1]) : bisect_right(self._names, bounds[2])]


def main(arguments: list[str]) -> None:
    """Fill, tell the port, and answer until the end: files, feeds, files of a feed and day, newest day."""
    files, feeds, a_day, until = arguments
    rows = Rows(Past(files=int(files), feeds=int(feeds), a_day=int(a_day), until=date.fromisoformat(until)))

    class Doorbell(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, for the second would wait for the answer to the first

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if point := _POINT.search(unquote(parts.path)):
                found = rows.point(point[1], point[2])
                return self._tell(200 if found else 404, found or b'{"odata.error": {"code": "ResourceNotFound"}}')
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            return self._page(list(rows.found(asked["$filter"])), asked)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

        def _page(self, found: list[dict[str, Any]], asked: dict[str, str]) -> None:
            first = int(asked.get("NextRowKey", "0"))
            names = asked["$select"].split(",") if "$select" in asked else None
            told = [{name: row.get(name) for name in names} if names else row for row in found[first : first + _PAGE]]
            more = {"x-ms-continuation-NextPartitionKey": "x", "x-ms-continuation-NextRowKey": str(first + _PAGE)}
            self._tell(200, json.dumps({"value": told}).encode(), more if len(found) > first + _PAGE else {})

        def _tell(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            own = {"Content-Type": "application/json;odata=minimalmetadata", "Content-Length": str(len(body))}
            for name, value in (own | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Doorbell) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
