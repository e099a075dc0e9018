"""Files handed in: paths, bodies, and the message that each makes."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from local.simulator import uploads
from tests.simulator.conftest import CSV, FILE, GROUPS, PACKAGE, Caller


def test_each_post_makes_a_message_of_its_own(caller: Caller) -> None:
    assert caller.enqueue() != caller.enqueue()
    assert len(caller.world.messages_with(CSV)) == 2


def test_the_message_id_comes_in_quotes_or_in_an_object(caller: Caller) -> None:
    assert caller.post_file().text.strip('"') in caller.world.messages
    assert caller.post_file().text.startswith('"')
    caller.world.message_id_form = "value_object"
    assert caller.post_file().json()["value"] in caller.world.messages


@pytest.mark.parametrize(
    "path",
    [
        "/api/connector/enqueue/%7B{id}%7D",
        "/en/api/connector/enqueue/{id}",
        "/api/connector/Enqueue/{id}",
        "/en-us/API/Connector/ENQUEUE/%7B{id}%7D",
    ],
)
def test_every_form_of_the_path_is_taken(caller: Caller, path: str) -> None:
    assert caller.call("POST", path.replace("{id}", FILE) + GROUPS, data=CSV).status_code == 200
    assert len(caller.world.messages_with(CSV)) == 1


def test_the_external_identifier_is_kept_and_told(caller: Caller) -> None:
    answer = caller.post_file(headers={"x-ms-dyn-externalidentifier": "groups 14.csv"})
    assert caller.status(answer.json())["DataJobStatus"]["ExternalIdentifier"] == "groups 14.csv"


def test_the_company_counts_unless_the_job_says_otherwise(caller: Caller) -> None:
    named = caller.imported(query=f"{GROUPS}&company=demf")
    caller.world.jobs[FILE].use_company_from_message = False
    ignored = caller.imported(query=f"{GROUPS}&company=DEMF")
    assert (named.legal_entity, ignored.legal_entity) == ("demf", "USMF")
    assert [row["CUSTOMERGROUPID"] for row in caller.world.rows("DEMF", "Customer groups")] == ["10", "20", "30", "40"]


def test_a_chunked_body_is_taken_or_refused(caller: Caller) -> None:
    def chunks() -> Iterator[bytes]:
        yield CSV[:10]
        yield CSV[10:]

    assert caller.post_file(chunks()).status_code == 200
    caller.world.refuse_chunked = True
    assert caller.post_file(chunks()).status_code == 411
    assert caller.post_file().status_code == 200
    assert len(caller.world.messages_with(CSV)) == 2


def test_an_upload_that_breaks_off_stores_nothing(caller: Caller) -> None:
    where = urlsplit(caller.base)
    assert where.hostname
    with socket.create_connection((where.hostname, where.port or 0), timeout=10) as line:
        head = f"POST /api/connector/enqueue/{FILE}{GROUPS} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"
        line.sendall(head.encode())
    assert caller.call("GET", f"/api/connector/jobstatus/{FILE}?jobId=x").status_code == 500
    assert caller.world.messages == {}


def test_a_large_body_is_hashed_on_the_way_and_its_rows_are_counted(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGEST_KEPT_BYTES", 1000)
    body = b"CUSTOMERGROUPID,DESCRIPTION\r\n" + b"40,Wholesale\r\n" * 500
    message = caller.imported(body)
    assert (message.body, message.size_bytes, message.rows_written) == (b"", len(body), 500)
    assert message.content_sha256 == hashlib.sha256(body).hexdigest()


def test_without_keeping_bodies_every_line_is_a_good_row(caller: Caller) -> None:
    caller.world.keep_bodies = False
    message = caller.imported(b"CUSTOMERGROUPID\n,\n,")
    assert (message.body, message.rows_written) == (b"", 2)
    assert caller.world.imports_of(b"CUSTOMERGROUPID\n,\n,") == [message]


def test_other_methods_and_unknown_calls_are_not_found(caller: Caller) -> None:
    assert caller.call("GET", f"/api/connector/enqueue/{FILE}").status_code == 404
    assert caller.call("POST", f"/api/connector/nonsense/{FILE}").status_code == 404


def test_a_message_is_known_at_its_own_activity_only_and_for_seven_days(caller: Caller) -> None:
    message_id = caller.enqueue()
    assert caller.call("GET", f"/api/connector/jobstatus/{PACKAGE}?jobId={message_id}").status_code == 500
    assert caller.call("GET", f"/api/connector/jobstatus/{FILE}?jobid=%22{message_id}%22").status_code == 200
    caller.world.clock.advance(caller.world.message_lifetime * 1.01)
    caller.signs_in_again()
    assert caller.call("GET", f"/api/connector/jobstatus/{FILE}?jobId={message_id}").status_code == 500


def test_calls_are_listed_in_their_order_without_query(caller: Caller) -> None:
    caller.world.calls.clear()
    caller.enqueue()
    caller.call("GET", f"/api/connector/jobstatus/{FILE}?jobId=x")
    assert list(caller.world.calls) == [
        ("POST", f"/api/connector/enqueue/{FILE}", 200),
        ("GET", f"/api/connector/jobstatus/{FILE}", 500),
    ]


def test_expect_100_continue_is_understood(caller: Caller) -> None:
    assert caller.post_file(headers={"Expect": "100-continue"}).status_code == 200
