"""A feed: where its files come from, where they go, and what may happen on the way. Imports, and exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from shared.domain.bundle import Bundle
from shared.domain.pacing.windows import Hours, Spans
from shared.domain.template import Template
from shared.domain.watching.promises import Deadline

DEFAULT_PATH_RULE = "{feed}/{company}/{name}"
DEFAULT_PRIORITY = 5


class Shape(StrEnum):
    """What a feed's files are: one data file, or a data package (a zip with manifest)."""

    FILE = "file"
    PACKAGE = "package"


class Duplicate(StrEnum):
    """What becomes of a file whose content was sent before, in the same feed and legal entity."""

    SEND = "send"
    SKIP = "skip"
    HOLD = "hold"


class OrderBy(StrEnum):
    """What puts a feed's files in order: when they landed, their names, or the last number in their names."""

    LANDED = "landed"
    NAME = "name"
    NUMBER = "number"


class LostAnswer(StrEnum):
    """What may follow when a file was sent and no answer came back."""

    HOLD = "hold"
    RESEND = "resend"


class Checks(StrEnum):
    """What the check before sending rejects: what certainly fails, also what only may, or as little as it can."""

    CERTAIN = "certain"
    REJECT = "reject"
    WARN = "warn"


class SourceFormat(StrEnum):
    """Formats of data files. OTHER is one that the customer defined, of which nothing is known but its name."""

    CSV = "CSV"
    CSV_UNICODE = "CSV-Unicode"
    XML = "XML"
    EXCEL = "EXCEL"
    OTHER = "another format"
    UNDECLARED = ""


def source_format(name: str) -> SourceFormat:
    """The format behind the name of a source data format of F&O."""
    folded = name.strip().casefold()
    if folded in {"xml", "xml-element", "xml-attribute"}:
        return SourceFormat.XML
    return next((known for known in SourceFormat if known.value.casefold() == folded), SourceFormat.OTHER)


#: Failures were seen from 36 MB on, though no limit is documented.
WARN_SIZE_BYTES = 35_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed of this deployment.

    `entity` is the DMF label of a file feed ("Customer groups"), empty for packages, whose manifest names the
    entities. `company` is a fixed legal entity, else it comes from the path and must be among `companies`.
    `max_in_flight` bounds what the ERP has of this feed's activity at once; `overdue_after` counts from sending.
    Of all feeds with one `serial_key` F&O has one file at a time; empty for none.
    `send_between` are the hours in which it may send; None at any. A `paused` feed takes files in and sends none.
    When the caps bind, `priority` (0 to 9, 9 first) counts. Of its files the oldest by `order_by` goes first; with
    `is_strict` only when all before it, for its legal entity, were loaded.
    A content counts as a `duplicate` of one that was sent less than `duplicate_within` before.
    `data_project` is the name under which F&O lists the activity's executions; with it a lost answer is looked up.
    What the check before sending goes by: `file_format` and `columns` of a file feed, the labels in `entities` that
    packages may hold (empty: any), `warn_size_bytes`, and `checks`, which says what rejects.
    What is promised: a file by the deadline `expect`, all loaded by `loaded_by`, rows of each file within the band.
    With a `template` landed files are sent in a package made from it, those of a `bundle` together in one.
    """

    name: str
    activity_id: str
    shape: Shape
    entity: str = ""
    path_rule: str = DEFAULT_PATH_RULE
    company: str = ""
    companies: tuple[str, ...] = ()
    max_size_bytes: int
    max_in_flight: int
    overdue_after: timedelta
    lost_answer: LostAnswer = LostAnswer.HOLD
    data_project: str = ""
    priority: int = DEFAULT_PRIORITY
    order_by: OrderBy = OrderBy.LANDED
    is_strict: bool = False
    duplicate: Duplicate = Duplicate.SEND
    duplicate_within: timedelta = timedelta(days=30)
    serial_key: str = ""
    paused: bool = False
    send_between: Hours | None = None
    file_format: SourceFormat = SourceFormat.UNDECLARED
    columns: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    warn_size_bytes: int = WARN_SIZE_BYTES
    checks: Checks = Checks.CERTAIN
    expect: Deadline | None = None
    loaded_by: Deadline | None = None
    rows_min: int | None = None
    rows_max: int | None = None
    template: Template | None = None
    bundle: Bundle | None = None


class NoFile(StrEnum):
    """What to do with a message that carries no file (an export with zero records)."""

    ACKNOWLEDGE = "acknowledge"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFeed:
    """One export of this deployment: which queue, where in the lake, and what is expected of it.

    `lake` is the folder under the lake's container. `every` is the expected cadence, `rows_min` and `rows_max` the
    band in which a delivery's rows should lie; None means that nothing is expected.
    """

    name: str
    activity_id: str
    lake: str
    unpack: bool = True
    no_file: NoFile = NoFile.ACKNOWLEDGE
    every: timedelta | None = None
    rows_min: int | None = None
    rows_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBook:
    """All feeds of one deployment, and what its imports share. `version` is a hash of the file they stand in.

    `sends_per_minute` bounds the sends of all feeds together, None not at all; during `maintenance`, and while the
    whole is `paused`, nothing is sent.
    """

    environment: str
    max_in_flight: int
    feeds: Mapping[str, Feed]
    exports: Mapping[str, ExportFeed] = field(default_factory=dict)
    version: str = ""
    sends_per_minute: int | None = None
    paused: bool = False
    maintenance: tuple[Spans, ...] = ()

    def data_project_of(self, activity_id: str) -> str:
        """The data project of an activity, if one of its feeds names it; empty otherwise."""
        named = (feed.data_project for feed in self.feeds.values() if feed.activity_id == activity_id)
        return next(filter(None, named), "")
