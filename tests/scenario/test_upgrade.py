"""Rows that an earlier release wrote are read and carried on. Each recording is a ledger as that release left it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.tables.ledger_rows import SCHEMA_VERSION, from_row, source_row_key
from shared.domain.job import Job, JobState
from shared.domain.naming import source_key
from shared.ports import Outgoing
from tests.fakes.memory_files import MemoryContent
from tests.scenario.conftest import GOOD_CSV, Stage

RECORDED = sorted((Path(__file__).parents[1] / "contract" / "recorded").glob("ledger_rows_v*.json"))
STATES = {
    JobState.SUCCEEDED: 1,
    JobState.PARTIAL: 1,
    JobState.REJECTED: 2,
    JobState.FAILED: 1,
    JobState.ENQUEUED: 1,
    JobState.RUNNING: 1,
    JobState.WAITING: 2,
}


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["rows"])


def _job_rows(path: Path) -> list[dict[str, Any]]:
    return [row for row in _rows(path) if row["PartitionKey"].startswith("job.")]


def test_there_is_a_recording_of_every_earlier_schema_version() -> None:
    assert [path.stem.rpartition("v")[2] for path in RECORDED] == [str(n) for n in range(1, SCHEMA_VERSION)]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)
def test_every_row_of_an_earlier_release_is_read_with_what_it_held(recorded: Path) -> None:
    jobs = [from_row(row) for row in _job_rows(recorded)]
    assert Counter(job.state for job in jobs) == STATES
    taken = {JobState.SUCCEEDED, JobState.PARTIAL, JobState.ENQUEUED, JobState.RUNNING}
    for job in jobs:
        assert job.timeline[-1].to_state is job.state
        assert bool(job.message_id) is (job.state in taken)
        assert (job.archived_at is not None) is job.is_final
    partial = next(job for job in jobs if job.state is JobState.PARTIAL)
    assert partial.rows is not None
    assert (partial.rows.rows_in, partial.rows.rows_ok, partial.rows.rows_bad) == (2, 1, 1)


def test_a_row_of_a_later_release_is_refused_rather_than_misread() -> None:
    later = {**_job_rows(RECORDED[0])[0], "schema_version": str(SCHEMA_VERSION + 1)}
    with pytest.raises(ValueError, match="written by a later release"):
        from_row(later)


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)
def test_a_file_that_an_earlier_release_claimed_stays_with_its_job_when_it_is_seen_again(
    stage: Stage, recorded: Path
) -> None:
    ledger = stage.engine.ledger
    jobs = {job.job_id: job for job in map(from_row, _job_rows(recorded))}
    for row in _rows(recorded):
        if row["PartitionKey"].startswith("source."):  # the recording's container bore another name
            assert row["PartitionKey"] == f"source.{row['RowKey'][:2]}"
            key = source_key(jobs[row["job_id"]].source)
            row |= {"PartitionKey": f"source.{key[:2]}", "RowKey": key}
        ledger._table.create_entity(row)
    for job in jobs.values():
        assert ledger.by_source(job.source) == job.job_id
        stored, is_new = ledger.open(replace(job, job_id=f"renamed.20261114.{job.job_id.rpartition('.')[2]}"))
        assert (is_new, stored.job.job_id) == (False, job.job_id)
        arrivals = stage.engine.watching.sums.view.arrivals(job.source.landed_at.astimezone(UTC).date())
        assert job.job_id in {arrival.job_id for arrival in arrivals}
        assert not any(arrival.job_id.startswith("renamed") for arrival in arrivals)


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)
def test_what_an_earlier_release_left_open_is_carried_to_its_end(stage: Stage, recorded: Path) -> None:
    _restore(stage, recorded)
    for _ in range(4):
        stage.world.recurrence_tick()
        stage.tick(timedelta(minutes=3))
    after = {job.source.name: job for job in stage.jobs()}
    assert len(after) == sum(STATES.values())
    for name in ("waiting", "waiting too", "in-doubt", "running"):
        job = after[f"{name}-2026-11-14.csv"]
        assert (job.state, bool(job.archived_at)) == (JobState.SUCCEEDED, True), name
    assert len(stage.world.messages) == 4
    assert stage.in_landing() == []


def _restore(stage: Stage, recorded: Path) -> None:
    """Put the recorded rows into this stage's table; open ones get a file in landing, sent ones a message in F&O."""
    told = json.loads(recorded.read_text(encoding="utf-8"))
    stage.clock.now = datetime.fromisoformat(told["now"])
    for row in told["rows"]:
        if row["PartitionKey"].startswith("job.") and row["state"] in {"WAITING", "ENQUEUED", "RUNNING"}:
            blob = stage.blobs.get_blob_client(stage.landing, row["path"])
            row["etag_landed"] = str(blob.upload_blob(GOOD_CSV)["etag"]).strip('"')
            row["container"] = stage.landing
            if row["message_id"]:
                row["message_id"] = _message(stage, from_row(row))
            _claim(stage, from_row(row))
        stage.engine.ledger._table.create_entity(row)


def _message(stage: Stage, job: Job) -> str:
    """F&O has the file that the row says it has."""
    outgoing = Outgoing(
        activity_id=job.activity_id, entity=job.entity, legal_entity=job.legal_entity, external_id=job.job_id
    )
    return stage.engine.tick.submission.erp.enqueue(outgoing, MemoryContent(GOOD_CSV))


def _claim(stage: Stage, job: Job) -> None:
    """The claim of the file as it lies in this stage's landing."""
    partition, key = source_row_key(source_key(job.source))
    stage.engine.ledger._table.create_entity({"PartitionKey": partition, "RowKey": key, "job_id": job.job_id})
