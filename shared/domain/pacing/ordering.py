"""Files of a feed in order: by what they are ordered, and which of them may go. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.domain.checks.findings import Finding
from shared.domain.feed import Feed, OrderBy
from shared.domain.job import Job, JobState, Source

#: Files that land within this span of each other are put in order before the first goes: events overtake each other.
SETTLE = timedelta(minutes=2)
#: A member without a job is a file whose intake died; the sweep takes it in well within this.
GHOST_KEPT = timedelta(hours=1)
_LONGEST_KEY = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in its group's queue. `key` sorts by the feed's order."""

    key: str
    job_id: str
    joined_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What stands before a file in its group, and the file itself if it has joined; in order.

    `last_number` is the highest number that has gone, None before the first.
    """

    last_number: int | None
    members: tuple[Member, ...]


def order_key(order_by: OrderBy, source: Source) -> str:
    """Text that sorts as the feed's files are to go; the same for every look at the same file."""
    landed = f"{source.landed_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}"
    match order_by:
        case OrderBy.LANDED:
            return f"{landed}.{_sortable(source.name)}"  # stores tell the time of landing to the second
        case OrderBy.NAME:
            return f"{_sortable(source.name)}.{landed}"
        case OrderBy.NUMBER:
            return f"{number_in(source.name) or 0:020}.{landed}"


def number_in(name: str) -> int | None:
    """The last number written in a file's name, its extension aside: 42 in `orders_2026-11-14_0042.csv`."""
    found = re.findall(r"[0-9]+", name.rpartition(".")[0] or name)
    return int(found[-1][-18:]) if found else None


def check_number(feed: Feed, name: str) -> list[Finding]:
    """The finding for a file without a number where the feed sends number after number."""
    if not feed.is_strict or feed.order_by is not OrderBy.NUMBER or number_in(name) is not None:
        return []
    advice = f"Feed {feed.name} sends number after number (order_by: number). Write the number into the file's name."
    return [Finding(rule="no-number", seen=name, advice=advice, feed=feed.name)]


def passes(job: Job) -> bool:
    """True when the files behind this one may go: it was loaded, left out, or a person let them past its end."""
    return job.state in {JobState.SUCCEEDED, JobState.SKIPPED} or _gave_way(job) or _let_past(job)


def counts_as_gone(job: Job) -> bool:
    """True when a passing file's number is done; a file that was overwritten leaves its number to the new one."""
    return not _gave_way(job)


def blocker_text(job: Job) -> str:
    """Why a file before this one holds it up, for people."""
    if job.is_final:
        return f"{job.source.name} before it ended {job.state}; a person releases it (job {job.job_id}), then this goes"
    return f"{job.source.name} before it is {job.state}"


def number_text(feed: Feed, job: Job, last_number: int | None) -> str:
    """Why a file's number may not go yet, or not unasked; empty when it is the next one, or the first of all."""
    number = number_in(job.source.name)
    if feed.order_by is not OrderBy.NUMBER or number is None or last_number is None or number == last_number + 1:
        return ""
    if number > last_number:
        return f"number {last_number + 1} has not landed"
    return f"number {number} came after its turn; a person releases or skips it"


def came_too_late(job: Job, last_number: int | None) -> bool:
    """True for a number that is not above the highest that has gone."""
    number = number_in(job.source.name)
    return number is not None and last_number is not None and number <= last_number


def settles_at(feed: Feed, job: Job, last_number: int | None) -> datetime:
    """When every file that should go before this one has surely come; a number after a number needs no waiting."""
    follows = feed.order_by is OrderBy.NUMBER and last_number is not None
    return job.source.landed_at if follows else job.source.landed_at + SETTLE


def _gave_way(job: Job) -> bool:
    return job.state is JobState.REJECTED and any(finding.rule == "overwritten" for finding in job.findings)


def _let_past(job: Job) -> bool:
    """A release before the end was for the job itself; one after it is for those behind it."""
    has_ended = job.is_final or job.state is JobState.IN_DOUBT
    return has_ended and job.released_at is not None and job.released_at >= job.changed_at


_SAFE: Mapping[int, str] = {ord(character): character for character in "abcdefghijklmnopqrstuvwxyz0123456789 -_."}


def _sortable(name: str) -> str:
    """A name as part of a row key: numbers sort by value, case does not count, odd characters are spelled out."""
    padded = re.sub(r"[0-9]+", lambda found: found[0].zfill(18), name.casefold())
    text = "".join(_SAFE.get(ord(character), f"={ord(character):05x}") for character in padded)
    if len(text) <= _LONGEST_KEY:
        return text
    return text[:_LONGEST_KEY] + hashlib.sha256(text.encode()).hexdigest()[:16]
