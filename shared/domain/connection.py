"""What a look at F&O and at storage says about the set-up: one sentence each, with what to mend and where. Pure.

Which answer means what: 302 a wrong host or on premises, 401 everywhere the token's audience, 401 on the connector
alone the job's authorization policy (integrators' findings), 403 an application that no user stands behind, 500 on an
unknown activity ID (Microsoft's own client probes for it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: Entra ID and storage refuse what is dated five minutes off and more.
SKEW_TO_LOOK_AT, SKEW_TO_MEND = timedelta(minutes=1), timedelta(minutes=5)
#: A certificate or secret is told of so long before it ends.
TOLD_BEFORE_END = timedelta(days=30)

_USERS = "System administration > Setup > Microsoft Entra ID applications"
_POLICY = "Data management > the data project > Manage > Manage recurring data jobs > Set up authorization policy"


class Verdict(StrEnum):
    """What a person has to do about it: nothing, look, or mend."""

    GOOD = "ok"
    LOOK = "look"
    MEND = "mend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One thing that was looked at, and one sentence about it."""

    what: str
    verdict: Verdict
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer. `status` is 0 where none came, and `failure` then says why; `dated_at` is the server's clock."""

    status: int
    failure: str = ""
    dated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What an access token says of itself; empty where it cannot be read."""

    audience: str = ""
    client_id: str = ""
    tenant_id: str = ""


def of_token(told: SignedIn, base_url: str) -> Checked:
    """Of a token that was given."""
    asked, given = (url.rstrip("/").casefold() for url in (base_url, told.audience))
    if given and given != asked:
        return _mend("sign-in", f"the token is for {told.audience} and not for {base_url}: mend D365_BASE_URL")
    who = f" as client {told.client_id}" if told.client_id else ""
    where = f" of tenant {told.tenant_id}" if told.tenant_id else ""
    return _good("sign-in", f"signed in{who}{where}")


def of_refused_token(why: str) -> Checked:
    """Of a token that was not given."""
    return _mend("sign-in", why)


def of_data(answer: Answer, base_url: str) -> Checked:
    """Of a question to F&O that is no matter of one recurring data job."""
    what = "F&O"
    if answer.status == 0:
        why = f"{base_url} cannot be reached ({answer.failure}): check D365_BASE_URL and the app's way out (DNS, VNet)"
        return _mend(what, why)
    if 300 <= answer.status < 400:
        return _mend(
            what,
            f"{base_url} sends to a sign-in page ({answer.status}): D365_BASE_URL must be the environment's own "
            "cloud host; on-premises environments do not offer this API",
        )
    if answer.status == 401:
        return _mend(
            what,
            "F&O takes no token for this address (401): check D365_TENANT_ID, and that D365_BASE_URL is written as the "
            "environment's address is",
        )
    if answer.status == 403:
        return _mend(
            what, f"F&O knows no user for the app (403): add its client ID under {_USERS}, with an enabled user"
        )
    if answer.status == 429 or answer.status >= 502:
        return _look(what, f"F&O answers {answer.status} at the moment: ask again in some minutes")
    return _good(what, "takes the app's token")


def of_activity(feeds: Sequence[str], activity_id: str, answer: Answer, data: Verdict, has_gone: bool) -> Checked:
    """Of the connector, asked about a message that it cannot know. `data`: what `of_data` found for the same token.

    An activity ID that F&O does not know is answered with 500, and so may be the message: they cannot be told apart
    from outside. With `has_gone` files went by it before, which settles it.
    """
    what = f"activity {activity_id} ({', '.join(feeds)})"
    if data is Verdict.MEND:
        return _look(what, "not asked, for F&O does not let the app in")
    if answer.status == 401:
        why = (
            f"F&O takes the app and this recurring data job does not (401): add the client ID, enabled, under {_POLICY}"
        )
        return _mend(what, why)
    if answer.status == 403:
        return _mend(what, f"refused (403): the user under {_USERS} needs the rights of data management")
    if answer.status in {0, 429} or answer.status >= 502:
        return _look(what, f"no clear answer ({answer.failure or answer.status}): ask again in some minutes")
    if answer.status == 500 and not has_gone:
        return _look(
            what,
            "F&O answers 500, as it does for an activity ID that it does not know: compare the ID with the recurring "
            "data job's; the first file or delivery tells for certain",
        )
    return _good(what, "the connector takes the app" + (", and files went by it before" if has_gone else ""))


def of_clock(now: datetime, dated_at: datetime | None) -> Checked:
    """Of this machine's clock against the server's."""
    if dated_at is None:
        return _look("clock", "F&O's answer has no date")
    skew = abs(now - dated_at)
    seconds = round(skew.total_seconds())
    if skew >= SKEW_TO_MEND:
        return _mend("clock", f"{seconds} s off F&O's: sign-in and storage refuse that; set this machine's clock")
    if skew >= SKEW_TO_LOOK_AT:
        return _look("clock", f"{seconds} s off F&O's: sign-in and storage refuse five minutes and more")
    return _good("clock", "agrees with F&O's")


def of_place(what: str, role: str, failure: str) -> Checked:
    """Of a container, table or queue; `failure` is empty where every right that is needed is there."""
    if not failure:
        return _good(what, "can be used as the app needs it")
    return _mend(what, f"{failure}. It needs {role}")


def of_certificate(ends_at: datetime, now: datetime) -> Checked:
    """Of the certificate that the app signs in with."""
    day = f"{ends_at:%Y-%m-%d}"
    if ends_at <= now:
        return _mend(
            "certificate", f"ended on {day}: put a new one on the app registration and where D365_CERTIFICATE points"
        )
    if ends_at - now < TOLD_BEFORE_END:
        return _look("certificate", f"ends on {day}: put a new one on the app registration before that")
    return _good("certificate", f"is good until {day}")


def of_secret() -> Checked:
    """Of a client secret, whose end only Entra ID knows."""
    where = "Entra ID > App registrations > Certificates & secrets"
    return _look("client secret", f"its end cannot be read from here: look under {where}, or use a managed identity")


def _good(what: str, said: str) -> Checked:
    return Checked(what=what, verdict=Verdict.GOOD, said=said)


def _look(what: str, said: str) -> Checked:
    return Checked(what=what, verdict=Verdict.LOOK, said=said)


def _mend(what: str, said: str) -> Checked:
    return Checked(what=what, verdict=Verdict.MEND, said=said)
