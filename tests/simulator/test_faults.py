"""Faults as data: each does what it says, to the calls that it is meant for, and leaves the next one alone."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
import requests

from local.simulator.faults import CALLS, FAULTS, UnknownFault
from tests.simulator.conftest import CSV, EXPORT, FILE, PACKAGE, Caller

STATUS = f"/api/connector/jobstatus/{FILE}?jobId=x"


def call(caller: Caller, kind: str) -> requests.Response:
    """One call of a kind."""
    match kind:
        case "enqueue":
            return caller.post_file()
        case "dequeue":
            return caller.call("GET", f"/api/connector/dequeue/{EXPORT}")
        case "jobstatus":
            return caller.call("GET", f"/api/connector/jobstatus/{FILE}?jobId={next(iter(caller.world.messages), 'x')}")
        case _:
            message = next(iter(caller.world.messages.values()))
            return caller.act(kind.removeprefix("action:"), executionId=message.execution_id)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_met_once_and_leaves_the_next_call_alone(caller: Caller, name: str) -> None:
    caller.world.export(EXPORT, b"package")
    caller.imported()
    kind = FAULTS[name].call or "enqueue"
    params: dict[str, Any] = {"seconds": 0.01} if "seconds" in FAULTS[name].params else {}
    caller.world.faults.add(kind, name, **params)
    try:
        call(caller, kind)
    except requests.RequestException:
        caller.session.close()
    assert list(caller.world.faults.met) == [(kind, name)]
    assert caller.world.faults.to_come == []
    assert call(caller, kind).status_code in {200, 204}


@pytest.mark.parametrize(("name", "stored"), [("answer_lost_before_commit", 0), ("answer_lost_after_commit", 1)])
def test_a_lost_answer_leaves_the_message_stored_or_not(caller: Caller, name: str, stored: int) -> None:
    caller.world.faults.add("enqueue", name)
    with pytest.raises(requests.ConnectionError):
        caller.enqueue()
    assert len(caller.world.messages_with(CSV)) == stored


@pytest.mark.parametrize("commit", [False, True])
def test_a_call_hangs_until_it_is_released(caller: Caller, commit: bool) -> None:
    caller.world.faults.add("enqueue", "hang", commit=commit)
    ended: list[Exception] = []

    def enqueue() -> None:
        try:
            caller.enqueue()
        except requests.ConnectionError as error:
            ended.append(error)

    thread = threading.Thread(target=enqueue)
    thread.start()
    deadline = time.monotonic() + 10
    while not caller.world.faults.met and time.monotonic() < deadline:
        thread.join(0.01)
    assert thread.is_alive()
    caller.world.faults.release()
    thread.join(10)
    assert len(ended) == 1
    assert len(caller.world.messages_with(CSV)) == int(commit)


def test_a_slow_answer_comes_after_its_seconds_and_is_whole(caller: Caller) -> None:
    caller.world.faults.add("enqueue", "slow", seconds=0.1)
    started = time.monotonic()
    assert caller.post_file().status_code == 200
    assert time.monotonic() - started >= 0.1
    assert len(caller.world.messages_with(CSV)) == 1


@pytest.mark.parametrize(
    ("params", "header"),
    [({"retry_after": 7}, "7"), ({"retry_after": "soon"}, "soon"), ({}, None)],
)
def test_throttling_says_how_long_or_not(caller: Caller, params: dict[str, Any], header: str | None) -> None:
    caller.world.faults.add("jobstatus", "throttle", **params)
    answer = caller.call("GET", STATUS)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, header)


def test_throttling_can_name_a_date_of_the_virtual_clock(caller: Caller) -> None:
    caller.world.faults.add("jobstatus", "throttle", retry_after=7, as_date=True)
    assert caller.call("GET", STATUS).headers["Retry-After"].endswith("GMT")


def test_a_status_comes_with_the_body_and_the_type_that_were_asked_for(caller: Caller) -> None:
    caller.world.faults.add("enqueue", "status", code=503, body="<h1>no</h1>", content_type="text/html")
    answer = caller.post_file()
    assert (answer.status_code, answer.text, answer.headers["Content-Type"][:9]) == (503, "<h1>no</h1>", "text/html")
    assert caller.world.messages == {}


def test_a_truncated_answer_is_shorter_than_it_announced(caller: Caller) -> None:
    caller.world.export(EXPORT, b"x" * 100)
    location = call(caller, "dequeue").json()["DownloadLocation"].removeprefix(caller.base)
    caller.world.faults.add("download", "truncated_body", keep_bytes=40)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        caller.call("GET", location)
    assert caller.call("GET", location).content == b"x" * 100


@pytest.mark.parametrize("state", ["Postponed", 42])
def test_a_state_that_no_source_lists_can_be_told(caller: Caller, state: object) -> None:
    message_id = caller.enqueue()
    caller.world.faults.add("jobstatus", "odd_state", state=state)
    assert [caller.state(message_id), caller.state(message_id)] == [state, 0]


def test_the_inner_json_of_the_errors_can_be_broken(caller: Caller) -> None:
    message = caller.imported(CSV + b",\r\n")
    caller.world.faults.add("action:GetExecutionErrors", "broken_inner_json")
    told = caller.action("GetExecutionErrors", executionId=message.execution_id)
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(told)


def test_a_fault_can_be_for_one_activity_or_one_file_only(caller: Caller) -> None:
    caller.world.faults.add("enqueue", "status", code=503, match={"activity_id": PACKAGE.upper()})
    caller.world.faults.add("enqueue", "status", code=502, match={"external_id": "b.csv"})
    assert caller.enqueue()
    assert caller.post_file(headers={"x-ms-dyn-externalidentifier": "b.csv"}).status_code == 502
    assert caller.post_file(activity=PACKAGE).status_code == 503


def test_a_fault_is_met_as_often_as_it_was_asked_for(caller: Caller) -> None:
    caller.world.faults.add("enqueue", "expired_token", times=2)
    assert [caller.post_file().status_code for _ in range(3)] == [401, 401, 200]


@pytest.mark.parametrize(
    ("kind", "name", "params", "says"),
    [
        ("enqueue", "explode", {}, "answer_lost_after_commit"),
        ("enque", "status", {}, "jobstatus"),
        ("enqueue", "null_location", {}, "dequeue only"),
        ("enqueue", "status", {"cod": 503}, "code"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(
    caller: Caller, kind: str, name: str, params: dict[str, Any], says: str
) -> None:
    with pytest.raises(UnknownFault, match=says):
        caller.world.faults.add(kind, name, **params)


def test_faults_at_a_rate_repeat_with_their_seed(caller: Caller) -> None:
    def run() -> list[int]:
        caller.world.fault_rate(7, 0.5, [("dequeue", "throttle")])
        return [call(caller, "dequeue").status_code for _ in range(20)]

    first = run()
    assert set(first) == {204, 429}
    assert run() == first
    caller.world.fault_rate(7, 0, ["dequeue"])
    assert {call(caller, "dequeue").status_code for _ in range(20)} == {204}


def test_a_rate_can_be_for_any_kind_of_call_and_chooses_its_faults(caller: Caller) -> None:
    caller.world.fault_rate(1, 1.0, [kind for kind in CALLS if kind != "token"])
    for _ in range(12):
        try:
            call(caller, "dequeue")
        except requests.RequestException:
            caller.session.close()
    assert len({name for _, name in caller.world.faults.met}) > 3
