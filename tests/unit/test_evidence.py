"""Row errors read and grouped, and the report that a functional user reads."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.job import JobState
from shared.domain.outcomes.errors_list import Reading, RowError, causes_of, mask, read_errors
from shared.domain.outcomes.evidence import needs_evidence
from shared.domain.outcomes.outcome import RowCounts
from tests.builders import START, a_job_in

MESSAGE = "84a383c8-336d-45e4-9933-0c3e8bfb734a"
TOLD = [
    {"RecordId": "1", "Field": "VENDGROUP", "ErrorMessage": "The value '17' in field 'VENDGROUP' is not found"},
    {"RecordId": "2", "Field": "VENDGROUP", "ErrorMessage": "The value '18' in field 'VENDGROUP' is not found"},
    {"RecordId": "5", "Field": "AMOUNT", "ErrorMessage": "12,50 is too much"},
]


def test_a_well_formed_list_is_read_strictly() -> None:
    errors = read_errors(json.dumps(TOLD))
    assert errors.reading is Reading.STRICT
    assert errors.rows[0] == RowError("1", "VENDGROUP", "The value '17' in field 'VENDGROUP' is not found")


@pytest.mark.parametrize("text", ["", "[]", "  "])
def test_no_errors_are_an_empty_list(text: str) -> None:
    assert read_errors(text).rows == ()
    assert read_errors(text).reading is Reading.STRICT


def test_unescaped_quotes_and_line_breaks_are_read_leniently() -> None:
    first = '{"RecordId":"1","Field":"F","ErrorMessage":"The "value" is\nbad"}'
    text = "[" + first + ',{"RecordId":"2","Field":"G","ErrorMessage":"x"}]'
    errors = read_errors(text)
    assert errors.reading is Reading.LENIENT
    assert errors.rows == (RowError("1", "F", 'The "value" is\nbad'), RowError("2", "G", "x"))


@pytest.mark.parametrize("text", ["<html>", "[{", '{"a": 1}', "null"])
def test_what_cannot_be_read_is_kept_raw(text: str) -> None:
    assert read_errors(text).reading is Reading.RAW


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert read_errors(text).reading in Reading


texts = st.text(st.characters(blacklist_characters='{}[]"\\', blacklist_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6))
def test_the_lenient_reading_finds_what_the_strict_one_does(rows: list[tuple[str, str, str]]) -> None:
    told = [{"RecordId": r, "Field": f, "ErrorMessage": m} for r, f, m in rows]
    strict = json.dumps(told, ensure_ascii=False)
    broken = strict.replace('"ErrorMessage": "', '"ErrorMessage": "a "quoted" word ', 1)
    assert len(read_errors(broken).rows) == len(rows)
    assert read_errors(broken).rows[1:] == read_errors(strict).rows[1:]


def test_errors_that_differ_in_values_only_are_one_cause() -> None:
    causes = causes_of(read_errors(json.dumps(TOLD)).rows)
    assert [(cause.count, cause.field) for cause in causes] == [(2, "VENDGROUP"), (1, "AMOUNT")]
    assert causes[0].message == "The value … in field … is not found"
    assert [row.record_id for row in causes[0].examples] == ["1", "2"]


def test_a_fingerprint_is_the_same_tomorrow_and_for_other_values() -> None:
    today = causes_of([RowError("1", "F", "Value '17' of 12.5 is bad")])[0]
    tomorrow = causes_of([RowError("9", "F", "Value 'x y' of 7 is bad")])[0]
    assert today.fingerprint == tomorrow.fingerprint
    assert mask("a  b\nc") == "a b c"


@pytest.mark.parametrize(
    ("state", "rows", "needed"),
    [
        (JobState.PARTIAL, None, True),
        (JobState.FAILED, None, True),
        (JobState.SUCCEEDED, RowCounts(rows_in=2, rows_ok=2, rows_bad=0), False),
        (JobState.SUCCEEDED, RowCounts(rows_in=0, rows_ok=0, rows_bad=0), True),
        (JobState.REJECTED, None, False),
    ],
)
def test_every_outcome_that_is_not_clean_asks_for_evidence_once(
    state: JobState, rows: RowCounts | None, needed: bool
) -> None:
    job = a_job_in(state, rows=rows, message_id=MESSAGE)
    assert needs_evidence(job) is needed
    assert not needs_evidence(replace(job, evidence_at=START))
    assert not needs_evidence(replace(job, message_id=""))


def test_a_broken_error_costs_neither_the_others_nor_their_letters() -> None:
    good = '{"RecordId":"1","Field":"NAME","ErrorMessage":"Zürich \\"A\\" says "no"\\r\\nGr\\u00f6ße"}'
    broken = '{"RecordId":"2","ErrorMessage":"no field'
    read = read_errors("[" + ",".join([good, broken] * 200) + "]")
    assert read.reading is Reading.LENIENT
    assert len(read.rows) == 200
    assert {row.message for row in read.rows} == {'Zürich "A" says "no"\r\nGröße'}


def test_names_without_quotes_are_masked_where_they_would_make_a_cause_each() -> None:
    rows = [
        RowError(str(n), "CUST", f"Customer {chr(65 + n % 26)}{chr(97 + n % 7)} Ltd does not exist") for n in range(99)
    ]
    rows += [RowError("100", "CUST", "The field must be filled in")]
    assert [(cause.count, cause.message) for cause in causes_of(rows)] == [
        (99, "Customer … does not exist"),
        (1, "The field must be filled in"),
    ]


def test_few_messages_keep_their_words() -> None:
    rows = [RowError("1", "F", "The Customer group is blocked"), RowError("2", "F", "The Vendor group is blocked")]
    assert {cause.message for cause in causes_of(rows)} == {row.message for row in rows}
