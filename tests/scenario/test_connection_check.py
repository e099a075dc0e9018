"""The check of a set-up: each thing that is wrong gets a sentence of its own that says what to mend and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from shared.adapters.queue_probe import QueueProbe
from shared.check_wiring import connection_check
from shared.courier.check import GOOD, TO_MEND, WRONG, main
from shared.domain.connection import Checked, Verdict
from tests.scenario.conftest import EXPORT_ACTIVITY, FILE_ACTIVITY, PACKAGE_ACTIVITY, Stage

GROUPS = f"activity {FILE_ACTIVITY} (customer-groups, resendable)"


def _seen(stage: Stage, **settings: str) -> dict[str, Checked]:
    return {each.what: each for each in connection_check(stage.environ | settings, stage.clock).run()}


def _to_mend(stage: Stage, **settings: str) -> dict[str, str]:
    return {what: each.said for what, each in _seen(stage, **settings).items() if each.verdict is Verdict.MEND}


@pytest.fixture
def at_one_time(stage: Stage) -> Stage:
    """A stage whose engine's clock is the machine's, as the simulator dates its answers by that."""
    from datetime import UTC, datetime

    stage.clock.now = datetime.now(UTC)
    return stage


def test_a_set_up_in_order_is_told_to_be(at_one_time: Stage) -> None:
    seen = _seen(at_one_time)
    assert _to_mend(at_one_time) == {}
    assert seen["sign-in"].said == f"signed in as client {at_one_time.world.client_id}"
    assert [seen[what].verdict for what in ("F&O", "clock")] == [Verdict.GOOD] * 2
    places = [what.partition(" ")[0] for what, each in seen.items() if each.said == "can be used as the app needs it"]
    assert places == ["landing", "archive", "rejected", "outcomes", "lake", "ledger"]


def test_the_check_leaves_nothing_behind_and_sends_and_takes_nothing(at_one_time: Stage) -> None:
    stage = at_one_time
    stage.world.export(EXPORT_ACTIVITY, b"x")
    _seen(stage)
    for name in (stage.landing, stage.archive, stage.rejected, stage.outcomes, stage.lake):
        assert list(stage.blobs.get_container_client(name).list_blob_names()) == []
    assert stage.jobs() == []
    assert list(stage.engine.ledger._table.list_entities()) == []
    assert stage.world.messages == {}
    assert [message.last_dequeued_at for message in stage.world.exports] == [None]


def test_an_activity_that_files_went_out_by_is_certain_and_another_is_to_be_looked_at(stage: Stage) -> None:
    stage.drop("customer-groups/USMF/a.csv")
    stage.run_to_the_end()
    seen = _seen(stage)
    assert seen[GROUPS].said == "the connector takes the app, and files went by it before"
    unsure = seen[f"activity {PACKAGE_ACTIVITY} (customers)"]
    assert unsure.verdict is Verdict.LOOK
    assert "compare the ID with the recurring data job's" in unsure.said


def test_a_client_that_one_jobs_policy_does_not_list_is_told_with_the_way_to_the_policy(stage: Stage) -> None:
    stage.world.jobs[FILE_ACTIVITY].policy = set()
    told = _to_mend(stage)[GROUPS]
    assert told.startswith("F&O takes the app and this recurring data job does not (401)")
    assert "Set up authorization policy" in told
    assert "F&O" not in _to_mend(stage)


def test_a_client_that_no_user_stands_behind_is_told_once_and_jobs_are_not_asked(stage: Stage) -> None:
    stage.world.mapped_clients.clear()
    told = _to_mend(stage)
    assert "System administration > Setup > Microsoft Entra ID applications" in told["F&O"]
    assert GROUPS not in told
    assert _seen(stage)[GROUPS].said == "not asked, for F&O does not let the app in"
    assert not any("connector" in path for _, path, _ in stage.world.calls)


def test_a_redirect_to_sign_in_is_told_as_a_wrong_host(stage: Stage) -> None:
    stage.world.on_premises = True
    assert "D365_BASE_URL must be the environment's own cloud host" in _to_mend(stage)["F&O"]


def test_a_secret_that_is_wrong_is_told_and_nothing_more_is_asked_of_fo(stage: Stage) -> None:
    told = _to_mend(stage, D365_CLIENT_SECRET="wrong")
    assert "Look at D365_CLIENT_ID, D365_CLIENT_SECRET" in told["sign-in"]
    assert set(told) == {"sign-in"}


def test_a_host_that_is_not_there_is_told_with_the_ways_to_look_at(stage: Stage) -> None:
    told = _to_mend(stage, D365_BASE_URL="http://127.0.0.1:9")
    assert "cannot be reached (ConnectionError): check D365_BASE_URL" in told["F&O"]


def test_an_export_that_was_delivered_settles_its_activity(at_one_time: Stage) -> None:
    stage, what = at_one_time, f"activity {EXPORT_ACTIVITY} (groups-out)"
    assert (before := _seen(stage)[what]).verdict is Verdict.LOOK
    assert before.said.endswith("the first file or delivery tells for certain")
    stage.world.export(EXPORT_ACTIVITY, b"x")
    stage.engine.drain_exports()
    assert _seen(stage)[what].said == "the connector takes the app, and files went by it before"


@pytest.mark.parametrize(("minutes", "verdict"), [(2, Verdict.LOOK), (6, Verdict.MEND), (-6, Verdict.MEND)])
def test_a_clock_that_is_off_is_told(at_one_time: Stage, minutes: int, verdict: Verdict) -> None:
    at_one_time.clock.now += timedelta(minutes=minutes)
    assert _seen(at_one_time)["clock"].verdict is verdict


def test_a_container_and_a_table_that_are_missing_are_told_with_the_role_they_need(stage: Stage) -> None:
    told = _to_mend(stage, ARCHIVE_CONTAINER="not-there", LANDING_CONTAINER="nor-this", LEDGER_TABLE="noledger")
    assert set(told) == {"archive (not-there)", "landing (nor-this)", "ledger (noledger)"}
    assert "ContainerNotFound. It needs Storage Blob Data Contributor" in told["archive (not-there)"]
    assert "It needs Storage Table Data Contributor" in told["ledger (noledger)"]


@contextmanager
def _queues_that_answer(status: int) -> Iterator[str]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            right = self.headers["Authorization"] == "Bearer given" and "comp=list" in self.path
            self.send_response(status if right else 400)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the screen of a test."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "failure"), [(200, ""), (403, "listing queues: storage answered 403")])
def test_rights_on_the_hosts_queues_are_tried(status: int, failure: str) -> None:
    with _queues_that_answer(status) as url:
        (place,) = QueueProbe(url, lambda: "given").places()
    assert (place.failure, place.role) == (failure, "Storage Queue Data Contributor")


def test_the_command_tells_all_as_lines_or_as_json_and_ends_as_its_page_says(
    at_one_time: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = at_one_time.environ
    assert main([], environ) == GOOD
    lines = capsys.readouterr().out
    assert lines.startswith("ok    sign-in\n      signed in as client ")
    assert lines.endswith(" to look at, 9 in order.\n")
    assert main(["--json"], environ | {"OUTCOMES_CONTAINER": "not-there"}) == TO_MEND
    told = {each["what"]: each["verdict"] for each in json.loads(capsys.readouterr().out)}
    assert told["outcomes (not-there)"] == "mend"
    assert main([], {}) == WRONG
    assert "D365_BASE_URL: missing" in capsys.readouterr().err
