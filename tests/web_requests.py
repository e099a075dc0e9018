"""Requests to the page and the API, as somebody signed in by the platform, or as nobody."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from shared.web import api, board
from shared.web.http import Answer, Request
from shared.wiring import Engine

AZURE = {"WEBSITE_AUTH_ENABLED": "True", "WEBSITE_SITE_NAME": "courier"}
READER, OPERATOR = "Courier.Reader", "Courier.Operator"


def principal(*roles: str, name: str = "ada@contoso.com") -> dict[str, str]:
    """The header that App Service authentication adds."""
    claims = [{"typ": "preferred_username", "val": name}, *({"typ": "roles", "val": role} for role in roles)]
    told = {"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"}
    return {"x-ms-client-principal": base64.b64encode(json.dumps(told).encode()).decode()}


class Visitor:
    """A browser without JavaScript, or a script: keeps cookies, follows nothing by itself."""

    def __init__(self, engine: Engine, *roles: str, environ: Mapping[str, str] = AZURE) -> None:
        self._engine = engine
        self._headers = principal(*roles) if roles else {}
        self._environ = environ
        self.cookie = ""

    def get(self, url: str, **headers: str) -> Answer:
        """A page or a call, by the URL that a person would type."""
        return self._ask("GET", url, b"", headers)

    def post(self, url: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """A form."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self._ask("POST", url, urlencode(fields).encode(), {**kind, **headers})

    def call(self, url: str, told: object) -> Answer:
        """A call of the API with a JSON body."""
        return self._ask("POST", url, json.dumps(told).encode(), {"content-type": "application/json"})

    def submit(self, page: Answer, action: str, /, **fields: str) -> Answer:
        """Fill in the form of a page that leads to `action`."""
        text = page.body.decode()
        form = re.search(rf'<form action="(/api/board/[^"]*{action})".*?</form>', text, re.DOTALL)
        assert form, f"the page has no form for {action}"
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
        return self.post(form[1], {**hidden, **fields})

    def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        answering: Callable[..., Answer] = board.answer if parts.path.startswith("/api/board") else api.answer
        request = Request(
            method=method,
            path=re.sub(r"^/api/(board|v1)/?", "", parts.path),
            query=dict(parse_qsl(parts.query)),
            headers={**self._headers, "cookie": self.cookie, **headers},
            body=body,
        )
        told = answering(lambda: self._engine, request, self._environ)
        self.cookie = told.headers.get("Set-Cookie", self.cookie).partition(";")[0]
        return told
