"""The control surface: what a test in another process needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.simulator.conftest import EXPORT, GROUPS, Caller

Post = Callable[..., requests.Response]


@pytest.fixture
def post(caller: Caller) -> Post:
    """POST to a path under /_sim/."""

    def send(path: str, told: Any = None, **options: Any) -> requests.Response:
        return requests.post(f"{caller.base}/_sim/{path}", json=told, timeout=10, **options)

    return send


def get(caller: Caller, path: str) -> Any:
    """The JSON at a path under /_sim/."""
    return requests.get(f"{caller.base}/_sim/{path}", timeout=10).json()


def test_the_state_tells_who_may_sign_in_and_what_there_is(caller: Caller) -> None:
    told = get(caller, "state")
    assert (told["client_id"], told["client_secret"]) == (caller.world.client_id, caller.world.client_secret)
    assert told["export_jobs"] == [EXPORT]
    assert told["settings"]["batch_capacity"] == 4
    assert "stuck" in told["faults"]


def test_messages_imports_calls_and_rows_can_be_asked_for(caller: Caller, post: Post) -> None:
    caller.enqueue()
    for _ in range(2):
        assert post("tick").status_code == 200
    [message] = get(caller, "messages")
    assert (message["ended"], message["rows_written"]) == (True, 1)
    assert "body" not in message
    assert len(get(caller, f"imports?sha256={message['content_sha256'].upper()}")) == 1
    assert get(caller, "rows?legal_entity=USMF&entity=Customer groups")[-1]["DESCRIPTION"] == "Wholesale"
    assert get(caller, "calls")[-1][2] == 200


def test_the_clock_moves_when_told(caller: Caller, post: Post) -> None:
    before = caller.world.clock.now()
    post("clock/advance", {"seconds": 60})
    assert caller.world.clock.now() - before == timedelta(seconds=60)


def test_faults_are_queued_cleared_and_given_a_rate(caller: Caller, post: Post) -> None:
    post("faults", {"call": "enqueue", "name": "status", "code": 503})
    assert get(caller, "state")["faults_to_come"][0]["params"] == {"code": 503}
    assert caller.post_file().status_code == 503
    post("faults", {"call": "enqueue", "name": "stuck", "times": 9})
    assert post("faults/clear").status_code == 200
    assert get(caller, "state")["faults_to_come"] == []
    post("faults", {"rate": 1.0, "seed": 3, "kinds": [["enqueue", "throttle"]]})
    assert caller.post_file().status_code == 429
    assert post("faults/release").status_code == 200


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("faults", {"call": "enqueue", "name": "explode"}),
        ("faults", {"name": "stuck"}),
        ("settings", {"colour": "red"}),
        ("settings", {"state_form": "roman"}),
        ("settings", {"batch_capacity": "4"}),
        ("settings", {"token_lifetime_seconds": -1}),
        ("jobs/import", {"activity": "x"}),
        ("jobs/import", {"activity_id": "x", "data_project": "P", "kind": "zip"}),
        ("clock/advance", {}),
        ("exports/99999999-9999-4999-8999-999999999999", {}),
    ],
)
def test_what_does_not_fit_is_answered_with_400_and_a_reason(post: Post, path: str, told: Any) -> None:
    answer = post(path, told)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_every_setting_can_be_changed_to_what_it_is(caller: Caller, post: Post) -> None:
    before = caller.world.settings()
    assert post("settings", before).json() == before


def test_settings_change_the_world(caller: Caller, post: Post) -> None:
    post(
        "settings",
        {
            "state_form": "name",
            "token_lifetime_seconds": 5,
            "legal_entities": ["FRRT"],
            "auto_tick_seconds": 0.01,
            "follows_real_time": True,
        },
    )
    assert caller.world.token_lifetime == timedelta(seconds=5)
    assert caller.world.auto_tick == timedelta(seconds=0.01)
    assert caller.world.legal_entities == {"FRRT"}
    assert caller.world.clock.follows_real_time
    first = caller.world.clock.now()
    assert caller.world.clock.now() > first


def test_jobs_and_clients_can_be_added(caller: Caller, post: Post) -> None:
    post("clients", {"client_id": "other", "secret": "s"})
    post("jobs/import", {"activity_id": "AB", "data_project": "P", "entity": "Customer groups", "policy": ["other"]})
    post("jobs/export", {"activity_id": "CD", "data_project": "Q", "entity": "Customer groups"})
    token = caller.sign_in(client_id="other", client_secret="s").json()["access_token"]
    assert caller.post_file(activity="ab").status_code == 401
    assert caller.post_file(activity="ab", token=token).status_code == 200
    assert caller.call("GET", "/api/connector/dequeue/cd").status_code == 204


def test_exports_are_made_with_a_file_or_without(caller: Caller, post: Post) -> None:
    made = requests.post(f"{caller.base}/_sim/exports/{EXPORT}?correlation=c1", data=b"zip", timeout=10).json()
    requests.post(f"{caller.base}/_sim/exports/{EXPORT}?no_file=1", timeout=10)
    assert made == {"correlation_id": "c1"}
    assert [(told["state"], told["size_bytes"]) for told in get(caller, "exports")] == [("ready", 3), ("ready", 0)]


def test_a_reset_forgets_what_happened_and_keeps_what_there_is(caller: Caller, post: Post) -> None:
    caller.imported()
    caller.world.export(EXPORT, b"x")
    caller.world.faults.add("enqueue", "stuck")
    post("reset")
    assert (caller.world.messages, caller.world.exports, caller.world.faults.to_come) == ({}, [], [])
    assert [row["CUSTOMERGROUPID"] for row in caller.world.rows("USMF", "Customer groups")] == ["10", "20", "30"]
    assert caller.post_file(query=GROUPS).status_code == 200
    assert caller.world.most_in_flight() == 1
