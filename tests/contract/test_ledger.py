"""What every ledger keeps to, whatever it is made of. Assertions are on what is stored, never on what was called."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from shared.adapters.tables.ledger import TableLedger
from shared.domain.checks.findings import Finding
from shared.domain.job import JobState, LandedFile, Lane, advance
from shared.domain.naming import external_id, job_id_from_external
from shared.domain.outcomes.outcome import EntityCounts, RowCounts
from shared.errors import Conflict
from shared.ports import Ledger, Stored
from tests.builders import START, ManualClock, a_job, a_job_in, a_source


def test_of_two_writers_who_read_the_same_row_one_gets_a_conflict(ledger: Ledger, clock: ManualClock) -> None:
    stored, _ = ledger.open(a_job())
    winner = advance(stored.job, JobState.SENDING, clock(), "the first")
    ledger.write(winner, stored.version)
    with pytest.raises(Conflict):
        ledger.write(advance(stored.job, JobState.REJECTED, clock(), "the second"), stored.version)
    found = ledger.read(stored.job.job_id)
    assert found is not None
    assert found.job == winner


def _opened(ledger: Ledger, count: int) -> list[Stored]:
    """Jobs of two feeds, so that no single partition holds them all."""
    names = [f"groups 2026-11-14 {number}.csv" for number in range(count)]
    sources = [a_source(f"customer-groups/USMF/{name}", etag=name) for name in names]
    return [ledger.open(a_job(source, feed=f"feed-{n % 2}"))[0] for n, source in enumerate(sources)]


@pytest.mark.parametrize("count", [0, 1, 5, 203])
def test_many_jobs_written_together_are_stored_and_due_as_if_each_was_written_alone(
    ledger: Ledger, clock: ManualClock, count: int
) -> None:
    before = _opened(ledger, count)
    later = START + timedelta(hours=1)
    jobs = [replace(advance(each.job, JobState.REJECTED, clock(), "unfit"), due_at=later) for each in before]
    versions = ledger.write_all([(job, each.version) for job, each in zip(jobs, before, strict=True)])
    found = [ledger.read(job.job_id) for job in jobs]
    assert [(each.job, each.version) if each else None for each in found] == list(zip(jobs, versions, strict=True))
    due = [entry.job_id for entry in ledger.due(Lane.FOLLOW, later)]
    assert sorted(due) == sorted(job.job_id for job in jobs)


def test_of_jobs_written_together_only_the_one_that_changed_since_is_left_as_it_is(
    ledger: Ledger, clock: ManualClock
) -> None:
    before = _opened(ledger, 6)
    winner = advance(before[2].job, JobState.SENDING, clock(), "the first")
    ledger.write(winner, before[2].version)
    mine = [advance(each.job, JobState.REJECTED, clock(), "the second") for each in before]
    versions = ledger.write_all([(job, each.version) for job, each in zip(mine, before, strict=True)])
    assert [version is None for version in versions] == [False, False, True, False, False, False]
    found = [ledger.read(job.job_id) for job in mine]
    assert [each.job if each else None for each in found] == [*mine[:2], winner, *mine[3:]]


def test_a_job_that_changes_its_lane_is_found_in_the_new_one_though_its_time_is_the_same(ledger: Ledger) -> None:
    stored, _ = ledger.open(a_job(due_at=START))
    rejected = replace(advance(stored.job, JobState.REJECTED, START, "unfit"), due_at=START)
    ledger.write(rejected, stored.version)
    assert [entry.job_id for entry in ledger.due(Lane.FOLLOW, START)] == [stored.job.job_id]


def test_a_job_whose_due_entry_is_gone_can_be_noted_again(ledger: Ledger) -> None:
    stored, _ = ledger.open(a_job(due_at=START))
    ledger.forget(list(ledger.due(Lane.SEND, START)))
    ledger.remind(stored.job)
    ledger.remind(stored.job)
    assert [entry.job_id for entry in ledger.due(Lane.SEND, START)] == [stored.job.job_id]


def test_a_source_is_claimed_once_however_many_see_it_land(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: ledger.open(a_job()), range(16)))
    assert [is_new for _, is_new in results].count(True) == 1
    assert len({stored.job.job_id for stored, _ in results}) == 1
    assert len(list(ledger.on_date("customer-groups", date(2026, 11, 14)))) == 1


def test_a_source_is_claimed_for_the_first_job_that_asks_and_for_no_other(ledger: Ledger) -> None:
    stored, _ = ledger.open(a_job())
    member = a_source("orders/USMF/lines-7.csv")
    with ThreadPoolExecutor(8) as pool:
        owners = set(pool.map(lambda n: ledger.claim(member, f"orders.20261114.{n}"), range(16)))
    assert len(owners) == 1
    assert ledger.by_source(member) in owners
    assert ledger.claim(stored.job.source, "orders.20261114.x") == stored.job.job_id


def test_a_claimed_source_opens_no_job_of_its_own(ledger: Ledger) -> None:
    stored, _ = ledger.open(a_job())
    member = a_source("customer-groups/USMF/member.csv")
    ledger.claim(member, stored.job.job_id)
    found, is_new = ledger.open(a_job(member))
    assert (found.job.job_id, is_new) == (stored.job.job_id, False)


def test_a_source_stays_with_its_first_job_even_when_the_feeds_have_changed_since(ledger: Ledger) -> None:
    first, _ = ledger.open(a_job())
    again, is_new = ledger.open(a_job(feed="renamed"))
    assert not is_new
    assert again.job == first.job


def test_new_content_under_the_same_name_is_a_job_of_its_own(ledger: Ledger) -> None:
    first, _ = ledger.open(a_job())
    second, is_new = ledger.open(a_job(a_source(etag="0x8DE2")))
    assert is_new
    assert second.job.job_id != first.job.job_id


def test_a_job_comes_back_as_it_was_written_with_every_column(ledger: Ledger, clock: ManualClock) -> None:
    stored, _ = ledger.open(a_job())
    job = advance(stored.job, JobState.SENDING, clock(), "attempt 1 with 'quotes', Zürich and a % sign")
    job = replace(
        job,
        slots=("act.x.000", "env.001"),
        sha256="ab" * 32,
        sent_at=clock(),
        message_id="84a383c8-336d-45e4-9933-0c3e8bfb734a",
        execution_id="P-2026-11-14T06:00:00-ABC\x07",
        remote_status="6",
        rows=RowCounts(rows_in=10, rows_ok=7, rows_bad=3),
        entities=tuple(EntityCounts(entity=f"Entity {n}", staged=n, total=None) for n in range(1000)),
        execution_log="line 1\nline 2",
        findings=(
            Finding(rule="too-large", seen="9 GB", advice="Split it.", feed="f"),
            Finding(rule="line-ends", seen="LF", advice="End lines.", feed="f", symptom="odd", is_warning=True),
        ),
        overdue=True,
        content_sha256="cd" * 32,
        duplicate_of="customer-groups.20261114.abc",
        released_at=clock(),
        replay_of="customer-groups.20261113.abc",
        replayed_at=clock(),
        members=tuple(
            LandedFile(source=a_source(f"orders/USMF/größe-{n}.csv"), entity=f"Entity {n}", sha256="ef" * 32)
            for n in range(300)
        ),
        template_sha256="01" * 32,
        archive_path="archive/x",
        archived_at=clock(),
        kept_as="a/job/x.csv",
        evidence_at=clock(),
        causes="412 rows, 3 causes",
        ended_at=clock(),
    )
    ledger.write(job, stored.version)
    found = ledger.read(job.job_id)
    assert found is not None
    assert found.job == job


def test_the_timeline_only_grows_even_if_a_writer_forgets_what_was_there(ledger: Ledger, clock: ManualClock) -> None:
    stored, _ = ledger.open(a_job())
    sending = advance(stored.job, JobState.SENDING, clock(), "attempt 1")
    version = ledger.write(sending, stored.version)
    forged = tuple(replace(entry, why="rewritten") for entry in sending.timeline)
    waiting = advance(replace(sending, timeline=forged), JobState.WAITING, clock(), "refused")
    ledger.write(waiting, version)
    found = ledger.read(sending.job_id)
    assert found is not None
    whys = [entry.why for entry in found.job.timeline]
    assert whys[0] == stored.job.timeline[0].why
    assert whys[-1] == "refused"
    assert [entry.to_state for entry in found.job.timeline] == ["RECEIVED", "SENDING", "WAITING"]


def test_reading_what_is_not_there_gives_none(ledger: Ledger) -> None:
    assert ledger.read(a_job().job_id) is None
    assert ledger.by_source(a_source()) is None
    assert ledger.by_message("84a383c8-336d-45e4-9933-0c3e8bfb734a") is None


def test_a_job_is_found_by_its_source_its_message_and_its_external_identifier(ledger: Ledger) -> None:
    job = a_job()
    ledger.open(job)
    ledger.note_message("84A383C8-336d-45e4-9933-0c3e8bfb734a", job.job_id)
    ledger.note_message("84a383c8-336d-45e4-9933-0c3e8bfb734a", job.job_id)
    assert ledger.by_source(job.source) == job.job_id
    assert ledger.by_message("84a383c8-336d-45e4-9933-0c3e8bfb734a") == job.job_id
    assert job_id_from_external(external_id(job)) == job.job_id


def test_writing_a_job_that_was_never_opened_is_a_conflict(ledger: Ledger) -> None:
    stored, _ = ledger.open(a_job())
    with pytest.raises(Conflict):
        ledger.write(a_job(a_source("customer-groups/USMF/other.csv")), stored.version)


def test_a_business_date_lists_its_jobs_and_no_others(ledger: Ledger) -> None:
    on_the_14th = [a_job(a_source(f"customer-groups/USMF/{n}-2026-11-14.csv")) for n in range(3)]
    others = [a_job(a_source("customer-groups/USMF/2026-11-15.csv")), a_job(a_source("x/2026-11-14.csv"), feed="x")]
    for job in on_the_14th + others:
        ledger.open(job)
    found = ledger.on_date("customer-groups", date(2026, 11, 14))
    assert sorted(job.job_id for job in found) == sorted(job.job_id for job in on_the_14th)


def test_due_entries_come_in_order_of_time_by_lane_and_only_when_due(ledger: Ledger, clock: ManualClock) -> None:
    late = a_job(a_source("a/b/late.csv"), due_at=START + timedelta(seconds=30))
    soon = a_job(a_source("a/b/soon.csv"), due_at=START + timedelta(seconds=10))
    far = a_job(a_source("a/b/far.csv"), due_at=START + timedelta(hours=1))
    followed = a_job_in(JobState.ENQUEUED, due_at=START)
    for job in (late, soon, far, followed):
        ledger.open(job)
    clock.advance(timedelta(seconds=30))
    assert [entry.job_id for entry in ledger.due(Lane.SEND, clock())] == [soon.job_id, late.job_id]
    assert [entry.job_id for entry in ledger.due(Lane.FOLLOW, clock())] == [followed.job_id]
    assert [entry.due_at for entry in ledger.due(Lane.FOLLOW, clock())] == [START]


def test_a_forgotten_entry_is_gone_and_forgetting_it_again_is_no_fault(ledger: Ledger, clock: ManualClock) -> None:
    for number in range(3):
        ledger.open(a_job(a_source(f"a/b/{number}.csv"), due_at=START))
    first, *rest = ledger.due(Lane.SEND, clock())
    ledger.forget([first])
    ledger.forget([first, rest[0]])
    assert list(ledger.due(Lane.SEND, clock())) == rest[1:]


def test_a_write_that_changes_the_time_makes_the_job_due_then(ledger: Ledger, clock: ManualClock) -> None:
    stored, _ = ledger.open(a_job(due_at=START))
    job = advance(stored.job, JobState.WAITING, clock(), "a cap")
    ledger.write(replace(job, due_at=START + timedelta(minutes=5)), stored.version)
    clock.advance(timedelta(minutes=5))
    assert [entry.due_at for entry in ledger.due(Lane.SEND, clock())] == [START, START + timedelta(minutes=5)]


def test_a_due_entry_names_the_version_that_its_write_replaces(ledger: Ledger, clock: ManualClock) -> None:
    stored, _ = ledger.open(a_job(due_at=START))
    job = advance(stored.job, JobState.WAITING, clock(), "a cap")
    read = ledger.read(job.job_id)
    assert read
    ledger.write(replace(job, due_at=START + timedelta(minutes=5)), read.version)
    clock.advance(timedelta(minutes=5))
    assert [entry.replaces for entry in ledger.due(Lane.SEND, clock())] == ["", stored.version.token]
    assert read.version.token == stored.version.token


def test_files_in_doubt_are_found_by_their_activity_until_they_are_settled(ledger: Ledger) -> None:
    mine = a_job()
    other = a_job(a_source("a/b/other.csv"), activity_id="22222222-2222-4222-8222-222222222222")
    for job in (mine, mine, other):
        ledger.note_doubt(job)
    assert ledger.doubts(mine.activity_id.upper()) == [mine.job_id]
    for _ in range(2):
        ledger.settle_doubt(mine.activity_id, mine.job_id)
    assert ledger.doubts(mine.activity_id) == []
    assert ledger.doubts(other.activity_id) == [other.job_id]


def test_a_job_that_lost_one_of_its_places_takes_that_again_and_keeps_the_other(ledger: Ledger) -> None:
    job, caps = a_job(), {"env": 2, "act.x": 1}
    slots = ledger.take_slots(job, caps, START)
    assert slots
    ledger.free_slots(job.job_id, ["act.x.000"])
    assert ledger.take_slots(job, caps, START) == slots
    assert sorted(slot.key for slot in ledger.taken()) == sorted(slots)


def test_an_orphaned_place_is_freed_only_if_nobody_has_taken_it_anew(ledger: Ledger) -> None:
    job = a_job()
    ledger.take_slots(job, {"env": 1}, START)
    (seen,) = ledger.taken()
    ledger.take_slots(job, {"env": 1}, START + timedelta(minutes=10))
    assert not ledger.free_orphan(seen)
    (renewed,) = ledger.taken()
    assert renewed.taken_at == START + timedelta(minutes=10)
    assert ledger.free_orphan(renewed)
    assert (ledger.taken(), ledger.free_orphan(renewed)) == ([], False)


def test_places_are_never_more_than_the_caps_however_many_ask_at_once(ledger: Ledger) -> None:
    jobs = [a_job(a_source(f"a/b/{number}.csv")) for number in range(12)]
    caps = {"env": 5, "act.x": 3}
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda job: ledger.take_slots(job, caps, START), jobs))
    holders = [slots for slots in taken if slots]
    assert len(holders) <= 3
    assert len({key for slots in holders for key in slots}) == 2 * len(holders)
    assert len(ledger.taken()) == 2 * len(holders)


def test_one_after_another_they_fill_the_cap_exactly(ledger: Ledger) -> None:
    jobs = [a_job(a_source(f"a/b/{number}.csv")) for number in range(4)]
    taken = [ledger.take_slots(job, {"env": 5, "act.x": 3}, START) for job in jobs]
    assert [bool(slots) for slots in taken] == [True, True, True, False]


def test_a_full_cap_takes_no_place_under_the_other(ledger: Ledger) -> None:
    first, second = a_job(a_source("a/b/1.csv")), a_job(a_source("a/b/2.csv"))
    ledger.take_slots(first, {"env": 5, "act.x": 1}, START)
    assert ledger.take_slots(second, {"env": 5, "act.x": 1}, START) is None
    assert {slot.job_id for slot in ledger.taken()} == {first.job_id}


def test_a_job_that_asks_again_keeps_the_places_it_has(ledger: Ledger) -> None:
    job = a_job()
    first = ledger.take_slots(job, {"env": 1}, START)
    assert ledger.take_slots(job, {"env": 1}, START) == first
    assert len(ledger.taken()) == 1


def test_a_place_is_given_back_by_its_holder_only(ledger: Ledger) -> None:
    job, other = a_job(), a_job(a_source("a/b/other.csv"))
    slots = ledger.take_slots(job, {"env": 1}, START) or ()
    ledger.free_slots(other.job_id, slots)
    assert len(ledger.taken()) == 1
    ledger.free_slots(job.job_id, slots)
    ledger.free_slots(job.job_id, slots)
    assert ledger.taken() == []
    assert ledger.take_slots(other, {"env": 1}, START)


def test_a_turn_is_one_callers_until_it_comes_again(ledger: Ledger, clock: ManualClock) -> None:
    assert ledger.turn("sweep", clock(), timedelta(minutes=5))
    assert not ledger.turn("sweep", clock(), timedelta(minutes=5))
    assert ledger.turn("other", clock(), timedelta(minutes=5))
    clock.advance(timedelta(minutes=5))
    assert ledger.turn("sweep", clock(), timedelta(minutes=5))


def test_a_cause_is_first_seen_once_in_each_feed(ledger: Ledger, clock: ManualClock) -> None:
    first = clock()
    assert ledger.first_seen("invoices", "abc", first) == first
    clock.advance(timedelta(days=2))
    assert ledger.first_seen("invoices", "abc", clock()) == first
    assert ledger.first_seen("orders", "abc", clock()) == clock()


def test_an_intent_to_send_leaves_the_entry_that_it_was_found_by_and_the_next_write_notes_its_own(
    ledger: Ledger, clock: ManualClock
) -> None:
    stored, _ = ledger.open(a_job(due_at=START))
    later = START + timedelta(minutes=5)
    sending = replace(advance(stored.job, JobState.SENDING, clock(), "attempt 1"), due_at=later)
    version = ledger.write_intent(sending, stored.version)
    found = ledger.read(sending.job_id)
    assert found == Stored(sending, version)
    assert [entry.due_at for entry in ledger.due(Lane.SEND, later)] == [START]
    assert list(ledger.due(Lane.FOLLOW, later)) == []
    ledger.write(advance(sending, JobState.ENQUEUED, clock(), "taken"), version)
    assert [entry.due_at for entry in ledger.due(Lane.FOLLOW, later)] == [later]


def test_an_intent_to_send_is_one_callers(ledger: Ledger, clock: ManualClock) -> None:
    stored, _ = ledger.open(a_job())
    sending = advance(stored.job, JobState.SENDING, clock(), "attempt 1")
    ledger.write_intent(sending, stored.version)
    with pytest.raises(Conflict):
        ledger.write_intent(sending, stored.version)


@pytest.mark.parametrize("cap", [20, 60])
def test_a_job_finds_the_places_that_it_holds_whether_there_is_room_for_more_or_not(ledger: Ledger, cap: int) -> None:
    jobs = [a_job(a_source(f"a/b/{number}.csv")) for number in range(20)]
    caps = {"env": 60, "act.x": cap}
    first = [ledger.take_slots(job, caps, START) for job in jobs]
    assert all(first)
    assert len(ledger.taken()) == 40
    assert [ledger.take_slots(job, caps, START) for job in jobs] == first
    assert len(ledger.taken()) == 40


def test_places_that_others_have_given_back_are_taken_when_none_is_left_otherwise(ledger: Ledger) -> None:
    jobs = [a_job(a_source(f"a/b/{number}.csv")) for number in range(6)]
    caps = {"env": 3}
    held = [ledger.take_slots(job, caps, START) for job in jobs]
    assert [bool(slots) for slots in held] == [True, True, True, False, False, False]
    other = TableLedger(ledger._table) if isinstance(ledger, TableLedger) else ledger
    for job, slots in zip(jobs[:3], held[:3], strict=True):
        other.free_slots(job.job_id, slots or ())
    assert all(ledger.take_slots(job, caps, START) for job in jobs[3:])
    assert {slot.job_id for slot in other.taken()} == {job.job_id for job in jobs[3:]}
