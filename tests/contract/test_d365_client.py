"""The client against the simulator over HTTP: what goes out, and what each answer is turned into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.adapters.d365.auth import LocalCredential, TokenSource
from shared.adapters.d365.client import D365Client
from shared.adapters.d365.transport import Transport
from shared.domain.outcomes.outcome import Summary
from shared.domain.remote import RemoteStatus
from shared.errors import AccessRefused, AnswerLost, Terminal, Throttled, Transient
from shared.ports import Outgoing
from tests.builders import ManualClock

ACTIVITY = "11111111-1111-4111-8111-111111111111"
CSV = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n"


class BlockContent:
    """Content in several blocks; can break off, or give more or fewer bytes than it says."""

    def __init__(self, body: bytes = CSV, size: int | None = None, break_after: int | None = None) -> None:
        self.size_bytes = len(body) if size is None else size
        self.first_bytes = body[:64]
        self._body = body
        self._break_after = break_after
        self.readings = 0

    def blocks(self) -> Iterator[bytes]:
        """Blocks of seven bytes."""
        self.readings += 1
        for number, start in enumerate(range(0, len(self._body), 7)):
            if number == self._break_after:
                raise Transient("reading from landing broke off")
            yield self._body[start : start + 7]

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def client(simulator: Any, clock: ManualClock) -> D365Client:
    """A signed-in client of a fresh simulator."""
    world = simulator.world
    clock.now = world.clock.now()
    url = f"{simulator.url}/{world.tenant_id}/oauth2/v2.0/token"
    tokens = TokenSource(
        f"{simulator.url}/.default", lambda: LocalCredential(url, world.client_id, world.client_secret), clock
    )
    return D365Client(Transport(simulator.url, tokens, clock))


def _outgoing(**changes: str) -> Outgoing:
    told = {"activity_id": ACTIVITY, "entity": "Customer groups", "legal_entity": "USMF", "external_id": "f.1.x.1"}
    return Outgoing(**(told | changes))


def test_the_message_id_comes_back_bare_from_quotes_and_from_an_object(client: D365Client, simulator: Any) -> None:
    first = client.enqueue(_outgoing(), BlockContent())
    simulator.world.message_id_form = "value_object"
    second = client.enqueue(_outgoing(), BlockContent())
    assert {first, second} == set(simulator.world.messages)


def test_the_body_goes_out_whole_with_its_length(client: D365Client, simulator: Any) -> None:
    message = simulator.world.messages[client.enqueue(_outgoing(), BlockContent())]
    assert message.size_bytes == len(CSV)
    assert simulator.world.messages_with(CSV) == [message]


def test_a_refused_token_sends_the_file_again_from_its_beginning(client: D365Client, simulator: Any) -> None:
    simulator.world.faults.add("enqueue", "expired_token")
    content = BlockContent()
    message_id = client.enqueue(_outgoing(), content)
    assert content.readings == 2
    assert [message.message_id for message in simulator.world.messages_with(CSV)] == [message_id]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (BlockContent(break_after=3), "broke off"),
        (BlockContent(size=len(CSV) + 5), "fewer bytes"),
        (BlockContent(size=len(CSV) - 5), "more bytes"),
    ],
)
def test_a_source_that_breaks_or_lies_about_its_length_is_never_taken(
    client: D365Client, simulator: Any, content: BlockContent, why: str
) -> None:
    with pytest.raises(Transient, match=why):
        client.enqueue(_outgoing(), content)
    assert simulator.world.messages == {}


@pytest.mark.parametrize(
    ("fault", "params", "error", "says"),
    [
        ("status", {"code": 500}, AnswerLost, "activity_id"),
        ("status", {"code": 502}, AnswerLost, "502"),
        ("status", {"code": 504}, AnswerLost, "504"),
        ("status", {"code": 503}, Transient, "503"),
        ("status", {"code": 400}, Terminal, "400"),
        ("status", {"code": 413}, Terminal, "max_size"),
        ("status", {"code": 404}, Terminal, "D365_BASE_URL"),
        ("status", {"code": 403}, AccessRefused, "Microsoft Entra ID applications"),
        ("redirect", {}, AccessRefused, "redirect"),
        ("html", {}, AnswerLost, "no message ID"),
        ("answer_lost_after_commit", {}, AnswerLost, "no answer"),
        ("answer_lost_before_commit", {}, AnswerLost, "no answer"),
        ("throttle", {"retry_after": 7}, Throttled, "429"),
    ],
)
def test_each_answer_to_enqueue_is_the_error_that_says_what_to_do(
    client: D365Client, simulator: Any, fault: str, params: dict[str, int], error: type[Exception], says: str
) -> None:
    simulator.world.faults.add("enqueue", fault, **params)
    with pytest.raises(error, match=says):
        client.enqueue(_outgoing(), BlockContent())


def test_two_refusals_of_the_token_name_the_policy_of_the_recurring_data_job(
    client: D365Client, simulator: Any
) -> None:
    simulator.world.faults.add("enqueue", "status", times=2, code=401)
    with pytest.raises(AccessRefused, match="authorization policy"):
        client.enqueue(_outgoing(), BlockContent())


def test_nothing_listening_proves_that_nothing_was_taken(simulator: Any, clock: ManualClock) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = simulator.world
    clock.now = world.clock.now()
    url = f"{simulator.url}/{world.tenant_id}/oauth2/v2.0/token"
    tokens = TokenSource(
        f"{simulator.url}/.default", lambda: LocalCredential(url, world.client_id, world.client_secret), clock
    )
    with pytest.raises(Transient, match="before the file was sent"):
        D365Client(Transport(f"http://127.0.0.1:{port}", tokens, clock)).enqueue(_outgoing(), BlockContent())


def test_a_report_tells_status_execution_and_counts(client: D365Client, simulator: Any) -> None:
    message_id = client.enqueue(_outgoing(), BlockContent())
    assert client.report(ACTIVITY, message_id).status is RemoteStatus.WAITING
    for _ in range(3):
        simulator.world.recurrence_tick()
    report = client.report(ACTIVITY, message_id)
    assert report.status is RemoteStatus.DONE
    assert report.execution_id
    assert [entity.written for entity in report.entities] == [1]
    assert client.summary(report.execution_id) is Summary.SUCCEEDED


@pytest.mark.parametrize("fault", ["html", "redirect", "broken_json"])
def test_without_jobstatus_the_documented_action_is_asked(client: D365Client, simulator: Any, fault: str) -> None:
    message_id = client.enqueue(_outgoing(), BlockContent())
    simulator.world.faults.add("jobstatus", fault)
    report = client.report(ACTIVITY, message_id)
    assert (report.status, report.word) == (RemoteStatus.WAITING, "Enqueued")


def test_a_throttled_status_call_is_not_asked_another_way(client: D365Client, simulator: Any) -> None:
    message_id = client.enqueue(_outgoing(), BlockContent())
    simulator.world.faults.add("jobstatus", "throttle", retry_after=60)
    with pytest.raises(Throttled):
        client.report(ACTIVITY, message_id)


def test_when_neither_answers_it_is_tried_later_and_both_reasons_are_told(client: D365Client, simulator: Any) -> None:
    message_id = client.enqueue(_outgoing(), BlockContent())
    simulator.world.faults.add("jobstatus", "status", code=500)
    simulator.world.faults.add("action:GetMessageStatus", "status", code=503)
    with pytest.raises(Transient, match=r"jobstatus.*GetMessageStatus"):
        client.report(ACTIVITY, message_id)


def test_an_execution_without_a_record_yet_is_undecided(client: D365Client) -> None:
    assert client.summary("P-2026-11-14T06:00:00-00000000000000000000000000000000") is Summary.UNDECIDED
