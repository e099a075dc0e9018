"""What senders and F&O's exports do in a soak: files with unique rows, their events or the lack of them, packages."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

from local.samples.package import Member, package
from local.soak.account import Landed
from local.soak.plan import COMPANIES, EXPORTS, FEEDS, SoakFeed

#: Files have few rows, so that a search for a lost answer finds several executions that look alike.
_MOST_ROWS = 6
#: Senders write many files at once now and then; a burst is longer than any cap.
_BURST_SHARE = 0.5
_FILES_IN_A_BURST = 60
_BURST_SECONDS = 0.5
_COLUMNS = {
    "Customer groups": ("CUSTOMERGROUPID", "DESCRIPTION"),
    "Vendor groups": ("VENDORGROUPID", "DESCRIPTION"),
    "Sales order headers V2": ("SALESORDERNUMBER", "ORDERINGCUSTOMERACCOUNTNUMBER"),
    "Vendor invoice header": ("HEADERREFERENCE", "INVOICENUMBER"),
}
#: How many events tell of a file: none for a lost one, more than one for duplicates.
_EVENT_COUNTS = (0, 1, 1, 1, 1, 1, 1, 2, 2, 3)
_LONGEST_EVENT_DELAY_SECONDS = 3
_REFUSABLE_SHARE = 0.03
_WITHOUT_FILE_SHARE = 0.1
_FILES_FOR_AN_EXPORT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A file that lands `at_seconds` (real) after the beginning, and how late each of its events is (real seconds)."""

    at_seconds: float
    file: Landed
    content: bytes
    event_delays_seconds: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export message that F&O makes `at_seconds` (real); None is one without a file."""

    at_seconds: float
    activity_id: str
    content: bytes | None


def drops(chance: random.Random, count: int, span_seconds: float) -> list[Drop]:
    """`count` files over a span, in order of time."""
    return [_drop(chance, number, at) for number, at in enumerate(sorted(_landing_times(chance, count, span_seconds)))]


def _landing_times(chance: random.Random, count: int, span_seconds: float) -> Iterator[float]:
    """Half of them evenly spread, half of them in bursts."""
    in_bursts = round(count * _BURST_SHARE)
    bursts = [chance.uniform(0, span_seconds) for _ in range(max(1, in_bursts // _FILES_IN_A_BURST))]
    for number in range(count):
        is_in_burst = number < in_bursts
        yield (
            chance.choice(bursts) + chance.uniform(0, _BURST_SECONDS)
            if is_in_burst
            else chance.uniform(0, span_seconds)
        )


def _drop(chance: random.Random, number: int, at_seconds: float) -> Drop:
    feed = chance.choices(FEEDS, [feed.share for feed in FEEDS])[0]
    refusable = chance.random() < _REFUSABLE_SHARE
    company = "ZZZZ" if refusable else chance.choice(COMPANIES)
    content = _content(chance, feed, number)
    extension = "csv" if feed.entity else "zip"
    landed = Landed(
        path=f"{feed.name}/{company}/soak {number:06}.{extension}",
        sha256=hashlib.sha256(content).hexdigest(),
        may_resend=feed.may_resend,
        refusable=refusable,
    )
    delays = tuple(chance.randint(0, _LONGEST_EVENT_DELAY_SECONDS) for _ in range(chance.choice(_EVENT_COUNTS)))
    return Drop(at_seconds=at_seconds, file=landed, content=content, event_delays_seconds=delays)


def _content(chance: random.Random, feed: SoakFeed, number: int) -> bytes:
    if feed.entity:
        return _csv(chance, feed.entity, number)
    members = [
        Member(entity=entity, content=_csv(chance, entity, number)) for entity in ("Customer groups", "Vendor groups")
    ]
    return package(feed.data_project, members)


def _csv(chance: random.Random, entity: str, number: int) -> bytes:
    """Rows that no other file has. One file in twenty has a row that F&O does not take, where the entity has such."""
    rows = [(f"{number:06}{row}", f"{chance.getrandbits(32):08x}") for row in range(chance.randint(2, _MOST_ROWS))]
    if entity == "Customer groups" and chance.random() < 0.05:
        rows[-1] = (rows[-1][0], "")
    return "".join(",".join(row) + "\r\n" for row in [_COLUMNS[entity], *rows]).encode()


def exports(chance: random.Random, files: int, span_seconds: float) -> list[Export]:
    """Export messages over a span, a few for so many files, in order of time."""
    count = max(len(EXPORTS), files // _FILES_FOR_AN_EXPORT)
    times = sorted(chance.uniform(0, span_seconds) for _ in range(count))
    return [_export(chance, number, at) for number, at in enumerate(times)]


def _export(chance: random.Random, number: int, at_seconds: float) -> Export:
    activity_id = chance.choice(list(EXPORTS.values()))
    if chance.random() < _WITHOUT_FILE_SHARE:
        return Export(at_seconds=at_seconds, activity_id=activity_id, content=None)
    member = Member(entity="Customer groups", content=_csv(chance, "Customer groups", number))
    return Export(at_seconds=at_seconds, activity_id=activity_id, content=package(f"export {number}", [member]))
