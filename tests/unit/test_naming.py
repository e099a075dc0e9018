"""Names follow from the file alone."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.naming import (
    archive_folder,
    business_date_of,
    external_id,
    job_id_from_external,
    job_id_of,
    rejected_folder,
)
from tests.builders import START, a_job, a_job_in, a_source

paths = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("invoices-2026-11-14.csv", date(2026, 11, 14)),
        ("invoices_20261114_060000.csv", date(2026, 11, 14)),
        ("2026.11.14 run 2.zip", date(2026, 11, 14)),
        ("from-2026-11-01-to-2026-11-14.csv", date(2026, 11, 14)),
        ("invoices-2026-02-30.csv", date(2026, 10, 25)),
        ("order-12026111499.csv", date(2026, 10, 25)),
        ("no date at all.csv", date(2026, 10, 25)),
    ],
)
def test_the_business_date_is_in_the_name_else_the_day_it_landed(name: str, expected: date) -> None:
    assert business_date_of(name, START) == expected


@given(path=paths, etag=st.text("0123456789ABCDEF", min_size=4, max_size=18))
def test_one_content_version_of_one_path_has_one_job_id_and_any_other_has_another(path: str, etag: str) -> None:
    source = a_source(path, etag=etag)
    day = date(2026, 11, 14)
    assert job_id_of("f", day, source) == job_id_of("f", day, a_source(path, etag=etag, size_bytes=9))
    assert job_id_of("f", day, source) != job_id_of("f", day, a_source(path, etag=etag + "0"))
    assert job_id_of("f", day, source) != job_id_of("f", day, a_source(path + "x", etag=etag))


@given(path=paths)
def test_the_external_identifier_is_short_ascii_and_leads_back_to_the_job(path: str) -> None:
    job = a_job(a_source(path))
    reference = external_id(job)
    assert reference.isascii()
    assert len(reference) <= 60
    assert job_id_from_external(reference) == job.job_id


def test_attempts_of_one_job_have_different_external_identifiers() -> None:
    first = a_job_in("SENDING")
    assert external_id(first).endswith(".1")
    assert external_id(a_job()).endswith(".0")


def test_the_archive_path_holds_feed_business_date_and_job_and_not_the_outcome() -> None:
    job = a_job()
    assert archive_folder(job) == f"customer-groups/2026/11/14/{job.job_id}"
    assert rejected_folder(job) == f"customer-groups/2026-11-14/{job.job_id}"


def test_the_day_a_file_landed_is_counted_in_utc() -> None:
    landed_at = datetime.fromisoformat("2026-11-15T00:30:00+02:00")
    assert business_date_of("x.csv", landed_at) == landed_at.astimezone(UTC).date() == date(2026, 11, 14)
