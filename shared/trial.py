"""What would become of a file if it landed now: its place, its route, what the check finds, the request that is made.

Nothing is sent, and no setting is needed: what is not known stands in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from shared.adapters.d365 import wire
from shared.adapters.local_file import LocalFile
from shared.domain.admission import caps_of
from shared.domain.feed import Feed, FeedBook
from shared.domain.findings import Finding, found, rejects
from shared.domain.job import Source
from shared.domain.naming import business_date_of, job_id_of
from shared.domain.routing import Route, route
from shared.feeds.offline import NO_ACTIVITY_ID, NotReadable
from shared.ports import Content, Outgoing
from shared.services.packing import package_of
from shared.settings import ErpSettings
from shared.validate import findings_of

NO_BASE_URL = "[D365_BASE_URL]"
#: What stands in an external ID where a landed file has the number of its attempt.
TRIAL_MARK = "try"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One file tried for one feed. `url` is whole; `headers` are all that go out but the token's."""

    feed: Feed
    file: Path
    size_bytes: int
    sha256: str
    landing_path: str
    legal_entity: str
    findings: tuple[Finding, ...]
    content: Content
    outgoing: Outgoing
    url: str
    headers: Mapping[str, str]
    caps: Mapping[str, int]

    @property
    def is_fit(self) -> bool:
        """True when the file would be sent."""
        return not rejects(self.findings)


def trial_of(book: FeedBook, feed: Feed, path: Path, company: str, base_url: str, now: datetime) -> Trial:
    """Try a file as if it landed at `now` for that legal entity. Raises NotReadable."""
    where = landing_path(feed, path.name, company)
    routed = route(where, book.feeds.values())
    legal_entity = routed.legal_entity if isinstance(routed, Route) else ""
    findings = [*_of_route(routed, feed), *findings_of(feed, path)]
    file = _opened(path)
    sha256 = file.sha256
    source = Source(container="try", path=where, etag=sha256, size_bytes=file.size_bytes, landed_at=now)
    outgoing = Outgoing(
        activity_id=feed.activity_id,
        entity="" if feed.template else feed.entity,
        legal_entity=legal_entity,
        external_id=f"{job_id_of(feed.name, business_date_of(path.name, now), source)}.{TRIAL_MARK}",
    )
    return Trial(
        feed=feed,
        file=path,
        size_bytes=file.size_bytes,
        sha256=sha256,
        landing_path=where,
        legal_entity=legal_entity,
        findings=tuple(findings),
        content=file if rejects(findings) else _content(feed, file, source),
        outgoing=outgoing,
        url=base_url + _named(wire.enqueue_path(outgoing.activity_id, outgoing.entity, outgoing.legal_entity)),
        headers=wire.enqueue_headers(outgoing.external_id),
        caps={_named(name): most for name, most in caps_of(feed, book).items()},
    )


def _content(feed: Feed, file: LocalFile, source: Source) -> Content:
    """What is sent of a fit file: itself, or the package made of it; of a bundle's file the file, which is not sent."""
    if feed.template is None or feed.bundle:
        return file
    return package_of(feed, feed.template, source, file)


def landing_path(feed: Feed, name: str, company: str) -> str:
    """Where the file has to be written for this feed; for the feed's first legal entity when none is given."""
    company = company or feed.company or feed.companies[0]
    words = {"feed": feed.name, "company": company, "name": name}
    return re.sub(r"\{(\w+)\}", lambda hole: words.get(hole[1], hole[0]), feed.path_rule)


def production_doubt(erp: ErpSettings) -> str:
    """Why this may be a production environment; empty when its address shows that it is none.

    Sandboxes (tier 2 and up) have `sandbox` in their host's name, cloud-hosted developer machines `cloudax`.
    """
    host = urlsplit(erp.base_url).hostname or ""
    labels = host.split(".")
    if host in {"127.0.0.1", "localhost", "::1"}:
        return ""
    if re.search(r"prod|live", erp.environment, re.IGNORECASE):
        return f"D365_ENVIRONMENT is {erp.environment}"
    if "sandbox" in labels or "cloudax" in labels:
        return ""
    return f"nothing in the name of {host} says that it is a sandbox"


def _named(text: str) -> str:
    """The text with a word for the activity ID where its app setting is not there."""
    return text.replace(NO_ACTIVITY_ID, "[activity ID]")


def _of_route(routed: Route | Finding, feed: Feed) -> list[Finding]:
    if isinstance(routed, Finding):
        return [routed]
    if routed.feed.name != feed.name:
        return [found("no-feed", f"feed {routed.feed.name} takes this path before {feed.name} does", feed.name)]
    return []


def _opened(path: Path) -> LocalFile:
    try:
        return LocalFile(path)
    except OSError as error:
        raise NotReadable(f"{path} cannot be read: {error.strerror}") from error
