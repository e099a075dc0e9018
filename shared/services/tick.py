"""One run of the poll timer: all that is due, a bounded number at a time, until it is done or the budget ends.

Following comes before sending, for it frees places under the caps. One job's failure never stops the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from shared import tracing
from shared.domain.job import Job, JobState, Lane, Source, lane_of
from shared.domain.pacing.admission import WaitKind, holds_the_environment, holds_the_feed, in_use, wait_kind
from shared.domain.pacing.turns import in_turn, with_room
from shared.errors import Conflict, CourierError
from shared.ports import Clock, DueEntry, Ledger, Stored
from shared.services.intake.intake import Intake
from shared.services.outcomes.archiving import Archiving
from shared.services.pausing import Pausing
from shared.services.polling import Answered, Polling
from shared.services.recovery import Recovery
from shared.services.submission import Submission
from shared.services.watching.gauges import Gauges
from shared.services.watching.timers import Timers
from shared.telemetry import Event, about, emit

#: Due work is taken in windows of so many, so that memory stays flat however much is due.
WINDOW = 100
#: Due sends are put in order so many at a time; an entry takes half a kilobyte.
HORIZON = 10_000
#: An entry whose row was never written is a crash between two writes; what is due by the row is followed without it.
ENTRY_WITHOUT_JOB_KEPT = timedelta(hours=1)


#: Whether the entry is used up, and the job afterwards if it was looked at.
_Followed = tuple[bool, Stored | None]
#: The same, or an answer that is still to be written.
_Step = _Followed | Answered


@dataclass(slots=True)
class TickReport:
    """What one tick did, by the state it left each job in. `cut_short`: the budget ended first. `trace`: its own."""

    moved: Counter[str] = field(default_factory=Counter)
    cut_short: bool = False
    defects: list[Exception] = field(default_factory=list)
    trace: str = field(default_factory=tracing.here)


@dataclass(frozen=True, slots=True)
class Tick:
    """The use case behind the poll timer."""

    ledger: Ledger
    intake: Intake
    submission: Submission
    polling: Polling
    archiving: Archiving
    recovery: Recovery
    pausing: Pausing
    gauges: Gauges
    timers: Timers
    clock: Clock
    budget: timedelta
    workers: int
    sweep_every: timedelta

    def run(self) -> TickReport:
        """Do all that is due now. Any number of ticks at once are harmless: each row has one winner a version.

        A defect in this program met at one job does not keep the others waiting: it is raised when all else is done.
        """
        report, began_at = TickReport(), self.clock()
        stop_at = began_at + self.budget
        with ThreadPoolExecutor(self.workers, thread_name_prefix="tick") as pool:
            self._lane(Lane.FOLLOW, self.clock(), stop_at, pool, report)
            self._lane(Lane.SEND, self.clock(), stop_at, pool, report)
            if self.ledger.turn("sweep", self.clock(), self.sweep_every):
                self._sweep(stop_at, pool, report)
            left = self.gauges.tell(pool, stop_at)
        did, in_order = report.moved.total(), not report.defects
        self.timers.ended("poll_jobs", began_at, did=did, left=left, in_order=in_order)
        if report.defects:
            raise report.defects[0]
        return report

    def _lane(self, lane: Lane, now: datetime, stop_at: datetime, pool: ThreadPoolExecutor, report: TickReport) -> None:
        held: dict[str, WaitKind] = {}
        due = self.ledger.due(lane, now)
        for window in _windows(self._in_turn(due) if lane is Lane.SEND else due):
            if lane is Lane.FOLLOW:
                self.pausing.until()  # seen by every step of the window; a pause told to one of them is seen at once
            left = [entry for entry in window if entry.feed not in held]
            for entries in self._those_with_room_first(left, held) if lane is Lane.SEND else [left]:
                self._follow([entry for entry in entries if entry.feed not in held], pool, report, held)
            if any(holds_the_environment(kind) for kind in held.values()):
                break
            if self.clock() >= stop_at:  # not sooner: where listing alone takes the budget, each run still gets on
                report.cut_short = True
                emit(Event.TICK_CUT_SHORT, tick="poll_jobs", lane=lane.value)
                break
        waiting = {feed for feed, kind in held.items() if kind in {WaitKind.CAP, WaitKind.SERIAL}}
        if waiting:
            self._note_crowd(waiting)

    def _follow(
        self, entries: list[DueEntry], pool: ThreadPoolExecutor, report: TickReport, held: dict[str, WaitKind]
    ) -> None:
        """Follow entries side by side, and note what holds up a feed or the environment."""
        steps = self._recorded(list(pool.map(lambda entry: self._guarded_step(entry, report), entries)))
        due_now = {(after.job.job_id, after.job.due_at) for _, after in steps if after is not None}
        followed = [entry for entry, (is_used_up, _) in zip(entries, steps, strict=True) if is_used_up]
        self.ledger.forget(entry for entry in followed if (entry.job_id, entry.due_at) not in due_now)
        for entry, (_, after) in zip(entries, steps, strict=True):
            self._count(report, after)
            kind = wait_kind(after.job) if after is not None else None
            if kind and (holds_the_feed(kind) or holds_the_environment(kind)):
                held[entry.feed] = kind

    def _in_turn(self, due: Iterable[DueEntry]) -> Iterator[DueEntry]:
        """Due sends as they are to go. They are put in order so many at a time, so that memory stays flat."""
        for many in _windows(due, HORIZON):
            yield from in_turn(many, self.submission.feeds)

    def _those_with_room_first(self, window: list[DueEntry], held: Container[str]) -> Iterator[list[DueEntry]]:
        """Workers go side by side, and the first in turn gets the place: the others try when those have had theirs.

        Entries that need no place, because their job has moved on, leave room for the next. Those who find none are
        tried a few at a time: where the first of a feed is held up, the rest of it is not looked at.
        """
        while len(window) > 1:
            used = in_use(slot.key for slot in self.ledger.taken())
            fitting, window = with_room(window, self.submission.feeds, used)
            if not fitting:
                break
            yield fitting
            window = [entry for entry in window if entry.feed not in held]
        yield from _windows(window, self.workers)

    def _note_crowd(self, feeds: set[str]) -> None:
        try:
            self.submission.admission.note_crowd(feeds, in_use(slot.key for slot in self.ledger.taken()))
        except CourierError as failure:
            emit(Event.TICK_STEP_FAILED, error=str(failure))

    def _recorded(self, steps: list[_Step]) -> list[_Followed]:
        """Write a window's answers that end no job, all together. What cannot be written now stays due as it was."""
        answered = [step for step in steps if isinstance(step, Answered)]
        written: Iterator[Stored | None] = iter(())
        try:
            written = iter(self.polling.record_all(answered))
        except CourierError as failure:
            emit(Event.TICK_STEP_FAILED, error=f"{len(answered)} answers: {failure}")
        return [_followed(step, next(written, None)) if isinstance(step, Answered) else step for step in steps]

    def _guarded_step(self, entry: DueEntry, report: TickReport) -> _Step:
        job, ids = None, {"job_id": entry.job_id, "feed": entry.feed}
        try:
            stored = self.ledger.read(entry.job_id)
            if stored is None:
                return self._is_forlorn(entry), None
            job = stored.job
            return self._step(entry, stored, report)
        except Conflict:
            emit(Event.JOB_CONFLICT, job, **ids)
        except CourierError as failure:
            emit(Event.TICK_STEP_FAILED, job, **ids, error=str(failure))
        except Exception as defect:  # noqa: BLE001 - one job's defect must not stop the rest; it is raised at the end
            emit(Event.TICK_STEP_FAILED, job, **ids, error=f"defect: {type(defect).__name__}: {defect}")
            report.defects.append(defect)
        return False, None

    def _step(self, entry: DueEntry, stored: Stored, report: TickReport) -> _Step:
        """Follow one due entry: (whether the entry is used up, the job afterwards if it was looked at)."""
        if stored.job.due_at != entry.due_at or lane_of(stored.job) is not entry.lane:
            return self._is_left_behind(entry, stored), None
        if self._asks_the_erp(stored) and self.pausing.until_as_last_seen():
            return False, None
        with tracing.working_on(stored.job.trace, report.trace), about(stored.job):
            after = self._move(stored)
            if isinstance(after, Answered) and after.job.is_final:
                after = self.polling.record(after)
        return after if isinstance(after, Answered) else (_is_used_up(entry.due_at, entry.lane, after.job), after)

    @staticmethod
    def _asks_the_erp(stored: Stored) -> bool:
        """True when the job's next step asks F&O about it: such a step waits for the end of a pause as it stands."""
        if stored.job.is_final:
            return stored.job.archived_at is not None
        return stored.job.state in {JobState.ENQUEUED, JobState.RUNNING, JobState.IN_DOUBT}

    def _is_left_behind(self, entry: DueEntry, stored: Stored) -> bool:
        """True when the entry can be dropped. A job being sent may have no other: it gets its own first."""
        if self._may_be_written(entry, stored):
            return False
        if stored.job.state is JobState.SENDING:
            self.ledger.remind(stored.job)
        return True

    def _may_be_written(self, entry: DueEntry, stored: Stored) -> bool:
        """True while the write that noted the entry may be about to follow: dropped now, the job would never be due."""
        return entry.replaces == stored.version.token and not self._is_forlorn(entry)

    def _is_forlorn(self, entry: DueEntry) -> bool:
        return self.clock() - entry.due_at > ENTRY_WITHOUT_JOB_KEPT

    def _move(self, stored: Stored) -> Stored | Answered:
        """What a due job needs, by its state."""
        match stored.job.state:
            case JobState.COLLECTING | JobState.RECEIVED:
                return self.intake.carry_on(stored)
            case JobState.WAITING:
                return self.submission.submit(stored)
            case JobState.SENDING:
                return self.recovery.interrupted_send(stored)
            case JobState.IN_DOUBT:
                return self.recovery.doubtful(stored)
            case JobState.ENQUEUED | JobState.RUNNING:
                return self.polling.ask(stored)
            case (
                JobState.SUCCEEDED
                | JobState.PARTIAL
                | JobState.FAILED
                | JobState.REJECTED
                | JobState.CLOSED
                | JobState.SKIPPED
            ):
                return self.archiving.archive(stored)

    def _sweep(self, stop_at: datetime, pool: ThreadPoolExecutor, report: TickReport) -> None:
        self.recovery.free_orphaned_slots()
        for window in _windows(self.recovery.lying()):
            for after in pool.map(lambda source: self._guarded_receive(source, report), window):
                self._count(report, after)
            if self.clock() >= stop_at:  # not before the first: a run without time to spare must get on, too
                report.cut_short = True
                return

    def _guarded_receive(self, source: Source, report: TickReport) -> Stored | None:
        try:
            with tracing.working_on("", report.trace):
                return self.recovery.bring_in(source)
        except CourierError as failure:
            emit(Event.TICK_STEP_FAILED, path=source.path, error=str(failure))
        except Exception as defect:  # noqa: BLE001 - one file's defect must not stop the rest; it is raised at the end
            emit(Event.TICK_STEP_FAILED, path=source.path, error=f"defect: {type(defect).__name__}: {defect}")
            report.defects.append(defect)
        return None

    def _count(self, report: TickReport, after: Stored | None) -> None:
        if after is not None:
            report.moved[after.job.state.value] += 1
            self.gauges.observe(after)


def _followed(answered: Answered, after: Stored | None) -> _Followed:
    before = answered.before.job
    return after is not None and _is_used_up(before.due_at, lane_of(before), after.job), after


def _is_used_up(due_at: datetime | None, lane: Lane, after: Job) -> bool:
    """True when an entry with this time and lane no longer finds the job."""
    return after.due_at != due_at or lane_of(after) is not lane


_Item = TypeVar("_Item")


def _windows(items: Iterable[_Item], size: int = WINDOW) -> Iterator[list[_Item]]:
    remaining = iter(items)
    while window := list(islice(remaining, size)):
        yield window
