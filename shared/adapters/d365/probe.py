"""Questions to F&O that have no effect, for the check of a set-up: who am I to you, and do you take me?"""

from __future__ import annotations

import base64
import json
from email.utils import parsedate_to_datetime

import requests

from shared.adapters.d365 import wire
from shared.adapters.d365.auth import TokenSource
from shared.adapters.d365.transport import Transport
from shared.domain.connection import Answer, SignedIn

#: A message that no environment has.
_NO_MESSAGE = "00000000-0000-0000-0000-000000000000"


class D365Probe:
    """ErpProbe over HTTP. It tells of no fault as the app's calls do: a person is looking."""

    def __init__(self, transport: Transport, tokens: TokenSource) -> None:
        self._transport = transport
        self._tokens = tokens

    def sign_in(self) -> SignedIn:
        """See ErpProbe. What the token says is read, not verified: F&O does that."""
        return _said_by(self._tokens.bearer())

    def data(self) -> Answer:
        """GetMessageStatus of no message: an OData action that asks for no right but to be there."""
        path, body = wire.message_status_call(_NO_MESSAGE)
        return self._asked("POST", path, json=body)

    def activity(self, activity_id: str) -> Answer:
        """jobstatus of no message: the one call of the connector that neither sends nor takes."""
        return self._asked("GET", wire.job_status_path(activity_id, _NO_MESSAGE))

    def _asked(self, method: str, path: str, **options: object) -> Answer:
        token = self._tokens.bearer()
        try:
            answer = self._transport.request(method, path, token, **options)
        except requests.RequestException as error:
            return Answer(status=0, failure=type(error).__name__)
        dated = answer.headers.get("Date")
        return Answer(status=answer.status_code, dated_at=parsedate_to_datetime(dated) if dated else None)


def _said_by(token: str) -> SignedIn:
    """The claims of a JSON Web Token; nothing of a token of another kind."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return SignedIn(
            audience=str(claims.get("aud", "")),
            client_id=str(claims.get("appid") or claims.get("azp") or ""),
            tenant_id=str(claims.get("tid", "")),
        )
    except (IndexError, ValueError, AttributeError):
        return SignedIn()
