"""Rows of a data file: what is written, what is refused, and how that is counted and told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.conftest import CSV, FILE, Caller

LINES = "?entity=Sales%20order%20lines%20V2"


def counts(caller: Caller, message: Any) -> tuple[int, ...]:
    """(total, staged, staging errors, written, target errors) as jobstatus tells them."""
    [detail] = caller.status(message.message_id)["ExecutionDetail"]
    names = ("TotalRecords", "StagingRecords", "StagingErrorCount", "TargetRecords", "TargetErrorCount")
    return tuple(detail[name] for name in names)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_in_any_of_three_encodings_is_written(caller: Caller, encoding: str) -> None:
    message = caller.imported("CUSTOMERGROUPID,DESCRIPTION\r\nZÜ,Zürich\r\n".encode(encoding))
    assert counts(caller, message) == (1, 1, 0, 1, 0)
    assert caller.world.rows("USMF", "Customer groups")[-1]["DESCRIPTION"] == "Zürich"


def test_a_row_of_a_known_key_replaces_it_and_is_told_as_an_update(caller: Caller) -> None:
    caller.imported()
    message = caller.imported(CSV.replace(b"Wholesale", b"Retail"))
    assert (message.rows_written, message.entities[0].updated) == (1, 1)
    assert caller.world.rows("USMF", "Customer groups")[-1]["DESCRIPTION"] == "Retail"


@pytest.mark.parametrize(
    ("row", "field", "expected"),
    [
        ("41,", "DESCRIPTION", (2, 2, 0, 1, 1)),
        (",x", "CUSTOMERGROUPID", (2, 2, 0, 1, 1)),
        ("12345678901,x", "CUSTOMERGROUPID", (2, 1, 1, 1, 0)),
    ],
)
def test_a_bad_row_is_refused_and_counted_where_it_failed(
    caller: Caller, row: str, field: str, expected: tuple[int, ...]
) -> None:
    message = caller.imported(CSV + row.encode() + b"\r\n")
    assert (message.state, counts(caller, message)) == (6, expected)
    [error] = json.loads(caller.action("GetExecutionErrors", executionId=message.execution_id))
    assert (error["RecordId"], error["Field"]) == ("2", field)


@pytest.mark.parametrize(
    ("entity", "columns", "good", "bad"),
    [
        ("General journal", "JOURNALBATCHNUMBER,LINENUMBER,TRANSDATE", "J1,1,2026-11-14", "J1,2,14.11.2026"),
        ("General journal", "JOURNALBATCHNUMBER,LINENUMBER,DEBITAMOUNT", "J1,1,-10.50", 'J1,2,"1,5"'),
        ("Customers V3", "CUSTOMERACCOUNT,CUSTOMERGROUPID", "C1,10", "C2,99"),
        ("Vendor invoice header", "HEADERREFERENCE,INVOICEDATE", "H1,11/14/2026", "H2,tomorrow"),
    ],
)
def test_numbers_dates_and_references_are_looked_at(
    caller: Caller, entity: str, columns: str, good: str, bad: str
) -> None:
    caller.world.jobs[FILE].entity = entity
    message = caller.imported(f"{columns}\r\n{good}\r\n{bad}\r\n".encode(), query=f"?entity={entity}")
    assert (message.state, message.rows_written, len(message.entities[0].errors)) == (6, 1, 1)


def test_a_file_without_a_good_row_ends_with_errors_too(caller: Caller) -> None:
    message = caller.imported(b"CUSTOMERGROUPID,DESCRIPTION\r\n,\r\n,\r\n")
    assert (message.state, message.rows_written) == (6, 0)
    assert caller.action("GetExecutionSummaryStatus", executionId=message.execution_id) == "Failed"


def test_a_file_with_a_header_only_ends_well_with_no_rows(caller: Caller) -> None:
    message = caller.imported(b"CUSTOMERGROUPID,DESCRIPTION\r\n")
    assert (message.state, counts(caller, message)) == (5, (0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    "body",
    [
        b"WRONG,COLUMNS\r\n1,2\r\n",
        b"CUSTOMERGROUPID;DESCRIPTION\r\n1;2\r\n",
        b"",
        b"CUSTOMERGROUPID\r\n\xff\xff",
        b'CUSTOMERGROUPID\r\n"' + b"x" * 200_000,
        b"PK\x03\x04 a zip",
    ],
)
def test_a_file_that_cannot_be_staged_fails_before_and_says_nothing(caller: Caller, body: bytes) -> None:
    message = caller.imported(body)
    told = caller.status(message.message_id)
    assert (told["DataJobStatus"]["DataJobState"], told["ExecutionDetail"], told["ExecutionLog"]) == (8, None, "")
    assert caller.action("GetExecutionErrors", executionId=message.execution_id) == "[]"
    assert caller.action("GetMessageStatus", messageId=message.message_id) == "PreProcessingError"


def test_an_unknown_legal_entity_fails_before_staging(caller: Caller) -> None:
    assert caller.imported(query="?entity=Customer%20groups&company=NOPE").state == 8


def test_the_log_has_words_when_wanted_and_the_fault_takes_them_away(caller: Caller) -> None:
    caller.world.with_log = True
    told = caller.status(caller.imported(b"WRONG\r\n1\r\n").message_id)
    assert "mapping" in told["ExecutionLog"]
    caller.world.faults.add("enqueue", "empty_log")
    silent = caller.imported(CSV + b",\r\n")
    told = caller.status(silent.message_id)
    assert (told["DataJobStatus"]["DataJobState"], told["ExecutionLog"], told["ExecutionDetail"]) == (6, "", None)
    assert caller.action("GetExecutionErrors", executionId=silent.execution_id) == "[]"


def test_detail_and_total_are_there_as_the_build_has_them(caller: Caller) -> None:
    message = caller.imported()
    caller.world.with_total_records, caller.world.state_form = False, "name"
    [detail] = caller.status(message.message_id)["ExecutionDetail"]
    assert "TotalRecords" not in detail
    assert (detail["StagingStatus"], detail["TargetStatus"]) == ("Finished", "Finished")
    caller.world.with_detail = False
    assert caller.status(message.message_id)["ExecutionDetail"] is None
