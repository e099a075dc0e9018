"""Bundles on the memory ledger: what several workers may leave behind, and that no file is ever in two bundles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.bundle import Bundle, BundleMember
from shared.domain.job import Job, JobState, LandedFile, Source
from shared.domain.naming import source_key
from shared.services.intake.bundling import Bundling
from tests.builders import ManualClock, a_book, a_feed
from tests.fakes.memory_files import MemoryFiles
from tests.fakes.memory_ledger import MemoryLedger

HEADERS, LINES = "orders/USMF/headers-7.csv", "orders/USMF/lines-7.csv"
BUNDLE = Bundle(
    members=(
        BundleMember(name="headers-{key}.csv", entity="Headers"),
        BundleMember(name="lines-{key}.csv", entity="Lines"),
    ),
    wait=timedelta(hours=2),
)


@pytest.fixture
def files(clock: ManualClock) -> MemoryFiles:
    """An empty landing."""
    return MemoryFiles(clock)


@pytest.fixture
def bundling(clock: ManualClock, files: MemoryFiles) -> Bundling:
    """The use case, on memory; nothing here comes to an end, so nothing is archived."""
    book = a_book(a_feed(name="orders", entity="", bundle=BUNDLE))
    return Bundling(MemoryLedger(), files, book, None, clock)  # type: ignore[arg-type]  # see above


def _with(job: Job, source: Source) -> Job:
    """The job with one more file on its list, as a worker leaves it that dies before the claim."""
    return replace(job, members=(*job.members, LandedFile(source=source, entity="Headers")))


def _landed(files: MemoryFiles, path: str) -> Source:
    return files.put("landing", path, path.encode())


def test_the_last_file_completes_the_bundle_for_the_one_who_brings_it(bundling: Bundling, files: MemoryFiles) -> None:
    first = bundling.join(_landed(files, LINES), "event")
    last = bundling.join(_landed(files, HEADERS), "event")
    assert first is not None
    assert last is not None
    assert (first.is_complete, first.stored.job.state) == (False, JobState.COLLECTING)
    assert (last.is_complete, last.stored.job.state) == (True, JobState.RECEIVED)
    assert last.stored.job.source.size_bytes == len(HEADERS) + len(LINES)
    assert [file.entity for file in last.stored.job.members] == ["Lines", "Headers"]


def test_any_number_of_events_for_one_file_list_it_once(bundling: Bundling, files: MemoryFiles) -> None:
    source = _landed(files, LINES)
    looks = [bundling.join(source, "event") for _ in range(3)]
    assert {look.stored.job.job_id for look in looks if look} == {bundling.ledger.by_source(source)}
    assert all(look and len(look.stored.job.members) == 1 for look in looks)


def test_a_file_listed_by_a_worker_that_died_before_the_claim_is_claimed_by_the_next(
    bundling: Bundling, files: MemoryFiles
) -> None:
    ledger = bundling.ledger
    source = _landed(files, LINES)
    joined = bundling.join(source, "event")
    assert joined is not None
    assert isinstance(ledger, MemoryLedger)
    ledger._claims = {key: owner for key, owner in ledger._claims.items() if key != source_key(source)}
    again = bundling.join(source, "sweep")
    assert again is not None
    assert again.stored.job == joined.stored.job
    assert ledger.by_source(source) == joined.stored.job.job_id


def test_a_listed_file_that_another_job_owns_never_goes_with_the_bundle(bundling: Bundling, files: MemoryFiles) -> None:
    lines, headers = _landed(files, LINES), _landed(files, HEADERS)
    first = bundling.join(lines, "event")
    assert first is not None
    bundling.ledger.claim(headers, "orders.20261114.other")
    both = _with(first.stored.job, headers)
    version = bundling.ledger.write(both, first.stored.version)
    look = bundling.look(replace(first.stored, job=both, version=version))
    assert not look.is_complete
    assert look.stored.job.state is JobState.COLLECTING
    assert [file.source.path for file in look.stored.job.members] == [LINES]


def test_of_two_who_see_the_same_complete_bundle_one_carries_it_on(bundling: Bundling, files: MemoryFiles) -> None:
    first = bundling.join(_landed(files, LINES), "event")
    headers = _landed(files, HEADERS)
    assert first is not None
    both = _with(first.stored.job, headers)
    seen = replace(first.stored, job=both, version=bundling.ledger.write(both, first.stored.version))
    looks = [bundling.look(seen), bundling.look(seen)]
    assert [look.is_complete for look in looks] == [True, False]
    assert {look.stored.job.state for look in looks} == {JobState.RECEIVED}


def test_the_older_version_of_a_member_never_takes_the_place_of_the_newer(
    bundling: Bundling, files: MemoryFiles
) -> None:
    old = _landed(files, LINES)
    new = _landed(files, LINES)
    for source in (new, old):
        joined = bundling.join(source, "event")
    assert joined is not None
    assert [file.source for file in joined.stored.job.members] == [new]


def test_two_files_of_one_name_in_folders_of_another_spelling_are_two_bundles(
    bundling: Bundling, files: MemoryFiles
) -> None:
    first = bundling.join(_landed(files, LINES), "event")
    second = bundling.join(_landed(files, LINES.replace("USMF", "usmf")), "event")
    assert first is not None
    assert second is not None
    assert first.stored.job.job_id != second.stored.job.job_id
    assert {first.stored.job.legal_entity, second.stored.job.legal_entity} == {"USMF"}


def test_a_bundle_is_due_at_the_end_of_its_wait_and_soon_when_it_is_whole(
    bundling: Bundling, files: MemoryFiles, clock: ManualClock
) -> None:
    joined = bundling.join(_landed(files, LINES), "event")
    assert joined is not None
    assert joined.stored.job.due_at == clock() + timedelta(hours=2)
    clock.advance(timedelta(minutes=30))
    headers = _landed(files, HEADERS)
    place = bundling._place_of(headers)
    assert place is not None
    whole = bundling._listed(place, headers, "event")  # and here the worker dies
    assert whole.job.due_at == clock() + timedelta(minutes=2)


def test_what_is_no_file_of_a_bundle_is_left_to_others(bundling: Bundling, files: MemoryFiles) -> None:
    for path in ("orders/USMF/readme.txt", "orders/ZZZZ/lines-7.csv", "elsewhere/lines-7.csv"):
        assert bundling.join(_landed(files, path), "event") is None
