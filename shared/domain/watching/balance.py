"""The sum check: of what landed on a day, every file is somewhere. Pure.

Arrivals are rows of their own, written before the jobs; where the files are now is counted by the jobs. A
day of landing (UTC) is closed at its end, while a business date never is: so the check goes by the day of landing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date

from shared.domain.job import JobState

#: Job IDs of lost rows that are kept by name; more are counted only.
MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBalance:
    """What landed in a feed on a day, and where it is. `lost`: arrived, without a job; `unclaimed`: the reverse."""

    feed: str
    day: date
    arrived: int
    states: Mapping[JobState, int] = field(default_factory=dict)
    lost: int = 0
    unclaimed: int = 0
    examples: tuple[str, ...] = ()

    @property
    def is_even(self) -> bool:
        """True when arrivals and whereabouts are the same files."""
        return self.lost == 0 and self.unclaimed == 0 and self.arrived == sum(self.states.values())


def balances(day: date, arrived: Set[str], standing: Mapping[str, JobState]) -> list[DayBalance]:
    """A balance for each feed that something landed in, from the job IDs of arrivals and from the jobs there are."""
    by_feed: dict[str, set[str]] = defaultdict(set)
    for job_id in arrived | set(standing):
        by_feed[job_id.partition(".")[0]].add(job_id)
    return [_balance(feed, day, ids & arrived, ids & set(standing), standing) for feed, ids in sorted(by_feed.items())]


def _balance(
    feed: str, day: date, arrived: Set[str], present: Set[str], standing: Mapping[str, JobState]
) -> DayBalance:
    lost, unclaimed = sorted(arrived - present), sorted(present - arrived)
    return DayBalance(
        feed=feed,
        day=day,
        arrived=len(arrived),
        states=dict(sorted(Counter(standing[job_id] for job_id in present & arrived).items())),
        lost=len(lost),
        unclaimed=len(unclaimed),
        examples=tuple((lost + unclaimed)[:MOST_NAMED]),
    )


#: States in which F&O loaded the file, or a rule or a person said that it need not.
_SETTLED_WELL = frozenset({JobState.SUCCEEDED, JobState.SKIPPED, JobState.CLOSED})
_ENDED_OTHERWISE = frozenset({JobState.PARTIAL, JobState.FAILED, JobState.REJECTED})


def is_loaded(states: Iterable[JobState]) -> bool:
    """True when of a feed's files one was loaded and none is still on its way. Failures have alerts of their own."""
    found = set(states)
    return JobState.SUCCEEDED in found and found <= _SETTLED_WELL | _ENDED_OTHERWISE
