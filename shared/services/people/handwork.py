"""A person's hand on jobs and feeds. Each act has a reason and a name, on the job's timeline and in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from shared.domain import handwork
from shared.domain.feed import FeedBook
from shared.domain.handwork import NotAllowed
from shared.domain.job import Job, JobState, Source
from shared.domain.naming import kept_name
from shared.domain.pacing.releasing import released, skipped
from shared.domain.routing import made_sure_of
from shared.errors import Conflict, Terminal
from shared.ports import Clock, FileStore, Ledger, PaceLedger, Stored
from shared.services.intake.intake import Intake
from shared.services.outcomes.archiving import Archiving
from shared.services.people.releasing import Releasing
from shared.telemetry import Event, emit

_Move = Callable[[Job, datetime, str, str], Job]
#: An act of `bulk`, by its name: job ID, why, by whom.
_Act = Callable[[str, str, str], object]
#: Business dates that one call for many may span: each is a question to the ledger.
MOST_DAYS = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an act of many did with one job, or would do; `refused` says why it cannot be done."""

    job_id: str
    state: JobState
    path: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Handwork:
    """What people do. All raise NotAllowed, Conflict (ask again) and Transient; all may be repeated after a crash."""

    ledger: Ledger
    files: FileStore
    pace: PaceLedger
    intake: Intake
    archiving: Archiving
    releasing: Releasing
    feeds: FeedBook
    clock: Clock

    def adopt(self, job_id: str, why: str, actor: str, *, message_id: str = "", execution_id: str = "") -> Stored:
        """Follow the import that a person found for a job in doubt; give one of the two IDs.

        Raises NotAllowed also when that import belongs to another job.
        """
        message_id = message_id.strip().strip("{}")
        if bool(message_id) == bool(execution_id):
            raise NotAllowed("name either the message ID or the execution ID that F&O shows")
        found = self._found(job_id)
        job = handwork.adopted(found.job, self.clock(), why, actor, message_id, execution_id)
        owner = self.ledger.by_message(message_id or execution_id)
        if owner not in {None, job_id}:
            raise NotAllowed(f"{message_id or execution_id} is the import of job {owner}")
        self.ledger.note_message(message_id or execution_id, job_id)
        return self._written(found, job, Event.JOB_ADOPTED, why, actor)

    def resend(self, job_id: str, why: str, actor: str) -> Stored:
        """Send a job in doubt once more, because it is not in F&O: at the next tick, by the door that all files use."""
        return self._moved(job_id, handwork.resent, Event.JOB_RELEASED, why, actor)

    def close(self, job_id: str, why: str, actor: str) -> Stored:
        """Stop waiting for a job in doubt or in F&O; its file goes to the archive and its places are free.

        Where F&O's executions are searched, what it may have become there is noted first, for it is no other file's.
        """
        job = self._found(job_id).job
        if not job.execution_id and not job.is_final and self.feeds.data_project_of(job.activity_id):
            self.ledger.note_doubt(job)
        after = self._moved(job_id, handwork.closed, Event.JOB_CLOSED, why, actor)
        return self.archiving.archive(after)

    def refetch(self, job_id: str, why: str, actor: str) -> Stored:
        """Fetch the evidence of an import again."""
        after = self._moved(job_id, handwork.asked_again, Event.EVIDENCE_ASKED_AGAIN, why, actor)
        return self.archiving.archive(after)

    def replay(self, job_id: str, why: str, actor: str, *, again: bool = False) -> Stored:
        """Write the kept file to landing again, where it becomes a new job: the new one.

        The old job is marked first, so that a second replay is never an oversight. Raises NotAllowed also when another
        file lies in landing under its name.
        """
        found = self._found(job_id)
        job = handwork.replayed(found.job, self.clock(), why, actor, again=again)
        for file in job.files:
            self._make_sure_of_room(file.source, job_id)
        self._written(found, job, Event.JOB_REPLAYED, why, actor)
        for file in job.files:
            kept = f"{job.archive_path}/{kept_name(file.source)}"
            if not self.files.put_back(kept, file.source.container, file.source.path, job_id):
                raise Conflict(f"another file has just landed as {file.source.path}; wait until it has gone")
        return [self._landed(file.source.container, file.source.path, actor) for file in job.files][-1]

    def pause(self, feed: str, why: str, actor: str) -> None:
        """Send nothing of a feed until it is resumed; what is in F&O is followed, what lands waits and says why."""
        now = self.clock()
        said = f"{why} ({actor})"
        self.pace.change_feed(feed, lambda pace: replace(pace, stopped_at=pace.stopped_at or now, stopped_why=said))
        emit(Event.FEED_PAUSED, feed=feed, why=why, actor=actor)

    def resume(self, feed: str, why: str, actor: str) -> None:
        """Send a feed's files again, from the next tick on."""
        self.pace.change_feed(feed, lambda pace: replace(pace, stopped_at=None, stopped_why=""))
        emit(Event.FEED_RESUMED, feed=feed, why=why, actor=actor)

    def bulk(
        self,
        action: str,
        feed: str,
        days: tuple[date, date],
        states: Iterable[JobState],
        why: str,
        actor: str,
        *,
        dry_run: bool = True,
    ) -> Iterator[Done]:
        """Do the same to all jobs of a feed in these states, from one business date to another.

        A dry run says of each whether it could be done. Raises NotAllowed for an action that is not of BULK, and for
        more than MOST_DAYS; NoSuchFeed for a feed that neither is there nor has files from when it was.
        """
        act = self._act(action)
        look = partial(_looked_at, _BULK[action][0], self.clock(), why, actor)
        first, last = days
        if (last - first).days >= MOST_DAYS:
            raise NotAllowed(f"{first} to {last} is more than {MOST_DAYS} days; do it in parts")
        wanted, is_known = frozenset(states), False
        for offset in range((last - first).days + 1):
            for job in list(self.ledger.on_date(feed, first + timedelta(days=offset))):
                is_known = True
                if job.state in wanted:
                    yield _done(job, look(job) if dry_run else _refused(partial(act, job.job_id, why, actor)))
        if not is_known:
            made_sure_of(self.feeds, feed)

    def _act(self, action: str) -> _Act:
        if action not in _BULK:
            raise NotAllowed(f"{action} cannot be done to many; these can: {', '.join(BULK)}")
        return _BULK[action][1](self)

    def _make_sure_of_room(self, source: Source, job_id: str) -> None:
        """Before anything is marked: nothing of the same name is in landing, but a copy that a crash left there."""
        lying = self.files.describe(source.container, source.path)
        if lying is not None and lying.replay_of != job_id:
            raise NotAllowed(f"another file lies in landing as {source.path}; wait until it has gone")

    def _landed(self, container: str, path: str, actor: str) -> Stored:
        source = self.files.describe(container, path)
        if source is None:
            raise Conflict(f"{path} has left landing already; look for its new job")
        return self.intake.receive(source, actor)

    def _moved(self, job_id: str, move: _Move, event: Event, why: str, actor: str) -> Stored:
        found = self._found(job_id)
        return self._written(found, move(found.job, self.clock(), why, actor), event, why, actor)

    def _written(self, found: Stored, job: Job, event: Event, why: str, actor: str) -> Stored:
        """Write, then give back the places that the job no longer names."""
        stored = Stored(job, self.ledger.write(job, found.version))
        self.ledger.free_slots(job.job_id, set(found.job.slots) - set(job.slots))
        emit(event, job, why=why, actor=actor)
        return stored

    def _found(self, job_id: str) -> Stored:
        found = self.ledger.read(job_id)
        if found is None:
            raise NotAllowed(f"there is no job {job_id}; take the ID from job.json, the outcome blob or the page")
        return found


def _done(job: Job, refused: str) -> Done:
    return Done(job_id=job.job_id, state=job.state, path=job.source.path, refused=refused)


def _refused(act: Callable[[], object]) -> str:
    """One job that cannot be acted on does not keep the others waiting."""
    try:
        act()
    except (Terminal, Conflict) as refused:
        return str(refused)
    return ""


def _looked_at(move: _Move, now: datetime, why: str, actor: str, job: Job) -> str:
    """Why the job is not where this could be done with it; empty where it is."""
    return _refused(lambda: move(job, now, why, actor))


#: An act that can be done to many: what it makes of a job, or why not; and what does it.
_BULK: dict[str, tuple[_Move, Callable[[Handwork], _Act]]] = {
    "replay": (partial(handwork.replayed, again=False), lambda work: work.replay),
    "release": (released, lambda work: work.releasing.release),
    "skip": (skipped, lambda work: work.releasing.skip),
    "close": (handwork.closed, lambda work: work.close),
    "resend": (handwork.resent, lambda work: work.resend),
    "refetch": (handwork.asked_again, lambda work: work.refetch),
}
#: What can be done to many jobs at once.
BULK = tuple(_BULK)
