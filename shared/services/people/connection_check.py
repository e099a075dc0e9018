"""The check of a set-up: every door is tried once, without an effect, and each gets one sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain import connection
from shared.domain.connection import Answer, Checked, Verdict
from shared.domain.feed import ExportFeed, Feed, FeedBook
from shared.domain.watching.history import NO_HISTORY
from shared.errors import CourierError
from shared.ports import Clock, ErpProbe, ExportLedger, PaceLedger, PlaceProbe


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionCheck:
    """Tries sign-in, F&O, each recurring data job, the clock, and storage. `has_secret`: it signs in by one."""

    base_url: str
    feeds: FeedBook
    erp: ErpProbe
    places: Sequence[PlaceProbe]
    pace: PaceLedger
    exports: ExportLedger
    clock: Clock
    certificate_ends_at: datetime | None = None
    has_secret: bool = False

    def run(self) -> Iterator[Checked]:
        """One after the other, as they are known. Nothing is raised for what is not in order: that is the answer."""
        yield from self._credential()
        yield from self._erp()
        for probe in self.places:
            for place in probe.places():
                yield connection.of_place(place.what, place.role, place.failure)

    def _credential(self) -> Iterator[Checked]:
        if self.certificate_ends_at is not None:
            yield connection.of_certificate(self.certificate_ends_at, self.clock())
        if self.has_secret:
            yield connection.of_secret()

    def _erp(self) -> Iterator[Checked]:
        """Without a token there is nothing to ask."""
        try:
            yield connection.of_token(self.erp.sign_in(), self.base_url)
            answer = self.erp.data()
        except CourierError as refused:
            yield connection.of_refused_token(str(refused))
            return
        data = connection.of_data(answer, self.base_url)
        yield data
        if answer.status:
            yield connection.of_clock(self.clock(), answer.dated_at)
        for activity_id, names in self._activities().items():
            told = Answer(status=0) if data.verdict is Verdict.MEND else self.erp.activity(activity_id)
            yield connection.of_activity(names, activity_id, told, data.verdict, self._has_gone(names))

    def _activities(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        feeds: list[Feed | ExportFeed] = [*self.feeds.feeds.values(), *self.feeds.exports.values()]
        for feed in feeds:
            found[feed.activity_id].append(feed.name)
        return found

    def _has_gone(self, names: Sequence[str]) -> bool:
        """True where the ledger knows how long imports of one of the feeds took, or an export that it brought."""
        try:
            return any(
                any(self.exports.exports(name))
                if name in self.feeds.exports
                else self.pace.standing(name).feed.history != NO_HISTORY
                for name in names
            )
        except CourierError:
            return False
