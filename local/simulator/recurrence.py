"""The batch group: what one recurrence does to the messages that wait and run.

Documented: nothing runs at enqueue, the recurrence of the job takes messages up; in order only for File jobs; an upload
is kept for 7 days. Seen: a wrong entity label never ends; parallel imports collide. Assumed: how many ticks it takes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from .clock import VirtualClock
from .entities import CATALOGUE
from .imports import EntityResult, RowError, counted, import_file, import_package
from .knobs import Knobs
from .messages import (
    DEQUEUED,
    ENQUEUED,
    IN_PROCESS,
    POST_PROCESS_ERROR,
    PRE_PROCESS_ERROR,
    PRE_PROCESSING,
    PROCESSED,
    RUNNING,
    WITH_ERRORS,
    ImportJob,
    Message,
)
from .packages import PreProcessError
from .tables import Tables

RETENTION = timedelta(days=7)
_SHORT_WALK = {ENQUEUED: IN_PROCESS}
_LONG_WALK = {ENQUEUED: DEQUEUED, DEQUEUED: PRE_PROCESSING, PRE_PROCESSING: IN_PROCESS}


@dataclass(frozen=True, slots=True)
class BatchGroup:
    """What a recurrence works with: the environment's settings, its time, its recurring data jobs, and its tables."""

    knobs: Knobs
    clock: VirtualClock
    jobs: Mapping[str, ImportJob]
    tables: Tables

    def recur(self, unfinished: Iterable[Message]) -> None:
        """One recurrence: what runs moves on or comes to its end, then what waits starts as far as there is room."""
        messages = list(unfinished)
        for message in [m for m in messages if m.state in RUNNING]:
            _move_on(self, message)
        running = [m for m in messages if m.state in RUNNING]
        self._start([m for m in messages if m.state == ENQUEUED and not m.held], running)

    def _start(self, waiting: Iterable[Message], running: Sequence[Message]) -> None:
        busy_in_order = {m.activity_id for m in running}
        room = self.knobs.batch_capacity - len(running)
        for message in waiting:
            if room <= 0:
                return
            if self.jobs[message.activity_id].one_at_a_time and message.activity_id in busy_in_order:
                continue
            _enter(self, message, (_LONG_WALK if self.knobs.long_walk else _SHORT_WALK)[ENQUEUED])
            busy_in_order.add(message.activity_id)
            room -= 1


def _move_on(group: BatchGroup, message: Message) -> None:
    if message.state != IN_PROCESS:
        _enter(group, message, _LONG_WALK[message.state])
    elif message.fate != "stuck" and not _never_ends(group.jobs[message.activity_id], message):
        _end(group, message)


def _never_ends(job: ImportJob, message: Message) -> bool:
    """An entity label that is missing, unknown, or not the job's is accepted, and then nothing comes of it (seen)."""
    wrong = message.entity not in CATALOGUE or job.entity not in {None, message.entity}
    return job.kind == "file" and wrong


def _enter(group: BatchGroup, message: Message, state: int) -> None:
    """The execution ID exists from InProcess on: {project}-{time}-{32 hex digits}."""
    message.state = state
    if state == IN_PROCESS:
        message.started_at = group.clock.now()
        project = group.jobs[message.activity_id].data_project
        made = f"{project}-{message.started_at:%Y-%m-%dT%H:%M:%S}-{uuid.uuid4().hex.upper()}"
        message.execution_id = message.execution_id or made


def _end(group: BatchGroup, message: Message) -> None:
    message.ended_at = group.clock.now()
    try:
        message.entities = _outcome(group, group.jobs[message.activity_id], message)
    except PreProcessError as failure:
        message.state, message.log = PRE_PROCESS_ERROR, _log(group, message, str(failure))
        return
    bad = sum(result.staging_errors + result.target_errors for result in message.entities)
    message.state = WITH_ERRORS if bad else PROCESSED
    if message.fate == "post_process_error":
        message.state = POST_PROCESS_ERROR
    message.log = _log(group, message, "; ".join(_told(result) for result in message.entities))


def _log(group: BatchGroup, message: Message, words: str) -> str:
    return words if group.knobs.with_log and message.fate != "empty_log" else ""


def _told(result: EntityResult) -> str:
    bad = result.staging_errors + result.target_errors
    return f"{result.entity}: {result.written} of {result.total} records written, {bad} with errors"


def _outcome(group: BatchGroup, job: ImportJob, message: Message) -> list[EntityResult]:
    legal_entity = message.legal_entity.upper()
    if legal_entity not in group.knobs.legal_entities:
        raise PreProcessError(f"Company '{message.legal_entity}' does not exist")
    if group.clock.now() - message.enqueued_at > RETENTION:
        raise PreProcessError("The uploaded file is no longer there")
    if message.fate == "conflict":
        return [_collided(message)]
    if message.rows_if_not_kept is not None:
        return counted(message.entity or job.data_project, message.rows_if_not_kept)
    if job.kind == "package":
        return import_package(legal_entity, message.body, group.tables)
    return import_file(message.entity, legal_entity, message.body, group.tables)


def _collided(message: Message) -> EntityResult:
    """What two imports of one entity at the same time do to each other; the same file passes later."""
    result = EntityResult(message.entity or "Package", total=1)
    words = "Cannot create a record. The record already exists."
    result.reject(RowError("1", "", words, at_staging=True, key=()))
    return result
