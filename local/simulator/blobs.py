"""The blob store on the wire: signed URLs, no bearer wanted, and nothing given after the signature's end."""

from __future__ import annotations

from aiohttp import web

from .calls import WORLD, answered


def routes() -> list[web.RouteDef]:
    """Reading and writing by signed URL."""
    return [web.get("/blobs/{name}", read, allow_head=False), web.put("/blobs/{name}", write)]


async def read(request: web.Request) -> web.StreamResponse:
    """A file by its signed URL."""

    def effect() -> web.StreamResponse:
        content = request.app[WORLD].blobs.contents.get(request.match_info["name"])
        refused = _refusal(request)
        if refused or content is None:
            return web.Response(status=refused or 404)
        return web.Response(body=content, content_type="application/octet-stream")

    return await answered(request, "blob", effect)


async def write(request: web.Request) -> web.StreamResponse:
    """Put a package where GetAzureWriteUrl said, as a block blob."""
    body = await request.read()

    def effect() -> web.StreamResponse:
        refused = _refusal(request)
        if not refused and request.headers.get("x-ms-blob-type") != "BlockBlob":
            refused = 400
        if not refused:
            request.app[WORLD].blobs.contents[request.match_info["name"]] = body
        return web.Response(status=refused or 201)

    return await answered(request, "blob", effect)


def _refusal(request: web.Request) -> int:
    """400 to a bearer token, 403 to a signature that is wrong or has ended, else 0."""
    if "Authorization" in request.headers:
        return 400
    name, query = request.match_info["name"], request.query
    good = request.app[WORLD].blobs.opens(name, query.get("se", ""), query.get("sig", ""))
    return 0 if good else 403
