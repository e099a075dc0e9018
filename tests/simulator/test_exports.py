"""Export queues: leases, receipts, lifetimes and the forms of an offer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests

from tests.simulator.conftest import EXPORT, FILE, Caller

DEQUEUE, ACK = f"/api/connector/dequeue/{EXPORT}", f"/api/connector/ack/{EXPORT}"


def download(caller: Caller, offer: requests.Response) -> requests.Response:
    """Follow the download location."""
    return caller.call("GET", offer.json()["DownloadLocation"].removeprefix(caller.base))


def test_an_export_is_leased_offered_again_with_a_new_receipt_and_ends_with_its_ack(caller: Caller) -> None:
    caller.world.export(EXPORT, b"package")
    first = caller.call("GET", DEQUEUE)
    assert caller.call("GET", DEQUEUE).status_code == 204
    caller.world.clock.advance(timedelta(minutes=31))
    second = caller.call("GET", DEQUEUE)
    assert first.json()["LastDequeueDateTime"] is None
    assert second.json()["LastDequeueDateTime"]
    assert first.json()["PopReceipt"] != second.json()["PopReceipt"]
    assert first.json()["CorrelationId"] == second.json()["CorrelationId"]
    assert caller.call("POST", ACK, data=first.content).status_code == 500
    assert caller.call("POST", ACK, data=second.content).status_code == 200
    assert caller.call("POST", ACK, data=second.content).status_code == 500
    [message] = caller.world.exports
    assert (message.state, message.deliveries) == ("acknowledged", 2)
    assert message.acknowledged_at == caller.world.clock.now()


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (30, 500)])
def test_a_receipt_is_good_for_thirty_minutes(caller: Caller, minutes: int, status: int) -> None:
    caller.world.export(EXPORT, b"package")
    offer = caller.call("GET", DEQUEUE)
    caller.world.clock.advance(timedelta(minutes=minutes))
    assert caller.call("POST", ACK, data=offer.content).status_code == status


@pytest.mark.parametrize("changes", [{"CorrelationId": "another"}, {"PopReceipt": ""}, {"DownloadLocation": ...}])
def test_an_ack_that_does_not_echo_the_offer_is_refused(caller: Caller, changes: dict[str, object]) -> None:
    caller.world.export(EXPORT, b"package")
    told = caller.call("GET", DEQUEUE).json() | changes
    echoed = {key: value for key, value in told.items() if value is not ...}
    assert caller.call("POST", ACK, data=json.dumps(echoed)).status_code == 500
    assert caller.call("POST", ACK, data=b"no json").status_code == 500
    assert caller.world.exports[0].state == "leased"


def test_several_dequeues_give_different_messages_oldest_first(caller: Caller) -> None:
    made = [caller.world.export(EXPORT, b"%d" % number) for number in range(3)]
    assert [caller.call("GET", DEQUEUE).json()["CorrelationId"] for _ in made] == made


def test_a_download_wants_the_bearer_and_is_noted_with_its_size(caller: Caller) -> None:
    caller.world.export(EXPORT, b"package")
    offer = caller.call("GET", DEQUEUE)
    assert download(caller, offer).content == b"package"
    assert requests.get(offer.json()["DownloadLocation"], timeout=10).status_code == 401
    assert caller.world.exports[0].downloads == [7]


def test_a_correlation_id_may_change_with_a_redelivery(caller: Caller) -> None:
    caller.world.correlation_survives = False
    caller.world.export(EXPORT, b"package")
    first = caller.call("GET", DEQUEUE)
    caller.world.clock.advance(timedelta(minutes=31))
    second = caller.call("GET", DEQUEUE)
    assert first.json()["CorrelationId"] != second.json()["CorrelationId"]
    assert download(caller, second).content == b"package"


def test_an_export_that_nobody_fetches_is_gone_after_seven_days(caller: Caller) -> None:
    caller.world.export(EXPORT, b"package")
    offer = caller.call("GET", DEQUEUE)
    caller.world.clock.advance(timedelta(days=7, minutes=1))
    caller.signs_in_again()
    assert caller.call("GET", DEQUEUE).status_code == 204
    assert download(caller, offer).status_code == 500
    assert caller.world.exports[0].state == "expired"


def test_a_message_without_a_file_has_no_location_and_can_be_acknowledged(caller: Caller) -> None:
    caller.world.export(EXPORT, None)
    offer = caller.call("GET", DEQUEUE)
    told = offer.json()
    assert (told["IsDownLoadFileExist"], told["DownloadLocation"]) == (False, None)
    assert told["FileDownLoadErrorMessage"]
    assert caller.call("POST", ACK, data=offer.content).status_code == 200


@pytest.mark.parametrize(
    ("fault", "field", "holds"),
    [
        ("http_location", "DownloadLocation", "http://127.0.0.1:80/api/connector/download/%7B"),
        ("wrong_host_download", "DownloadLocation", "https://files.evil.example/"),
        ("null_location", "DownloadLocation", "None"),
        ("no_file", "IsDownLoadFileExist", "False"),
    ],
)
def test_an_offer_has_the_forms_seen_in_the_field(caller: Caller, fault: str, field: str, holds: str) -> None:
    caller.world.export(EXPORT, b"package")
    caller.world.faults.add("dequeue", fault)
    assert str(caller.call("GET", DEQUEUE).json()[field]).startswith(holds)


def test_an_old_build_answers_with_three_fields(caller: Caller) -> None:
    caller.world.export(EXPORT, b"package")
    caller.world.faults.add("dequeue", "old_build")
    assert set(caller.call("GET", DEQUEUE).json()) == {"CorrelationId", "PopReceipt", "DownloadLocation"}


@pytest.mark.parametrize(("fault", "text"), [("empty_200", ""), ("null_200", "null")])
def test_nothing_to_give_can_also_be_said_with_200(caller: Caller, fault: str, text: str) -> None:
    caller.world.export(EXPORT, b"package")
    caller.world.faults.add("dequeue", fault)
    assert caller.call("GET", DEQUEUE).text == text
    assert caller.world.exports[0].state == "ready"


def test_the_queue_of_an_import_is_always_empty(caller: Caller) -> None:
    assert caller.call("GET", f"/api/connector/dequeue/{FILE}").status_code == 204
