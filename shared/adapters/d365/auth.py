"""Sign-in to F&O: one setting chooses the credential; tokens are kept and renewed before they expire.

Whatever the kind, the client ID of the identity must stand in two lists of F&O: "Microsoft Entra ID applications",
and the recurring data job's authorization policy. That F&O takes a managed identity is not confirmed by Microsoft.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from shared.errors import AccessRefused, Transient
from shared.ports import Clock
from shared.settings import AuthKind, ErpSettings

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

#: A token is renewed this long before it ends, so that a long upload does not begin with a dying one.
RENEW_BEFORE = timedelta(minutes=5)
_SIGN_IN_TIMEOUT_SECONDS = 30


class LocalCredential:
    """Client secret against a token endpoint of one's own (the simulator), over plain HTTP on this machine.

    azure-identity insists on https and on Entra ID's hosts, hence this one. Settings refuse it for a remote URL.
    """

    def __init__(self, token_url: str, client_id: str, client_secret: str) -> None:
        self._url = token_url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        """A token for the first scope. Raises AccessRefused or Transient."""
        from azure.core.credentials import AccessToken

        try:
            answer = requests.post(
                self._url,
                data={**self._form, "scope": scopes[0]},
                timeout=_SIGN_IN_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Transient("the token endpoint cannot be reached") from error
        if answer.status_code != 200:
            raise AccessRefused(
                f"sign-in: the token endpoint answered {answer.status_code}. "
                "Look at D365_CLIENT_ID, D365_CLIENT_SECRET and D365_TOKEN_URL"
            )
        told = answer.json()
        return AccessToken(told["access_token"], int(time.time()) + int(told["expires_in"]))


def credential_for(erp: ErpSettings, **options: Any) -> TokenCredential:
    """A credential of the kind that the settings choose. `options` go to azure-identity (tests pass a transport)."""
    from azure import identity

    match erp.auth:
        case AuthKind.MANAGED_IDENTITY:
            return identity.ManagedIdentityCredential(client_id=erp.client_id or None, **options)
        case AuthKind.CERTIFICATE:
            given = {"certificate_data": certificate_bytes(erp.certificate)} if erp.certificate else {}
            return identity.CertificateCredential(
                erp.tenant_id, erp.client_id, erp.certificate_path or None, authority=erp.authority, **given, **options
            )
        case AuthKind.CLIENT_SECRET:
            return identity.ClientSecretCredential(
                erp.tenant_id, erp.client_id, erp.client_secret, authority=erp.authority, **options
            )
        case AuthKind.LOCAL:
            return LocalCredential(erp.token_url, erp.client_id, erp.client_secret)


def certificate_bytes(text: str) -> bytes:
    """A certificate with its private key as a setting holds it: PEM, or a PFX in base64, as Key Vault gives it out.

    Raises ValueError for anything else, such as a Key Vault reference that the platform could not resolve.
    """
    if "-----BEGIN" in text:
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError(
            "D365_CERTIFICATE is neither PEM nor a PFX in base64. In Azure: is its Key Vault reference resolved"
        ) from None


class TokenSource:
    """Bearer tokens for one F&O environment. Thread-safe."""

    def __init__(self, scope: str, new_credential: Callable[[], TokenCredential], clock: Clock) -> None:
        """`new_credential` is called anew after a refusal: a credential would return the refused token."""
        self._scope = scope
        self._new_credential = new_credential
        self._clock = clock
        self._credential: TokenCredential | None = None
        self._token = ""
        self._renew_at: datetime | None = None
        self._lock = threading.Lock()

    def bearer(self, refused: str = "") -> str:
        """A valid token, other than the one just `refused`.

        Raises:
            AccessRefused: sign-in failed; the message says what to look at.
            Transient: the sign-in service cannot be reached.
        """
        with self._lock:
            if refused and refused == self._token:
                self._credential, self._renew_at = None, None
            if self._renew_at is None or self._clock() >= self._renew_at:
                self._renew()
            return self._token

    def _renew(self) -> None:
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from azure.identity import CredentialUnavailableError

        try:
            self._credential = self._credential or self._new_credential()
            token = self._credential.get_token(self._scope)
        except (ClientAuthenticationError, CredentialUnavailableError, ValueError, OSError) as error:
            self._credential = None
            raise AccessRefused(_sign_in_failed(error)) from error
        except AzureError as error:
            raise Transient(f"the sign-in service cannot be reached ({type(error).__name__})") from error
        ends_at = datetime.fromtimestamp(token.expires_on, tz=self._clock().tzinfo)
        self._token, self._renew_at = token.token, ends_at - RENEW_BEFORE


def _sign_in_failed(error: Exception) -> str:
    """The first line of the failure; Entra ID puts its error code there and no secret."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    return (
        f"sign-in to F&O failed: {first}. Look at D365_AUTH and its settings: tenant, client ID, "
        "and whether secret or certificate have expired"
    )
