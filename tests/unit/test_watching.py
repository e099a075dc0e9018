"""Promises and daily sums over days: what is told, how often, and that it ends by itself."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.domain.feed import Feed
from shared.domain.job import JobState, advance
from shared.domain.watching.promises import parse_deadline
from shared.ports import Arrival
from shared.services.watching.credential_watch import CredentialWatch
from shared.services.watching.day_sums import DaySums
from shared.services.watching.promises import Promises
from shared.services.watching.purging import Purging
from shared.services.watching.timers import Timers
from shared.services.watching.watching import Watching
from tests.builders import ManualClock, a_book, a_feed, a_job, a_source
from tests.fakes.memory_files import MemoryFiles
from tests.fakes.memory_ledger import MemoryLedger
from tests.fakes.memory_watch import MemoryWatch

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MISSING, LATE, RECOVERED = "feed.expected_missing", "feed.late", "feed.recovered"
BALANCE, OFF, EVEN = "day.balance", "balance.off", "balance.even"
FEED = "customer-groups"
#: A Friday; 06:00 in Berlin is 05:00 UTC.
FRIDAY = datetime(2026, 11, 13, tzinfo=UTC)
SIX = timedelta(hours=5)
BERLIN = ZoneInfo("Europe/Berlin")
BY_SIX = a_feed(expect=parse_deadline("by 06:00", BERLIN))
ON_WEEKDAYS = a_feed(expect=parse_deadline("by 06:00 weekdays", BERLIN))
LOADED_BY_SIX = a_feed(loaded_by=parse_deadline("06:00", BERLIN))


class Watch:
    """The watchers' timer over a ledger in memory. The watch began a day before Friday."""

    def __init__(self, told: pytest.LogCaptureFixture, feed: Feed) -> None:
        self.clock, self.ledger, self.memory = ManualClock(FRIDAY - DAY), MemoryLedger(), MemoryWatch()
        promises = Promises(self.ledger, self.memory, a_book(feed), self.clock)
        sums = DaySums(self.ledger, self.ledger, self.memory, self.clock)
        purging = Purging(self.ledger, self.ledger, MemoryFiles(self.clock), self.clock, 90 * DAY, HOUR, 2)
        credential = CredentialWatch(self.ledger, lambda: FRIDAY + 40 * DAY, self.clock)
        self._watching = Watching(promises, sums, purging, credential, Timers(self.memory, self.clock), self.clock)
        self._told = told
        told.set_level(logging.INFO)
        self.at(FRIDAY - DAY)

    def lands(self, at: datetime, name: str = "", state: JobState = JobState.RECEIVED, feed: str = FEED) -> str:
        """A file lands, and its job comes as far as `state`. Returns the job ID."""
        source = a_source(f"{feed}/USMF/{name or at.isoformat()}.csv", landed_at=at, etag=f"{at}")
        stored, _ = self.ledger.open(a_job(source, feed=feed, created_at=at))
        self.moves(stored.job.job_id, state)
        return stored.job.job_id

    def moves(self, job_id: str, state: JobState) -> None:
        """The job comes to `state` by the shortest legal way."""
        ways = {
            JobState.RECEIVED: [],
            JobState.REJECTED: [JobState.REJECTED],
            JobState.WAITING: [JobState.WAITING],
            JobState.ENQUEUED: [JobState.SENDING, JobState.ENQUEUED],
            JobState.SUCCEEDED: [JobState.SENDING, JobState.ENQUEUED, JobState.SUCCEEDED],
            JobState.PARTIAL: [JobState.SENDING, JobState.ENQUEUED, JobState.PARTIAL],
        }
        for step in ways[state]:
            stored = self.ledger.read(job_id)
            if stored and step not in {entry.to_state for entry in stored.job.timeline}:
                self.ledger.write(advance(stored.job, step, self.clock(), "on its way"), stored.version)

    def at(self, moment: datetime) -> list[str]:
        """Run the timer at that time: what it tells of promises."""
        self.clock.now = moment
        self._told.clear()
        self._watching.run()
        return [str(each["event"]) for each in self.told() if each["event"] in {MISSING, LATE, RECOVERED}]

    def told(self, event: str = "") -> list[dict[str, Any]]:
        """Everything that the last run told, or all of one name."""
        records = [vars(record) for record in self._told.records if hasattr(record, "event")]
        return [each for each in records if event in {"", each["event"]}]


@pytest.fixture
def watch(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Watch:
    return Watch(caplog, request.param)


@pytest.mark.parametrize("watch", [BY_SIX], indirect=True)
def test_a_file_that_does_not_come_is_missed_once_a_day(watch: Watch) -> None:
    watch.lands(FRIDAY - 10 * HOUR)
    assert watch.at(FRIDAY - DAY + SIX) == [MISSING]
    assert watch.at(FRIDAY + SIX - HOUR) == [RECOVERED]
    assert watch.at(FRIDAY + SIX) == [MISSING]
    assert watch.at(FRIDAY + SIX + HOUR) == []
    [missing] = [*_run_again(watch, FRIDAY + DAY + SIX, MISSING)]
    assert (missing["feed"], missing["promise"]) == (FEED, "expect")
    assert missing["due_at"] == "2026-11-14 05:00:00 UTC"
    assert missing["last_arrival"] == "2026-11-12 14:00:00 UTC"


def _run_again(watch: Watch, moment: datetime, event: str) -> list[dict[str, Any]]:
    watch.at(moment)
    return watch.told(event)


@pytest.mark.parametrize("watch", [BY_SIX], indirect=True)
def test_a_file_in_time_is_looked_for_once_and_not_told(watch: Watch) -> None:
    watch.lands(FRIDAY - DAY + SIX)
    watch.lands(FRIDAY + SIX)
    assert watch.at(FRIDAY - DAY + SIX) == []
    assert watch.at(FRIDAY + SIX + HOUR) == []
    assert watch.at(FRIDAY + 23 * HOUR) == []


@pytest.mark.parametrize("watch", [BY_SIX], indirect=True)
def test_a_late_file_ends_the_trouble_and_does_not_count_for_the_next_day(watch: Watch) -> None:
    watch.lands(FRIDAY - DAY + SIX)
    watch.at(FRIDAY - DAY + SIX)
    assert watch.at(FRIDAY + SIX) == [MISSING]
    watch.lands(FRIDAY + 7 * HOUR)
    assert watch.at(FRIDAY + 8 * HOUR) == [RECOVERED]
    assert watch.at(FRIDAY + DAY + SIX) == [MISSING]


@pytest.mark.parametrize("watch", [BY_SIX], indirect=True)
def test_a_feed_is_watched_from_its_next_deadline_on(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    begun_late = Watch(caplog, BY_SIX)
    begun_late.memory.__init__()  # type: ignore[misc]  # nothing was noted yet
    assert begun_late.at(FRIDAY + 10 * HOUR) == []
    assert begun_late.at(FRIDAY + DAY + SIX) == [MISSING]


@pytest.mark.parametrize("watch", [ON_WEEKDAYS], indirect=True)
def test_nothing_is_missed_on_a_day_without_a_promise(watch: Watch) -> None:
    watch.lands(FRIDAY - DAY)
    watch.lands(FRIDAY)
    assert watch.at(FRIDAY + SIX) == []
    assert watch.at(FRIDAY + 1 * DAY + SIX) == []
    assert watch.at(FRIDAY + 2 * DAY + SIX) == []
    assert watch.at(FRIDAY + 3 * DAY + SIX) == [MISSING]


@pytest.mark.parametrize("watch", [BY_SIX], indirect=True)
def test_files_of_another_feed_do_not_count(watch: Watch) -> None:
    watch.lands(FRIDAY - DAY, feed="other")
    assert watch.at(FRIDAY - DAY + SIX) == [MISSING]


@pytest.mark.parametrize("watch", [LOADED_BY_SIX], indirect=True)
def test_a_file_still_on_its_way_is_late_until_it_is_loaded(watch: Watch) -> None:
    loaded = watch.lands(FRIDAY - DAY + HOUR, "2026-01-31", JobState.SUCCEEDED)
    still = watch.lands(FRIDAY - DAY + HOUR, "2026-10-31", JobState.WAITING)
    [late] = _run_again(watch, FRIDAY - DAY + SIX, LATE)
    assert late["why"] == f"of 2 files 1 are on their way, e.g. {still}"
    assert loaded not in late["why"]
    watch.moves(still, JobState.ENQUEUED)
    assert watch.at(FRIDAY - DAY + SIX + HOUR) == []
    watch.moves(still, JobState.SUCCEEDED)
    assert watch.at(FRIDAY - DAY + SIX + 2 * HOUR) == [RECOVERED]


@pytest.mark.parametrize("watch", [LOADED_BY_SIX], indirect=True)
def test_a_feed_of_which_nothing_was_loaded_is_late(watch: Watch) -> None:
    watch.lands(FRIDAY - DAY + HOUR, "bad", JobState.REJECTED)
    assert watch.at(FRIDAY - DAY + SIX) == [LATE]
    watch.lands(FRIDAY - DAY + SIX + HOUR, "good", JobState.SUCCEEDED)
    assert watch.at(FRIDAY - DAY + SIX + 2 * HOUR) == [RECOVERED]
    assert watch.at(FRIDAY + SIX) == [LATE]


@pytest.mark.parametrize("watch", [LOADED_BY_SIX], indirect=True)
def test_what_was_loaded_in_time_is_not_told(watch: Watch) -> None:
    watch.lands(FRIDAY - DAY + HOUR, "good", JobState.SUCCEEDED)
    watch.lands(FRIDAY - DAY + HOUR, "partly", JobState.PARTIAL)
    assert watch.at(FRIDAY - DAY + SIX) == []


PLAIN = a_feed()


@pytest.mark.parametrize("watch", [PLAIN], indirect=True)
def test_what_landed_on_a_day_adds_up_over_all_states_and_business_dates(watch: Watch) -> None:
    watch.at(FRIDAY + HOUR)
    states = [JobState.SUCCEEDED, JobState.PARTIAL, JobState.REJECTED, JobState.WAITING, JobState.ENQUEUED]
    for hour, state in enumerate(states):
        watch.lands(FRIDAY + hour * HOUR, f"2026-0{hour + 1}-28", state)
    watch.lands(FRIDAY + DAY, "the day after")
    watch.at(FRIDAY + DAY + HOUR)
    [sums] = watch.told(BALANCE)
    expected = {"arrived": 5, "succeeded": 1, "partial": 1, "rejected": 1, "waiting": 1, "in_work": 1, "lost": 0}
    assert {key: sums[key] for key in expected} == expected
    assert (sums["feed"], sums["day"]) == (FEED, "2026-11-13")
    assert watch.told(OFF) == []
    watch.at(FRIDAY + DAY + 2 * HOUR)
    assert watch.told(BALANCE) == []


@pytest.mark.parametrize("watch", [PLAIN], indirect=True)
def test_a_row_that_is_lost_is_named_and_told_at_each_look_until_it_is_back(watch: Watch) -> None:
    watch.lands(FRIDAY, "kept", JobState.SUCCEEDED)
    lost = watch.lands(FRIDAY, "lost")
    row = watch.ledger._jobs.pop(lost)
    watch.at(FRIDAY + DAY + HOUR)
    [off] = watch.told(OFF)
    assert (off["arrived"], off["succeeded"], off["lost"], off["examples"]) == (2, 1, 1, lost)
    watch.at(FRIDAY + DAY + 2 * HOUR)
    assert [told["lost"] for told in watch.told(OFF)] == [1]
    watch.ledger._jobs[lost] = row
    watch.at(FRIDAY + DAY + 3 * HOUR)
    [even] = watch.told(EVEN)
    assert (even["day"], even["lost"]) == ("2026-11-13", 0)
    watch.at(FRIDAY + DAY + 4 * HOUR)
    assert watch.told(EVEN) == []


@pytest.mark.parametrize("watch", [PLAIN], indirect=True)
def test_a_row_without_an_arrival_is_told_too(watch: Watch) -> None:
    watch.lands(FRIDAY, "2026-11-13 a")
    unclaimed = watch.lands(FRIDAY, "2026-11-13 b")
    landed = watch.ledger._landed
    [key] = [key for key, arrival in landed.items() if arrival.job_id == unclaimed]
    del landed[key]
    watch.at(FRIDAY + DAY + HOUR)
    [off] = watch.told(OFF)
    assert (off["unclaimed"], off["examples"]) == (1, unclaimed)


@pytest.mark.parametrize("watch", [PLAIN], indirect=True)
def test_a_job_that_a_later_file_arrived_for_is_not_missed_on_the_later_day(watch: Watch) -> None:
    """The second file of a bundle, say, that landed after midnight."""
    job_id = watch.lands(FRIDAY + DAY - HOUR)
    watch.ledger._landed[(date(2026, 11, 14), "x")] = Arrival(job_id=job_id, feed=FEED, landed_at=FRIDAY + DAY)
    watch.at(FRIDAY + DAY + HOUR)
    watch.at(FRIDAY + 2 * DAY + HOUR)
    [sums] = watch.told(BALANCE)
    assert (sums["day"], sums["arrived"], sums["in_work"], sums["lost"]) == ("2026-11-14", 1, 1, 0)
    assert watch.told(OFF) == []


@pytest.mark.parametrize("watch", [PLAIN], indirect=True)
def test_the_day_on_which_the_watch_began_is_not_summed_for_an_older_version_noted_no_arrivals(watch: Watch) -> None:
    older = watch.lands(FRIDAY - DAY)
    watch.ledger._landed.clear()
    last = FRIDAY - DAY + HOUR
    watch.lands(last)
    watch.at(FRIDAY + HOUR)
    assert (watch.told(BALANCE), watch.told(OFF)) == ([], [])
    assert watch.ledger.read(older)
    assert watch.memory.seen()[f"arrival.{FEED}"] == last


@pytest.mark.parametrize("watch", [PLAIN], indirect=True)
def test_days_that_the_app_missed_are_summed_when_it_is_back(watch: Watch) -> None:
    watch.at(FRIDAY + HOUR)
    for number in range(3):
        watch.lands(FRIDAY + number * DAY)
    watch.at(FRIDAY + 4 * DAY)
    assert [sums["day"] for sums in watch.told(BALANCE)] == ["2026-11-13", "2026-11-14", "2026-11-15"]
    assert [sums.day for sums in watch.memory.days(date(2026, 11, 14))] == [date(2026, 11, 14), date(2026, 11, 15)]


@pytest.mark.parametrize("watch", [PLAIN], indirect=True)
def test_a_run_leaves_its_success_in_the_ledger(watch: Watch) -> None:
    watch.at(FRIDAY)
    assert watch.memory.seen()["timer.watch_promises"] == FRIDAY
    [done] = watch.told("tick.done")
    assert done["tick"] == "watch_promises"


@pytest.mark.parametrize("watch", [BY_SIX], indirect=True)
def test_the_end_of_the_certificate_is_told_once_a_day_from_thirty_days_before(watch: Watch) -> None:
    assert watch.told("credential.ends") == []
    watch.at(FRIDAY + 11 * DAY)
    [told] = watch.told("credential.ends")
    assert (told["credential"], told["days_left"]) == ("certificate", 29)
    assert _run_again(watch, FRIDAY + 11 * DAY + HOUR, "credential.ends") == []
    [told] = _run_again(watch, FRIDAY + 41 * DAY, "credential.ends")
    assert told["days_left"] == 0
