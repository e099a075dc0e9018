"""The daily sum check: what landed on a day must be somewhere. What does not add up is told, and when it does again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.domain.job import JobState
from shared.domain.watching.balance import DayBalance, balances
from shared.ports import Arrival, Clock, Ledger, LedgerView, WatchLedger
from shared.services.watching.promises import arrival_seen_as
from shared.telemetry import Event, emit

#: A day is summed so long after its end: events and sweeps of its last minutes have come in by then.
SETTLING = timedelta(hours=1)
#: Days that were missed (an app that stood still), and days that did not add up, are looked at for so long.
LOOK_BACK = timedelta(days=7)
#: A day that does not add up is summed again this often.
AGAIN_EVERY = timedelta(hours=1)
_SUMMED, _BEGAN = "sums", "sums.began"
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DaySums:
    """Sums each closed day once, and those that are off until they are even."""

    ledger: Ledger
    view: LedgerView
    watch: WatchLedger
    clock: Clock

    def run(self) -> int:
        """Sum what is due; how many days were. Costs a page for each thousand files of such a day."""
        now = self.clock()
        closed = (now - SETTLING).astimezone(UTC).date() - _A_DAY
        seen = self.watch.seen()
        began, last = seen.get(_BEGAN, now).astimezone(UTC).date(), seen.get(_SUMMED)
        if _BEGAN not in seen:
            self.watch.note_seen(_BEGAN, now)
        first = max(last.date() + _A_DAY, closed - LOOK_BACK) if last else closed
        fresh = [first + number * _A_DAY for number in range((closed - first).days + 1)]
        off = self._off(closed) if self.ledger.turn(_SUMMED, now, AGAIN_EVERY) else set()
        for day in sorted({*fresh} | off):
            arrivals = list(self.view.arrivals(day))
            if day > began:  # of earlier days part may have landed before a version that notes arrivals
                self._sum(day, {arrival.job_id for arrival in arrivals})
            self._note_last(arrivals)
        if fresh:
            self.watch.note_seen(_SUMMED, datetime.combine(closed, time(0), UTC))
        return len({*fresh} | off)

    def _off(self, closed: date) -> set[date]:
        return {sums.day for sums in self.watch.days(closed - LOOK_BACK) if not sums.is_even}

    def _sum(self, day: date, arrived: set[str]) -> None:
        before = {sums.feed: sums for sums in self.watch.days(day) if sums.day == day}
        for sums in balances(day, arrived, self._standing(day, arrived)):
            if sums != before.get(sums.feed):
                self.watch.note_day(sums)
            self._tell(sums, before.get(sums.feed))

    def _standing(self, day: date, arrived: set[str]) -> dict[str, JobState]:
        """Jobs that arrived on that day, and others that landed on it, of the feeds and business dates of the first."""
        named = {tuple(job_id.split(".")[:2]) for job_id in arrived}
        return {
            each.job_id: each.state
            for feed, text in sorted(named)
            for each in self.view.standings(feed, datetime.strptime(f"{text}+0000", "%Y%m%d%z").date())
            if each.job_id in arrived or each.landed_at.astimezone(UTC).date() == day
        }

    def _note_last(self, arrivals: list[Arrival]) -> None:
        """The last arrival of each feed, for the day on which none comes."""
        last: dict[str, datetime] = {}
        for arrival in arrivals:
            last[arrival.feed] = max(arrival.landed_at, last.get(arrival.feed, arrival.landed_at))
        seen = self.watch.seen()
        for feed, at in last.items():
            if at > seen.get(arrival_seen_as(feed), datetime.min.replace(tzinfo=UTC)):
                self.watch.note_seen(arrival_seen_as(feed), at)

    def _tell(self, sums: DayBalance, before: DayBalance | None) -> None:
        """A day that is off is told at each look, so that its alert lasts as long as it does."""
        if sums != before:
            emit(Event.DAY_BALANCE, None, **_fields(sums))
        if not sums.is_even:
            emit(Event.BALANCE_OFF, None, **_fields(sums), examples=", ".join(sums.examples))
        elif sums.is_even and before and not before.is_even:
            emit(Event.BALANCE_EVEN, None, **_fields(sums))


def _fields(sums: DayBalance) -> dict[str, object]:
    on_their_way = {JobState.COLLECTING, JobState.RECEIVED, JobState.SENDING, JobState.ENQUEUED, JobState.RUNNING}
    return {
        "feed": sums.feed,
        "day": sums.day.isoformat(),
        "arrived": sums.arrived,
        "succeeded": sums.states.get(JobState.SUCCEEDED, 0),
        "partial": sums.states.get(JobState.PARTIAL, 0),
        "failed": sums.states.get(JobState.FAILED, 0),
        "rejected": sums.states.get(JobState.REJECTED, 0),
        "skipped": sums.states.get(JobState.SKIPPED, 0),
        "closed": sums.states.get(JobState.CLOSED, 0),
        "waiting": sums.states.get(JobState.WAITING, 0),
        "in_doubt": sums.states.get(JobState.IN_DOUBT, 0),
        "in_work": sum(sums.states.get(state, 0) for state in on_their_way),
        "lost": sums.lost,
        "unclaimed": sums.unclaimed,
    }
