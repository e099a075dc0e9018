"""What every ledger of contents keeps to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from shared.ports import ContentLedger
from tests.builders import START, a_job, a_source

SHA = "ab" * 32


def test_of_many_jobs_with_one_content_one_has_the_claim_and_all_are_told_which(contents: ContentLedger) -> None:
    jobs = [a_job(a_source(f"a/b/{n}.csv"), content_sha256=SHA) for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda job: contents.claim(job, START), jobs))
    assert len(set(claims)) == 1
    assert claims[0].job_id in {job.job_id for job in jobs}


def test_a_job_that_asks_again_finds_its_own_claim_and_its_time(contents: ContentLedger) -> None:
    job = a_job(content_sha256=SHA)
    first = contents.claim(job, START)
    assert contents.claim(job, START + timedelta(days=1)) == first


def test_the_same_content_for_another_feed_or_legal_entity_is_its_own(contents: ContentLedger) -> None:
    job, other = a_job(content_sha256=SHA), a_job(content_sha256=SHA, legal_entity="DEMF")
    contents.claim(job, START)
    other_feed = a_job(content_sha256=SHA, feed="other")
    other_content = a_job(a_source(etag="2"), content_sha256="cd" * 32)
    for own in (other, other_feed, other_content):
        assert contents.claim(own, START).job_id == own.job_id


def test_a_claim_is_taken_over_once_and_only_as_it_was_seen(contents: ContentLedger) -> None:
    first, second, third = (a_job(a_source(f"a/b/{n}.csv"), content_sha256=SHA) for n in range(3))
    seen = contents.claim(first, START)
    assert contents.take_over(second, seen, START + timedelta(days=1))
    assert not contents.take_over(third, seen, START + timedelta(days=1))
    assert contents.claim(third, START).job_id == second.job_id
