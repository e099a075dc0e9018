"""Pages with forms: each carries a secret that a cookie holds as well, which no other site can read or set."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from shared.web.http import Answer, Refused, Request
from shared.web.pages import html
from shared.web.principal import Principal, Role

PREFIX = "/api/board"
_COOKIE = "courier-form"


def shown(name: str, request: Request, who: Principal, **told: object) -> Answer:
    """A page, with the secret of its forms in a cookie that only this site sends back."""
    secret = request.cookie(_COOKIE) or secrets.token_urlsafe(24)
    shared = {"who": who, "is_operator": who.role >= Role.OPERATOR, "secret": secret, "now": datetime.now(UTC)}
    cookie = f"{_COOKIE}={secret}; Path={PREFIX}; HttpOnly; SameSite=Strict" + (
        "; Secure" if _is_https(request) else ""
    )
    return html(name, {**shared, **told}, headers={"Set-Cookie": cookie})


def must_be_ours(request: Request, form: Mapping[str, str]) -> None:
    """The form was rendered here. Raises Refused where field and cookie do not hold the same secret."""
    kept = request.cookie(_COOKIE)
    fetched_from = request.headers.get("sec-fetch-site", "same-origin")
    if not kept or not hmac.compare_digest(kept.encode(), form.get("secret", "").encode()):
        raise Refused(403, "the form is not of this page, or too old; load the page again")
    if fetched_from not in {"same-origin", "none"}:
        raise Refused(403, "the form is not of this page")


def _is_https(request: Request) -> bool:
    return request.headers.get("x-forwarded-proto", "http") == "https"
