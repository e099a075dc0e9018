"""Applications that may sign in, and the proofs that they bring."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Client:
    """An application: by secret, by a certificate's assertion, by both, or by neither (a managed identity)."""

    client_id: str
    secret: str | None = None
    takes_assertion: bool = False
    public_key_pem: str | None = None

    def proves_itself(self, secret: str, assertion: str) -> bool:
        """True when the secret fits, or the assertion is a JWT; signed by the client's key where that is known."""
        if secret:
            return self.secret is not None and hmac.compare_digest(secret.encode(), self.secret.encode())
        if not self.takes_assertion:
            return False
        if self.public_key_pem is None:
            return len(assertion.split(".")) == 3 and bool(json_part(assertion, 0)) and bool(json_part(assertion, 1))
        return _is_signed(assertion, self.public_key_pem, self.client_id)


def json_part(token: str, index: int) -> Mapping[str, Any]:
    """The header (0) or the claims (1) of a JWT, unverified; empty when it cannot be read."""
    try:
        part = token.split(".")[index]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_signed(assertion: str, public_key_pem: str, client_id: str) -> bool:
    import jwt

    try:
        claims = jwt.decode(
            assertion, public_key_pem, algorithms=["RS256", "PS256"], options={"verify_aud": False, "require": ["exp"]}
        )
    except jwt.InvalidTokenError:
        return False
    return bool(claims.get("iss") == claims.get("sub") == client_id)
