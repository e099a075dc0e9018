"""The report on one file, in both forms."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.checks.findings import Finding
from shared.domain.job import JobState
from shared.domain.outcomes.errors_list import MOST_CAUSES, causes_of, read_errors
from shared.domain.outcomes.evidence import Evidence, headline
from shared.domain.outcomes.outcome import EntityCounts, RowCounts
from shared.domain.outcomes.report import Report, report_of
from shared.formats.report_html import as_html
from shared.formats.report_markdown import as_markdown
from tests.builders import START, a_job_in

MESSAGE = "84a383c8-336d-45e4-9933-0c3e8bfb734a"
TOLD = [
    {"RecordId": "1", "Field": "VENDGROUP", "ErrorMessage": "The value '17' in field 'Vendor group' is not found"},
    {"RecordId": "2", "Field": "VENDGROUP", "ErrorMessage": "The value '18' in field 'Vendor group' is not found"},
    {"RecordId": "3", "Field": "NAME", "ErrorMessage": "Field must be filled in"},
]
both_forms = pytest.mark.parametrize("written", [as_markdown, as_html])
Written = Callable[[Report], str]


def _evidence(errors: str = "[]", **changes: object) -> Evidence:
    read = read_errors(errors)
    evidence = Evidence(
        execution_id="P-1",
        page_url="https://contoso/page",
        errors=read,
        causes=tuple(causes_of(read.rows)),
        new_causes=1,
        raw_errors=errors,
        entities=(EntityCounts(entity="A | B <i>", staged=3, written=1, target_errors=2, total=3),),
        files=("errors.json",),
        missing=("error-keys.A.csv: none offered",),
    )
    return replace(evidence, **changes)


@both_forms
def test_a_partial_report_tells_file_company_rows_causes_examples_and_the_next_step(written: Written) -> None:
    rows = RowCounts(rows_in=3, rows_ok=1, rows_bad=2)
    job = a_job_in(JobState.PARTIAL, rows=rows, message_id=MESSAGE, ended_at=START)
    text = written(report_of(job, _evidence(json.dumps(TOLD)))).replace("&#x27;", "'")
    for words in (
        "3 rows in, 1 loaded, 2 not; 3 row errors, 2 causes, 1 new since yesterday",
        "2 × VENDGROUP: The value … in field … is not found",
        "row 1: The value '17'",
        "1 × NAME: Field must be filled in",
        "Leave them out of the new file",
        job.job_id,
        "USMF",
        MESSAGE,
        "https://contoso/page",
        "not there: error-keys.A.csv: none offered",
    ):
        assert words in text


def test_what_would_break_a_markdown_table_does_not() -> None:
    text = as_markdown(report_of(a_job_in(JobState.PARTIAL, message_id=MESSAGE), _evidence()))
    assert "A \\| B &lt;i>" in text


@both_forms
def test_a_failure_before_staging_is_explained_with_its_likely_causes(written: Written) -> None:
    job = a_job_in(JobState.FAILED, message_id=MESSAGE)
    text = written(report_of(job, _evidence()))
    assert "failed before it read any row" in text
    assert "entity label" in text
    assert headline(job, _evidence()) == job.reason


@both_forms
def test_a_failure_before_staging_points_to_what_our_own_check_had_warned_of(written: Written) -> None:
    warned = Finding(rule="line-ends", seen="LF", advice="Write CRLF.", feed="customers")
    job = a_job_in(JobState.FAILED, message_id=MESSAGE, findings=(warned,))
    text = written(report_of(job, _evidence()))
    assert "Write CRLF." in text
    assert "begin with them" in text


@pytest.mark.parametrize(("entity", "words"), [("", "field map"), ("Customer groups", "look at the file first")])
def test_zero_rows_processed_points_to_where_such_a_file_goes_wrong(entity: str, words: str) -> None:
    nothing = RowCounts(rows_in=0, rows_ok=0, rows_bad=0)
    job = a_job_in(JobState.SUCCEEDED, message_id=MESSAGE, rows=nothing, entity=entity)
    assert job.nothing_loaded
    assert words in as_markdown(report_of(job, _evidence()))


@both_forms
def test_a_rejected_file_has_its_findings_and_what_to_do_in_its_report(written: Written) -> None:
    wrong = Finding(rule="empty-file", seen="0 bytes", advice="Write it again.", feed="customers")
    text = written(report_of(a_job_in(JobState.REJECTED, findings=(wrong,))))
    assert "empty-file: 0 bytes. Write it again." in text
    assert "Nothing was sent" in text


@both_forms
def test_a_clean_file_says_that_there_is_nothing_to_do(written: Written) -> None:
    job = a_job_in(JobState.SUCCEEDED, message_id=MESSAGE, rows=RowCounts(rows_in=2, rows_ok=2, rows_bad=0))
    assert "Nothing: the file is loaded." in written(report_of(job))


@both_forms
def test_a_list_that_could_not_be_read_says_where_it_is_kept(written: Written) -> None:
    assert "errors.raw.txt" in written(report_of(a_job_in(JobState.PARTIAL), _evidence("<html>")))


@given(st.text(max_size=80))
def test_no_message_of_the_remote_breaks_the_report(message: str) -> None:
    told = json.dumps([{"RecordId": message, "Field": message, "ErrorMessage": message}])
    report = report_of(a_job_in(JobState.PARTIAL, message_id=MESSAGE), _evidence(told))
    assert "<script" not in as_markdown(report)
    assert "<script" not in as_html(report)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40))
def test_the_body_of_the_page_is_well_formed_whatever_a_file_is_called(name: str) -> None:
    job = a_job_in(JobState.PARTIAL, message_id=MESSAGE, execution_log=name, entity=name)
    page = as_html(report_of(replace(job, source=replace(job.source, path=f"a/{name}")), _evidence()))
    ET.fromstring(page[page.index("<body>") : page.index("</body>") + len("</body>")])


def test_only_an_https_address_becomes_a_link() -> None:
    page = as_html(report_of(a_job_in(JobState.PARTIAL, message_id=MESSAGE), _evidence(page_url="javascript:alert(1)")))
    assert "javascript" not in [link.partition(":")[0] for link in page.split('href="')[1:]]
    assert page.count("href") == 1


def test_text_of_fo_makes_no_link_in_markdown() -> None:
    told = json.dumps([{"RecordId": "1", "Field": "F", "ErrorMessage": "[here](https://x) ![](https://y) \\| `c`"}])
    text = as_markdown(report_of(a_job_in(JobState.PARTIAL, message_id=MESSAGE), _evidence(told)))
    assert "\\[here\\](https://x) \\!\\[\\](https://y) \\\\\\| \\`c\\`" in text


@both_forms
def test_of_very_many_causes_the_first_are_told_and_the_others_counted(written: Written) -> None:
    errors = [{"RecordId": str(n), "Field": f"F{n}", "ErrorMessage": "bad"} for n in range(MOST_CAUSES + 7)]
    text = written(report_of(a_job_in(JobState.PARTIAL, message_id=MESSAGE), _evidence(json.dumps(errors))))
    assert "And 7 more causes: see errors.json." in text
    assert f"1 of the first {MOST_CAUSES} new since yesterday" in text


@both_forms
def test_a_rejected_file_is_told_what_to_do_once(written: Written) -> None:
    wrong = Finding(rule="empty-file", seen="0 bytes", advice="Write the file again with its content.")
    text = written(report_of(a_job_in(JobState.REJECTED, findings=(wrong,), reason=wrong.sentence())))
    assert text.count(wrong.advice) == 1
    assert "1 thing to mend first" in text
