"""The service over HTTP, on loopback and a free port. Whoever reaches it is let in."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Self

from aiohttp import web

from local.tables import batches
from local.tables.addresses import change_of, named
from local.tables.filters import parsed
from local.tables.rows import Key, Refused, Rows

ACCOUNT = "local"
#: A page of an answer; Azure's has as many rows at most.
_PAGE = 1000
_LARGEST_BODY_BYTES = 8 * 1024 * 1024


class TableService:
    """Tables by name. Use it as an asynchronous context manager; `connection_string` is there inside."""

    def __init__(self) -> None:
        self.tables: dict[str, Rows] = {}
        self.connection_string = ""
        self._app = web.Application(client_max_size=_LARGEST_BODY_BYTES, middlewares=[_refusals])
        self._app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(self._app, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        _, port = self._runner.addresses[0]
        endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
        self.connection_string = (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey=bm9uZQ==;TableEndpoint={endpoint};"
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        if request.path.endswith("/$batch"):
            return self._batch(await request.read())
        if request.path.endswith("/Tables"):
            return self._create(json.loads(await request.read()))
        table, key = named(request.raw_path)
        rows = self._table(table)
        if request.method == "GET":
            return _row(rows, key, request) if key else _page(rows, request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        content = await request.read()
        _, change = change_of(request.method, request.raw_path, headers, json.loads(content) if content else {})
        version = rows.apply(change)
        return web.Response(status=204, headers={"ETag": version} if version else {})

    def _create(self, told: dict[str, Any]) -> web.Response:
        if told["TableName"] in self.tables:
            raise Refused(409, "TableAlreadyExists")
        self.tables[told["TableName"]] = Rows()
        return web.json_response(told, status=201)

    def _batch(self, body: bytes) -> web.Response:
        table, changes = batches.changes_in(body)
        try:
            kind, told = batches.done(self._table(table).all_or_none(changes))
        except Refused as refused:
            kind, told = batches.refused(refused.status, refused.code)
        return web.Response(status=202, body=told, headers={"Content-Type": kind})

    def _table(self, name: str) -> Rows:
        if name not in self.tables:
            raise Refused(404, "TableNotFound")
        return self.tables[name]


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        told = {"odata.error": {"code": refused.code, "message": {"lang": "en-US", "value": refused.code}}}
        return web.json_response(told, status=refused.status)


def _row(rows: Rows, key: Key, request: web.Request) -> web.Response:
    found = rows.point(key)
    if found is None:
        raise Refused(404, "ResourceNotFound")
    row = json.loads(found)
    told = _chosen(row, request)
    return web.Response(
        body=json.dumps(told).encode(), content_type="application/json", headers={"ETag": row["odata.etag"]}
    )


def _page(rows: Rows, request: web.Request) -> web.Response:
    span, fits = parsed(request.query.get("$filter", ""))
    after = (request.query.get("NextPartitionKey", ""), request.query.get("NextRowKey", ""))
    most = min(_PAGE, int(request.query.get("$top", _PAGE)))
    found, following = rows.found(span, fits, after, most)
    body = json.dumps({"value": [_chosen(row, request) for row in found]}).encode()
    more = {}
    if following is not None:
        more = {"x-ms-continuation-NextPartitionKey": following[0], "x-ms-continuation-NextRowKey": following[1]}
    return web.Response(body=body, content_type="application/json", headers=more)


def _chosen(row: dict[str, Any], request: web.Request) -> dict[str, Any]:
    names = request.query.get("$select", "")
    if not names:
        return row
    wanted = {*names.split(","), "odata.etag"}
    return {name: value for name, value in row.items() if name.partition("@")[0] in wanted}
