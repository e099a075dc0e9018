"""Who asks, and what they may: by the platform's authentication, which stands before the app.

App Service authentication checks the sign-in and passes on X-MS-CLIENT-PRINCIPAL. It strips that header from what comes
from outside, so it is trusted only where that authentication is on (WEBSITE_AUTH_ENABLED). Without it nobody gets in,
but on a laptop that BOARD_LOCAL_ROLE opens.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from shared.web.http import Refused, Request

_HEADER = "x-ms-client-principal"
_MARKS_OF_AZURE = ("WEBSITE_INSTANCE_ID", "WEBSITE_SITE_NAME", "WEBSITE_HOSTNAME", "WEBSITE_POD_NAME")


class Role(IntEnum):
    """What somebody may do: look, or look and act. An operator may all that a reader may."""

    READER = 1
    OPERATOR = 2


#: The app roles of the registration that App Service authentication uses (docs/deploy.md).
_ROLES = {"Courier.Reader": Role.READER, "Courier.Operator": Role.OPERATOR}


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who is signed in and has a role."""

    name: str
    role: Role


def principal_of(request: Request, environ: Mapping[str, str]) -> Principal:
    """Who asks. Raises Refused: 401 where nobody is signed in, 403 where somebody has no role."""
    if environ.get("WEBSITE_AUTH_ENABLED", "").lower() == "true":
        return _signed_in(request.headers.get(_HEADER, ""))
    local = environ.get("BOARD_LOCAL_ROLE", "").upper()
    if local in Role.__members__ and not any(environ.get(mark) for mark in _MARKS_OF_AZURE):
        return Principal("local", Role[local])
    raise Refused(401, "sign in first; the app's authentication is described in docs/deploy.md")


def must_be(principal: Principal, role: Role) -> None:
    """Raises Refused when somebody may not do what the role is for."""
    if principal.role < role:
        raise Refused(403, "this is for operators (app role Courier.Operator)")


def _signed_in(header: str) -> Principal:
    if not header:
        raise Refused(401, "sign in first")
    try:
        told = json.loads(base64.b64decode(header, validate=True))
        claims = [(str(claim["typ"]), str(claim["val"])) for claim in told["claims"]]
        role_types = {"roles", str(told.get("role_typ") or "roles")}
        name_types = ("preferred_username", str(told.get("name_typ") or "name"), "name", "appid", "azp")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(401, "sign in first") from error
    roles = [_ROLES[value] for kind, value in claims if kind in role_types and value in _ROLES]
    if not roles:
        raise Refused(403, "you are signed in and have none of the app's roles: Courier.Reader, Courier.Operator")
    named = dict(reversed(claims))
    return Principal(next((named[kind] for kind in name_types if kind in named), "unknown"), max(roles))
