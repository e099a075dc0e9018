"""What every store of queues keeps to."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.feed import OrderBy
from shared.domain.job import Job
from shared.domain.pacing.ordering import order_key
from shared.ports import OrderLedger
from tests.builders import START, a_job, a_source


def _job(name: str, **changes: str) -> Job:
    source = a_source(f"customer-groups/USMF/{name}")
    return a_job(source, order_key=order_key(OrderBy.NAME, source), **changes)


def _names(order: OrderLedger, job: Job, jobs: list[Job], most: int = 50) -> list[str]:
    by_id = {job.job_id: job.source.name for job in jobs}
    return [by_id[member.job_id] for member in order.up_to(job, most).members]


def test_members_stand_in_order_up_to_the_one_who_asks(order: OrderLedger) -> None:
    jobs = [_job(name) for name in ("b10.csv", "b9.csv", "A1.csv", "Zürich 100%.csv", "c.csv")]
    for job in jobs:
        order.join(job, START)
    assert _names(order, jobs[0], jobs) == ["A1.csv", "b9.csv", "b10.csv"]
    assert _names(order, jobs[4], jobs, most=2) == ["A1.csv", "b9.csv"]
    assert _names(order, jobs[3], jobs)[-1] == "Zürich 100%.csv"


def test_who_joins_again_keeps_its_time_and_place(order: OrderLedger) -> None:
    job = _job("1.csv")
    order.join(job, START)
    order.join(job, START + timedelta(hours=1))
    assert [member.joined_at for member in order.up_to(job, 5).members] == [START]


def test_feeds_and_legal_entities_have_queues_of_their_own(order: OrderLedger) -> None:
    first, last = _job("1.csv"), _job("2.csv")
    others = [_job("0.csv", legal_entity="DEMF"), _job("0.csv", feed="other")]
    for job in [first, last, *others]:
        order.join(job, START)
    assert _names(order, last, [first, last, *others]) == ["1.csv", "2.csv"]


def test_a_member_that_was_dropped_is_gone_and_dropping_it_again_is_no_fault(order: OrderLedger) -> None:
    first, last = _job("1.csv"), _job("2.csv")
    order.join(first, START)
    order.join(last, START)
    member = order.up_to(last, 5).members[0]
    for _ in range(2):
        order.drop("customer-groups", "USMF", member)
    assert _names(order, last, [first, last]) == ["2.csv"]


def test_the_highest_number_that_has_gone_is_remembered(order: OrderLedger) -> None:
    job = _job("1.csv")
    assert order.up_to(job, 5).last_number is None
    for number in (7, 12, 9):
        order.note_gone("customer-groups", "USMF", number)
    order.join(job, START)
    queue = order.up_to(job, 5)
    assert (queue.last_number, len(queue.members)) == (12, 1)
