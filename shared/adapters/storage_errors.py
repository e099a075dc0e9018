"""What Azure Storage answers, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from shared.errors import AccessRefused, Terminal, Transient

_PASSING = {408, 429, 500, 502, 503, 504}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn an Azure SDK error inside into Transient, AccessRefused or Terminal. `what` names the call for people.

    The text of an SDK error may quote a URL with a signature, so it is not passed on: only status and code are.
    """
    try:
        yield
    except ClientAuthenticationError as error:
        raise AccessRefused(_refused(what) if error.response is not None else _nobody(what)) from error
    except HttpResponseError as error:
        raise _of_status(what, error) from error
    except AzureError as error:
        raise Transient(f"{what}: storage cannot be reached ({type(error).__name__})") from error


def _of_status(what: str, error: HttpResponseError) -> Transient | Terminal:
    status = error.status_code
    code = getattr(error, "error_code", None) or error.reason or ""
    if status == 403:
        return AccessRefused(_refused(what))
    if status is None or status in _PASSING:
        return Transient(f"{what}: storage answered {status} {code}")
    return Terminal(f"{what}: storage answered {status} {code}")


def _nobody(what: str) -> str:
    """Nothing was asked yet: there is nobody to sign in as."""
    return f"{what}: no identity to sign in with. In Azure assign the app's identity; on your machine say `az login`"


def _refused(what: str) -> str:
    return (
        f"{what}: storage refused the app's identity; give it the roles that docs/deploy.md lists, "
        "and check the account's network rules"
    )
