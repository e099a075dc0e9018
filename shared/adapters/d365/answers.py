"""What an HTTP answer of F&O, or its absence, means for the caller: one sentence and one branch of the error tree."""

from __future__ import annotations

from datetime import datetime

import requests

from shared.adapters.d365 import wire
from shared.errors import AccessRefused, AnswerLost, CourierError, Terminal, Throttled, Transient

#: Statuses after which the request may still have had its effect: the server broke, or something before it gave up.
_PASSING = {408, 425, 503}


#: The connector's calls, which name a recurring data job.
_OF_AN_ACTIVITY = {"enqueue", "jobstatus", "dequeue", "download", "ack"}


def refusal(response: requests.Response, call: str, now: datetime) -> CourierError:
    """The error that an answer other than 200 stands for. `call` names the call, e.g. `enqueue`."""
    status = response.status_code
    if status == 429:
        wait = wire.parse_retry_after(response.headers.get("Retry-After"), now)
        return Throttled(f"{call}: F&O asks to slow down (429)", wait)
    if 300 <= status < 400:
        return AccessRefused(
            f"{call}: F&O answered {status}, a redirect to sign-in. Check that D365_BASE_URL is the environment's "
            "own cloud host; on-premises environments do not offer this API"
        )
    if status == 403:
        return AccessRefused(
            f"{call}: F&O answered 403. Add the app's client ID under System administration > Setup > "
            "Microsoft Entra ID applications, mapped to an enabled user with data management rights"
        )
    if status in _PASSING:
        return Transient(
            f"{call}: F&O answered {status}", wire.parse_retry_after(response.headers.get("Retry-After"), now)
        )
    if status >= 500 or status < 300:
        return AnswerLost(_server_error(response, call))
    return Terminal(f"{call}: F&O refused it with {status}{_said(response)}{_advice(status)}")


def unauthorized(response: requests.Response, call: str) -> AccessRefused:
    """A 401 that a fresh token did not mend."""
    return AccessRefused(
        f"{call}: F&O answered 401 twice, the second time to a fresh token{_said(response)}. If other calls succeed, "
        "add the client ID to the recurring data job's authorization policy and enable it; else check "
        "D365_BASE_URL (the token's audience) and D365_TENANT_ID"
    )


def _server_error(response: requests.Response, call: str) -> str:
    text = f"{call}: F&O answered {response.status_code}{_said(response)}"
    if response.status_code == 500 and call in _OF_AN_ACTIVITY:
        text += "; an unknown activity ID is answered the same way, so check the feed's activity_id first"
    return text


def _said(response: requests.Response) -> str:
    words = wire.parse_error_text(response.text)
    return f" and said: {words}" if words else ""


def _advice(status: int) -> str:
    if status == 413:
        return ". The file is too large for this environment: split it and lower the feed's max_size"
    if status == 404:
        return ". Check D365_BASE_URL"
    return ""
