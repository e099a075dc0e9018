"""The wire's spelling: both vocabularies, every form of an answer, and nonsense."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.d365 import wire
from shared.domain.outcomes.outcome import EntityCounts, Summary
from shared.domain.remote import RemoteStatus

ACTIVITY = "11111111-1111-4111-8111-111111111111"
MESSAGE = "84a383c8-336d-45e4-9933-0c3e8bfb734a"
NOW = datetime(2026, 11, 14, 6, 0, tzinfo=UTC)


def test_an_entity_label_is_percent_encoded_never_plus() -> None:
    path = wire.enqueue_path(ACTIVITY, "Customer groups & more", "USMF")
    assert path == f"/api/connector/enqueue/{ACTIVITY}?entity=Customer%20groups%20%26%20more&company=USMF"


def test_a_package_names_no_entity() -> None:
    assert wire.enqueue_path(ACTIVITY, "", "USMF") == f"/api/connector/enqueue/{ACTIVITY}?company=USMF"


@pytest.mark.parametrize(
    "body", [f'"{MESSAGE}"', MESSAGE, f'{{"value":"{MESSAGE}"}}', f'"{MESSAGE.upper()}"', f' "{{{MESSAGE}}}"\n']
)
def test_a_message_id_is_read_from_quotes_or_a_value_object(body: str) -> None:
    assert wire.parse_message_id(body) == MESSAGE


@pytest.mark.parametrize("body", ["", "<html>sign in</html>", '""', "{}", "[]", "null", '{"value":""}'])
def test_anything_else_is_no_message_id(body: str) -> None:
    with pytest.raises(wire.NotUnderstood):
        wire.parse_message_id(body)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("0", RemoteStatus.WAITING),
        ("Enqueued", RemoteStatus.WAITING),
        ("Dequeued", RemoteStatus.WAITING),
        ("4", RemoteStatus.RUNNING),
        ("InProcess", RemoteStatus.RUNNING),
        ("Processing", RemoteStatus.RUNNING),
        ("PreProcessing", RemoteStatus.RUNNING),
        ("Preprocessing", RemoteStatus.RUNNING),
        ("PROCESSED", RemoteStatus.DONE),
        ("5", RemoteStatus.DONE),
        ("6", RemoteStatus.DONE_WITH_ERRORS),
        ("ProcessedWithErrors", RemoteStatus.DONE_WITH_ERRORS),
        ("PostProcessError", RemoteStatus.FAILED_AFTER_PROCESSING),
        ("PostProcessingError", RemoteStatus.FAILED_AFTER_PROCESSING),
        ("PostProcessingFailed", RemoteStatus.FAILED_AFTER_PROCESSING),
        ("PreProcessError", RemoteStatus.FAILED_BEFORE_STAGING),
        ("PreProcessingError", RemoteStatus.FAILED_BEFORE_STAGING),
        ("PartiallyFailed", RemoteStatus.UNKNOWN),
        ("3", RemoteStatus.UNKNOWN),
        ("Acked", RemoteStatus.UNKNOWN),
        ("10", RemoteStatus.UNKNOWN),
    ],
)
def test_both_vocabularies_mean_the_same_and_an_unknown_word_means_nothing(word: str, status: RemoteStatus) -> None:
    assert wire.parse_status(word) is status


def test_a_job_status_gives_status_execution_id_counts_and_log() -> None:
    body = """{"DataJobStatus":{"DataProject":"Groups","DataJobIdentifier":"x","ExternalIdentifier":"r",
      "ExecutionIdentifier":"Groups-2026-11-14T06:00:00-ABC","DataJobState":6},"ExecutionLog":"line",
      "ExecutionDetail":[{"EntityName":"Customer groups","Company":"USMF","StagingRecords":9,"StagingErrorCount":1,
      "TargetRecords":7,"TargetErrorCount":2,"TotalRecords":10}]}"""
    report = wire.parse_job_status(body)
    assert (report.status, report.word) == (RemoteStatus.DONE_WITH_ERRORS, "6")
    assert report.execution_id == "Groups-2026-11-14T06:00:00-ABC"
    assert report.execution_log == "line"
    assert report.entities == (
        EntityCounts(entity="Customer groups", staged=9, staging_errors=1, written=7, target_errors=2, total=10),
    )
    assert report.answer == body


def test_a_message_not_run_yet_has_no_execution_and_no_detail() -> None:
    report = wire.parse_job_status(
        '{"DataJobStatus":{"DataJobState":0,"ExecutionIdentifier":"00000000-0000-0000-0000-000000000000"},'
        '"ExecutionLog":"","ExecutionDetail":null}'
    )
    assert (report.status, report.execution_id, report.entities) == (RemoteStatus.WAITING, "", ())


@pytest.mark.parametrize("body", ["", "null", "[]", "<html/>", "{}", '{"DataJobStatus":null}', '{"DataJobStatus":{}}'])
def test_an_answer_that_is_no_job_status_is_refused(body: str) -> None:
    with pytest.raises(wire.NotUnderstood):
        wire.parse_job_status(body)


def test_the_fallback_answers_with_a_word_alone() -> None:
    report = wire.parse_message_status('{"@odata.context":"x","value":"Preprocessing"}')
    assert (report.status, report.word, report.entities) == (RemoteStatus.RUNNING, "Preprocessing", ())


@pytest.mark.parametrize(
    ("word", "summary"),
    [("PartiallySucceeded", Summary.PARTIAL), ("Failed", Summary.FAILED), ("Canceled", Summary.FAILED)]
    + [(word, Summary.UNDECIDED) for word in ("Unknown", "NotRun", "Executing", "Somewhat")],
)
def test_only_a_final_summary_decides(word: str, summary: Summary) -> None:
    assert wire.parse_summary(f'{{"value":"{word}"}}') is summary


@pytest.mark.parametrize(
    ("value", "delay"),
    [
        ("7", timedelta(seconds=7)),
        ("Sat, 14 Nov 2026 06:00:30 GMT", timedelta(seconds=30)),
        ("Sat, 14 Nov 2026 05:59:00 GMT", timedelta(0)),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, delay: timedelta | None) -> None:
    assert wire.parse_retry_after(value, NOW) == delay


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"Message":"An error has occurred."}', "An error has occurred."),
        ('{"error":{"code":"","message":"General","innererror":{"message":"The exact cause"}}}', "The exact cause"),
        ("<html>secret page</html>", ""),
        ("", ""),
        ("[1]", ""),
    ],
)
def test_error_bodies_give_their_sentence_and_html_gives_nothing(body: str, text: str) -> None:
    assert wire.parse_error_text(body) == text


@given(st.text(max_size=80))
def test_no_text_breaks_a_parser_in_any_other_way_than_it_says(body: str) -> None:
    for parse in (wire.parse_message_id, wire.parse_job_status, wire.parse_message_status, wire.parse_summary):
        try:
            parse(body)
        except wire.NotUnderstood:
            continue


@pytest.mark.parametrize(
    ("content_type", "is_page"),
    [("text/html; charset=utf-8", True), ("Text/HTML", True), ("application/octet-stream", False), (None, False)],
)
def test_a_web_page_is_told_from_a_file_by_its_content_type(content_type: str | None, is_page: bool) -> None:
    assert wire.is_web_page(content_type) is is_page
