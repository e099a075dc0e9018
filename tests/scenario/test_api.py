"""The JSON API: the same answers and acts as the page and the command line, by the same roles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.job import JobState
from shared.web.api import ROUTES
from shared.web.http import MOST_BODY_BYTES, Answer
from tests.scenario import the_14th
from tests.scenario.conftest import Stage
from tests.scenario.the_14th import DOUBTFUL, PARTIAL
from tests.web_requests import OPERATOR, READER, Visitor


@pytest.fixture
def day(stage: Stage) -> Stage:
    """The 14th: one partial file, and one in doubt."""
    return the_14th.play(stage)


@pytest.fixture
def script(day: Stage) -> Visitor:
    return Visitor(day.engine, OPERATOR)


def _told(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def _error(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["error"]


def test_the_14ths_files_come_with_state_rows_and_reason(script: Visitor) -> None:
    told = _told(script.get("/api/v1/jobs?feed=customer-groups&date=2026-11-14&state=partial"))
    assert [(each["path"], each["rows"]) for each in told] == [(PARTIAL, {"in": 3, "ok": 2, "bad": 1})]
    assert len(_told(script.get("/api/v1/jobs?date=2026-11-14"))) == 2


def test_a_job_comes_with_its_timeline_and_is_found_by_message_and_name(script: Visitor, day: Stage) -> None:
    job = day.job(PARTIAL)
    told = _told(script.get(f"/api/v1/jobs/{job.job_id}"))
    assert told["state"] == "PARTIAL"
    assert [entry["to"] for entry in told["timeline"]][-1] == "PARTIAL"
    for text in (job.message_id, "USMF/groups"):
        assert [each["job_id"] for each in _told(script.get(f"/api/v1/find?q={text}"))] == [job.job_id]


def test_the_day_and_the_exports_are_told_as_the_page_shows_them(script: Visitor) -> None:
    [groups] = [each for each in _told(script.get("/api/v1/day")) if each["feed"] == "customer-groups"]
    assert groups["states"] == {"IN_DOUBT": 1, "PARTIAL": 1}
    assert _told(script.get("/api/v1/exports"))[0]["export"] == "groups-out"


def test_a_doubt_is_resolved_and_a_partial_file_replayed_only_when_that_is_said(script: Visitor, day: Stage) -> None:
    (message,) = [m for m in day.world.messages.values() if m.legal_entity == "DEMF"]
    doubt = f"/api/v1/jobs/{day.job(DOUBTFUL).job_id}/adopt"
    assert _told(script.call(doubt, {"why": "seen", "message_id": message.message_id}))["state"] == "ENQUEUED"
    replay = f"/api/v1/jobs/{day.job(PARTIAL).job_id}/replay"
    assert _error(script.call(replay, {"why": "mended"})) == (
        422,
        f"job {day.job(PARTIAL).job_id} is PARTIAL: its rows would be imported twice. Say again if that is wanted",
    )
    again = _told(script.call(replay, {"why": "mended", "again": True}))
    assert again["job_id"] != day.job(DOUBTFUL).job_id
    first = day.engine.answers.job(day.jobs()[0].replay_of or day.jobs()[-1].replay_of or "")
    assert first is None or first.timeline[-1].actor == "ada@contoso.com"


def test_many_are_shown_first_and_closed_when_dry_run_is_false(script: Visitor, day: Stage) -> None:
    asked = {"action": "close", "feed": "customer-groups", "first": "2026-11-14", "last": "2026-11-14"}
    asked |= {"states": "in_doubt", "why": "loaded by hand"}
    assert [each["was"] for each in _told(script.call("/api/v1/bulk", asked))["jobs"]] == ["IN_DOUBT"]
    assert day.job(DOUBTFUL).state is JobState.IN_DOUBT
    _told(script.call("/api/v1/bulk", {**asked, "dry_run": False}))
    assert day.job(DOUBTFUL).state is JobState.CLOSED


def test_a_feed_is_paused_and_resumed(script: Visitor, day: Stage) -> None:
    assert _told(script.call("/api/v1/feeds/customer-groups/pause", {"why": "year end"}))["done"] == "pause"
    day.drop("customer-groups/USMF/later.csv")
    assert day.job("customer-groups/USMF/later.csv").state is JobState.WAITING
    _told(script.call("/api/v1/feeds/customer-groups/resume", {"why": "done"}))
    assert _error(script.call("/api/v1/feeds/nothing/pause", {"why": "x"}))[0] == 404


def test_a_reader_may_look_and_not_act(day: Stage) -> None:
    reader = Visitor(day.engine, READER)
    assert reader.get("/api/v1/day").status == 200
    for route in ROUTES:
        if route.method == "POST":
            url = "/api/v1/" + route.path.replace("{job_id}", day.job(DOUBTFUL).job_id).replace("{act}", "close")
            assert _error(reader.call(url.replace("{feed}", "customer-groups"), {"why": "x"}))[0] == 403
    assert day.job(DOUBTFUL).state is JobState.IN_DOUBT


@pytest.mark.parametrize("roles", [(), ("Another.Role",)])
def test_who_has_no_role_gets_the_same_answer_for_everything(day: Stage, roles: tuple[str, ...]) -> None:
    nobody = Visitor(day.engine, *roles)
    urls = [f"/api/v1/jobs/{day.job(PARTIAL).job_id}", "/api/v1/jobs/a.20261114.b", "/api/v1/day", "/api/v1/nowhere"]
    assert len({(told.status, told.body) for told in map(nobody.get, urls)}) == 1
    assert nobody.get(urls[0]).status == (403 if roles else 401)


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        ("close", {"why": ""}, 400),
        ("close", {}, 400),
        ("explode", {"why": "x"}, 404),
        ("adopt", {"why": "x"}, 422),
        ("refetch", {"why": "x"}, 422),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    script: Visitor, day: Stage, url: str, body: dict[str, str], status: int
) -> None:
    before = day.job(DOUBTFUL)
    assert _error(script.call(f"/api/v1/jobs/{before.job_id}/{url}", body))[0] == status
    assert day.job(DOUBTFUL) == before


def test_a_body_of_another_kind_is_refused_so_that_no_form_of_another_site_can_act(script: Visitor, day: Stage) -> None:
    url = f"/api/v1/jobs/{day.job(DOUBTFUL).job_id}/close"
    assert _error(script.post(url, {"why": "x"}))[0] == 415
    assert _error(script.call(url, ["why"]))[0] == 400
    assert _error(script.call(url, {"why": "x" * MOST_BODY_BYTES}))[0] == 413
    assert _error(script.get("/api/v1/jobs?date=14.11.2026"))[0] == 400
    assert _error(script.get("/api/v1/jobs?state=lost"))[0] == 400
    assert _error(script.get("/api/v1/jobs/a.20261114.b"))[0] == 404


def test_the_description_names_every_call_with_its_role_and_fields(script: Visitor) -> None:
    told = _told(script.get("/api/v1/openapi.json"))
    assert told["openapi"].startswith("3.1")
    named = {(path, method) for path, calls in told["paths"].items() for method in calls}
    assert named == {(f"/api/v1/{route.path}", route.method.lower()) for route in ROUTES}
    replay = told["paths"]["/api/v1/jobs/{job_id}/{act}"]["post"]
    assert replay["description"] == "For the app role Operator."
    assert {each["name"] for each in replay["parameters"]} == {"job_id", "act"}
    assert "again" in replay["requestBody"]["content"]["application/json"]["schema"]["properties"]


def test_the_set_up_is_checked_from_where_the_app_runs(
    script: Visitor, day: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in day.environ.items():
        monkeypatch.setenv(name, value)
    told = {each["what"]: each["verdict"] for each in _told(script.call("/api/v1/check", {}))}
    assert told["sign-in"] == "ok"
    assert told[f"landing ({day.landing})"] == "ok"
