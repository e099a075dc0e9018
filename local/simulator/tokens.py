"""The sign-in service: v1 and v2 token endpoints, managed identity, and the check of a bearer token.

Tokens look like JWTs and are good until their expiry on the virtual clock. Nothing here is secure, nor meant to be.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from datetime import timedelta
from typing import Any

from aiohttp import web

from .calls import WORLD, answered
from .world import World


def routes() -> list[web.RouteDef]:
    """Token endpoints."""
    return [
        web.post("/{tenant}/oauth2/v2.0/token", token_v2),
        web.post("/{tenant}/oauth2/token", token_v1),
        web.get("/msi/token", managed_identity),
        web.get("/{tenant}/v2.0/.well-known/openid-configuration", discovery),
    ]


async def token_v2(request: web.Request) -> web.StreamResponse:
    """Client credentials, v2: the scope is the environment's address and `/.default`."""
    form = await request.post()
    scope = str(form.get("scope", "")).split(" ")[0]
    return await answered(request, "token", lambda: _grant(request, form, scope.removesuffix("/.default")))


async def token_v1(request: web.Request) -> web.StreamResponse:
    """Client credentials, v1: the resource is the environment's address."""
    form = await request.post()
    return await answered(request, "token", lambda: _grant(request, form, str(form.get("resource", ""))))


def _grant(request: web.Request, form: Any, audience: str) -> web.Response:
    world: World = request.app[WORLD]
    client = str(form.get("client_id", ""))
    secret_fits = form.get("client_secret") == world.client_secret
    if client != world.client_id or not (secret_fits or _is_assertion(form)):
        error = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
        return web.json_response(error, status=401)
    return _token_answer(world, client, audience)


def _is_assertion(form: Any) -> bool:
    """A certificate's assertion: any well-formed signed JWT does; the signature is not checked."""
    return str(form.get("client_assertion", "")).count(".") == 2


async def managed_identity(request: web.Request) -> web.StreamResponse:
    """The endpoint that App Service gives its apps (api-version 2019-08-01)."""

    def grant() -> web.Response:
        world: World = request.app[WORLD]
        if "X-IDENTITY-HEADER" not in request.headers:
            return web.json_response({"error": "no identity header"}, status=400)
        client = request.query.get("client_id", world.managed_identity_client_id)
        return _token_answer(world, client, request.query.get("resource", ""))

    return await answered(request, "token", grant)


async def discovery(request: web.Request) -> web.Response:
    """What MSAL reads before it asks for a token."""
    base = f"{request.scheme}://{request.host}/{request.match_info['tenant']}"
    return web.json_response(
        {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        }
    )


def _token_answer(world: World, client: str, audience: str) -> web.Response:
    """`expires_in` counts from the machine's time: the libraries that read it know no other."""
    ends_at = world.clock.now() + world.token_lifetime
    claims = {"aud": audience, "appid": client, "exp": ends_at.timestamp(), "jti": uuid.uuid4().hex}
    seconds = int(world.token_lifetime.total_seconds())
    return web.json_response(
        {
            "token_type": "Bearer",
            "expires_in": str(seconds),
            "expires_on": str(int(time.time()) + seconds),
            "resource": audience,
            "access_token": ".".join((_encoded({"alg": "none"}), _encoded(claims), "signature")),
        }
    )


def bearer_of(request: web.Request) -> tuple[int, str]:
    """(0, client ID) of a good token, else (status, "")."""
    world: World = request.app[WORLD]
    if world.on_premises:
        return 302, ""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    claims = _claims(token) if kind == "Bearer" else {}
    if not claims or claims["exp"] <= world.clock.now().timestamp():
        return 401, ""
    if claims["aud"] != f"{request.scheme}://{request.host}":
        return 401, ""
    if claims["appid"] not in world.mapped_clients:
        return 403, ""
    return 0, str(claims["appid"])


def _claims(token: str) -> dict[str, Any]:
    try:
        part = token.split(".")[1]
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return found if timedelta(seconds=found["exp"]) and "aud" in found and "appid" in found else {}
    except (IndexError, ValueError, KeyError, TypeError):
        return {}


def _encoded(told: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
