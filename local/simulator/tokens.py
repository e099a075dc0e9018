"""The sign-in service: v1 and v2 token endpoints, managed identity, discovery, and the check of a bearer token.

Tokens have the form of a JWT, are signed by the world that gave them, and end on the virtual clock.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .calls import WORLD, answered, base_url
from .clients import json_part
from .world import World

_IDENTITY_API = "2019-08-01"


def routes() -> list[web.RouteDef]:
    """Token endpoints and discovery."""
    return [
        web.post("/{tenant}/oauth2/v2.0/token", token_v2),
        web.post("/{tenant}/oauth2/token", token_v1),
        web.get("/msi/token", managed_identity),
        web.get("/{tenant}/v2.0/.well-known/openid-configuration", discovery),
    ]


async def token_v2(request: web.Request) -> web.StreamResponse:
    """Client credentials, v2: the scope is the environment's address and `/.default`."""
    form = await _form(request)
    scope, default, _ = form.get("scope", "").split(" ")[0].partition("/.default")

    def grant() -> web.Response:
        if not default:
            return _refusal("invalid_scope", "AADSTS1002012: The provided value for scope is not valid.", 400)
        return _grant(request, form, scope)

    return await answered(request, "token", grant)


async def token_v1(request: web.Request) -> web.StreamResponse:
    """Client credentials, v1: the resource is the environment's address."""
    form = await _form(request)
    return await answered(request, "token", lambda: _grant(request, form, form.get("resource", "")))


async def managed_identity(request: web.Request) -> web.StreamResponse:
    """The endpoint that App Service gives its apps; without client_id it is the default identity."""

    def grant() -> web.Response:
        world, query = request.app[WORLD], request.query
        client = query.get("client_id", world.managed_identity_client_id)
        if "X-IDENTITY-HEADER" not in request.headers or query.get("api-version") != _IDENTITY_API:
            return _refusal("invalid_request", "the identity header or the api-version is missing", 400)
        if client not in world.clients or "resource" not in query:
            return _refusal("invalid_request", "no such identity, or no resource", 400)
        return _token(world, client, query["resource"])

    return await answered(request, "token", grant)


async def discovery(request: web.Request) -> web.Response:
    """What MSAL reads before it asks for a token."""
    tenant = f"{base_url(request)}/{request.match_info['tenant']}"
    return web.json_response(
        {
            "issuer": f"{tenant}/v2.0",
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
        }
    )


async def _form(request: web.Request) -> Mapping[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _grant(request: web.Request, form: Mapping[str, str], audience: str) -> web.Response:
    world = request.app[WORLD]
    if request.match_info["tenant"].casefold() != world.tenant_id.casefold():
        return _refusal("invalid_request", "AADSTS90002: Tenant not found.", 400)
    if form.get("grant_type") != "client_credentials":
        return _refusal("unsupported_grant_type", "AADSTS70003: The grant type is not supported.", 400)
    client = world.clients.get(form.get("client_id", ""))
    if client is None:
        return _refusal("unauthorized_client", "AADSTS700016: Application was not found in the directory.", 400)
    if not client.proves_itself(form.get("client_secret", ""), form.get("client_assertion", "")):
        return _refusal("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
    return _token(world, client.client_id, audience)


def _refusal(error: str, description: str, status: int) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)


def _token(world: World, client: str, audience: str) -> web.Response:
    """`expires_in` and `expires_on` count from the machine's time: the libraries that read them know no other."""
    ends_at = world.clock.now() + world.token_lifetime
    claims = {"aud": audience, "appid": client, "exp": ends_at.timestamp(), "jti": uuid.uuid4().hex}
    seconds = int(world.token_lifetime.total_seconds())
    told = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    return web.json_response(
        {
            "token_type": "Bearer",
            "expires_in": str(seconds),
            "expires_on": str(int(time.time()) + seconds),
            "resource": audience,
            "access_token": f"{told}.{_signature(world, told)}",
        }
    )


def bearer_of(request: web.Request) -> tuple[int, str]:
    """(0, client ID) of a good token, else (status, ""): 401 token or audience, 403 not mapped, 302 on premises."""
    world = request.app[WORLD]
    if world.on_premises:
        return 302, ""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    told, _, signature = token.rpartition(".")
    if kind != "Bearer" or not hmac.compare_digest(signature.encode(), _signature(world, told).encode()):
        return 401, ""
    claims = json_part(token, 1)
    if claims["exp"] <= world.clock.now().timestamp() or claims["aud"] != base_url(request):
        return 401, ""
    return (0, str(claims["appid"])) if claims["appid"] in world.mapped_clients else (403, "")


def _signature(world: World, told: str) -> str:
    digest = hmac.new(world.signing_key, told.encode(errors="replace"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _encoded(told: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
