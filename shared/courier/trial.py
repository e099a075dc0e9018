"""What would become of a file if it landed now: its place, its route, what the check finds, the request that is made.

Nothing is sent, and no setting is needed: what is not known stands in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from shared.adapters.d365 import wire
from shared.courier.dry_run import dry_run
from shared.domain.checks.findings import Finding, found, rejects
from shared.domain.feed import Feed, FeedBook
from shared.domain.job import Job
from shared.domain.pacing.admission import caps_of
from shared.domain.routing import Route, route
from shared.feeds.offline import NO_ACTIVITY_ID
from shared.ports import Content, Outgoing
from shared.services.submission import outgoing_of
from shared.settings import ErpSettings

NO_BASE_URL = "[D365_BASE_URL]"
#: What stands in an external ID where a landed file has the number of its attempt.
TRIAL_MARK = "try"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One file tried for one feed. `url` is whole; `headers` are all that go out but the token's.

    `content` is what would be sent; None for a file of a bundle, which goes with others in one package.
    """

    feed: Feed
    file: Path
    job: Job
    legal_entity: str
    findings: tuple[Finding, ...]
    outgoing: Outgoing
    content: Content | None
    url: str
    headers: Mapping[str, str]
    caps: Mapping[str, int]

    @property
    def is_fit(self) -> bool:
        """True when the file would be sent."""
        return not rejects(self.findings)

    @property
    def sent_as(self) -> str:
        """What goes out: the file or a package made of it."""
        if self.feed.bundle:
            return "with the other files of its bundle, in one data package"
        return "in a data package made from the feed's template" if self.feed.template else "as it is"


def trial_of(book: FeedBook, feed: Feed, path: Path, company: str, base_url: str, now: datetime) -> Trial:
    """Try a file as if it landed at `now` for that legal entity. Raises NotReadable."""
    run = dry_run(feed, path, now, company)
    routed = route(run.job.source.path, book.feeds.values())
    legal_entity = routed.legal_entity if isinstance(routed, Route) else ""
    job = replace(run.job, legal_entity=legal_entity)
    outgoing = replace(outgoing_of(job, feed), external_id=f"{job.job_id}.{TRIAL_MARK}")
    return Trial(
        feed=feed,
        file=path,
        job=job,
        legal_entity=legal_entity,
        findings=(*_of_route(routed, feed), *run.findings),
        outgoing=outgoing,
        content=run.content,
        url=base_url + _named(wire.enqueue_path(outgoing.activity_id, outgoing.entity, outgoing.legal_entity)),
        headers=wire.enqueue_headers(outgoing.external_id),
        caps={_named(name): most for name, most in caps_of(feed, book).items()},
    )


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
