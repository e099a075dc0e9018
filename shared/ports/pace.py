"""What all instances share about when a file may go: pace, contents sent before, order, promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Protocol

from shared.domain.duplicate import ContentClaim
from shared.domain.job import Job
from shared.domain.pacing.ordering import Member, Queue
from shared.domain.pacing.pace import EnvironmentPace, FeedPace, Standing
from shared.domain.watching.balance import DayBalance
from shared.domain.watching.history import ActivityPace
from shared.domain.watching.promises import PromiseRecord


class PaceLedger(Protocol):
    """What all instances share about how fast the ERP may be called. All calls raise Transient, like Ledger."""

    def environment(self) -> EnvironmentPace:
        """The pace of the environment; at its default until something was changed."""

    def environment_last_seen(self) -> EnvironmentPace:
        """The pace as this process last read or changed it, without asking the store."""

    def standing(self, feed: str) -> Standing:
        """The pace of the environment and of a feed, by one read."""

    def change_feed(self, feed: str, change: Callable[[FeedPace], FeedPace]) -> FeedPace:
        """Apply a pure change to the pace of a feed, as `change_environment` does."""

    def activity(self, activity_id: str) -> ActivityPace:
        """Whether an activity's queue stands still."""

    def change_activity(self, activity_id: str, change: Callable[[ActivityPace], ActivityPace]) -> ActivityPace:
        """Apply a pure change to the pace of an activity, as `change_environment` does."""

    def change_environment(self, change: Callable[[EnvironmentPace], EnvironmentPace]) -> EnvironmentPace:
        """Apply a pure change to what is stored, afresh if another writer was first; what is stored now.

        A change that returns what it was given writes nothing. Raises Conflict when the rush of writers is too great.
        """


class ContentLedger(Protocol):
    """Contents that were sent, by feed, legal entity and SHA-256 (`content_sha256`). All calls raise Transient."""

    def claim(self, job: Job, now: datetime) -> ContentClaim:
        """Claim the job's content unless it has been claimed: the claim that stands, this job's or an earlier one's."""

    def take_over(self, job: Job, seen: ContentClaim, now: datetime) -> bool:
        """Make the claim this job's, if it still is as `seen`."""


class OrderLedger(Protocol):
    """The queue of each group of an ordered feed: its files for one legal entity. All calls raise Transient."""

    def join(self, job: Job, now: datetime) -> None:
        """Put a job in its group's queue, where its `order_key` sorts it. Joining again changes nothing."""

    def up_to(self, job: Job, most: int) -> Queue:
        """The first `most` of those before the job in its group, and the job itself, in order."""

    def drop(self, feed: str, legal_entity: str, member: Member) -> None:
        """Take a member out of its group's queue; nothing when it is not there."""

    def note_gone(self, feed: str, legal_entity: str, number: int) -> None:
        """Remember the highest number that has gone; a lower one changes nothing. Raises Conflict in a rush."""


class WatchLedger(Protocol):
    """What watchers remember: when something last went well, promises, and daily sums. All calls raise Transient.

    Each row is written by one timer, which the host runs once at a time; the last writer wins.
    """

    def note_seen(self, what: str, at: datetime) -> None:
        """Remember when `what` (`timer.poll_jobs`, `export.invoices`) last went well."""

    def seen(self) -> Mapping[str, datetime]:
        """All that was noted so, by name."""

    def note_promise(self, record: PromiseRecord) -> None:
        """Remember how a promise stands."""

    def promises(self) -> list[PromiseRecord]:
        """How all promises stood."""

    def note_day(self, balance: DayBalance) -> None:
        """Keep a feed's sums of a day, in the place of an earlier count."""

    def days(self, since: date) -> list[DayBalance]:
        """The sums of all feeds from a day on."""
