"""The page: it answers the operator's questions, acts by forms, and lets nobody in without a role."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest

from shared.domain.job import Job, JobState
from shared.web.http import Answer
from tests.scenario import the_14th
from tests.scenario.conftest import EXPORT_ACTIVITY, GOOD_CSV, Stage
from tests.scenario.the_14th import PARTIAL
from tests.web_requests import AZURE, OPERATOR, READER, Visitor

DOUBTFUL = 'customer-groups/DEMF/<b>größe" & co-2026-11-14.csv'
THE_14TH = "/api/board/jobs?feed=customer-groups&date=2026-11-14"


@pytest.fixture
def day(stage: Stage) -> Stage:
    """The 14th: one partial file, and one in doubt with a nasty name."""
    return the_14th.play(stage, DOUBTFUL)


@pytest.fixture
def operator(day: Stage) -> Visitor:
    return Visitor(day.engine, OPERATOR)


def _words(answer: Answer) -> str:
    """What a person reads."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.body.decode())).split())


def _page_of(job: Job) -> str:
    return f"/api/board/job/{job.job_id}"


def test_did_the_14ths_files_load_is_one_url_and_one_screen(operator: Visitor) -> None:
    shown = _words(operator.get(THE_14TH))
    assert "2 files, 1 in doubt, 1 partial." in shown
    assert "groups-2026-11-14.csv USMF partial 3 / 2 / 1" in shown
    assert "in doubt overdue" in shown


def test_today_shows_each_feed_with_what_wants_a_look(operator: Visitor, day: Stage) -> None:
    shown = _words(operator.get("/api/board"))
    assert re.search(r"customer-groups 2 0 1 0 0 0 0 1 \S+ min 1 overdue", shown)
    assert "resendable 0 0" in shown
    day.engine.handwork.pause("resendable", "year end", "ada")
    assert "paused: year end (ada)" in _words(operator.get("/api/board"))


def test_the_last_success_of_each_timer_is_on_the_page(operator: Visitor) -> None:
    assert re.search(r"Last good run: poll_jobs \S+ min", _words(operator.get("/api/board")))


def test_files_are_listed_newest_first_and_those_of_one_second_by_their_paths(stage: Stage) -> None:
    for number in (3, 1, 4, 2, 6, 5):
        stage.drop(f"customer-groups/USMF/{number}-2026-11-14.csv", GOOD_CSV + b"%d,More\r\n" % (90 + number))
    listed = stage.engine.answers.jobs(date(2026, 11, 14))
    assert len(listed) == 6
    assert listed == sorted(listed, key=lambda line: (-line.landed_at.timestamp(), line.path))


def test_a_feed_of_today_leads_to_the_files_that_landed_then_whatever_their_business_date(operator: Visitor) -> None:
    page = operator.get("/api/board").body.decode()
    link = re.search(r'href="(/api/board/jobs\?feed=customer-groups[^"]*)"', page)
    assert link
    assert "2 files, 1 in doubt, 1 partial." in _words(operator.get(html.unescape(link[1])))


def test_a_search_by_message_leads_to_the_job_and_by_a_part_of_the_name_to_a_list(
    operator: Visitor, day: Stage
) -> None:
    job = day.job(PARTIAL)
    found = operator.get(f"/api/board/find?q={job.message_id}")
    assert (found.status, found.headers["Location"]) == (303, _page_of(job))
    assert "2 files" in _words(operator.get("/api/board/find?q=2026-11-14"))
    assert "No file." in _words(operator.get("/api/board/find?q=nothing"))


def test_a_job_shows_its_timeline_rows_and_causes(operator: Visitor, day: Stage) -> None:
    job = day.job(PARTIAL)
    shown = _words(operator.get(_page_of(job)))
    for part in (job.causes, job.message_id, job.execution_id, job.archive_path, "Customer groups", "landed as"):
        assert part in shown
    [cause] = day.archived(job, "errors.json")["causes"]
    assert f"Rows Field F&O says (values left out) {cause['rows']} {cause['field'] or '-'} {cause['message']}" in shown


def test_what_comes_from_files_is_escaped_everywhere(operator: Visitor, day: Stage) -> None:
    job = day.job(DOUBTFUL)
    for url in (THE_14TH, _page_of(job), "/api/board/find?q=<script>alert(1)</script>"):
        text = operator.get(url).body.decode()
        assert "<b>" not in text
        assert "<script>alert" not in text


def test_a_partial_job_is_replayed_by_its_form_with_a_reason(operator: Visitor, day: Stage) -> None:
    job = day.job(PARTIAL)
    page = operator.get(_page_of(job))
    assert "imported twice" in _words(operator.submit(page, "replay", why="sure"))
    done = operator.submit(page, "replay", why="mended in F&O", again="yes")
    assert done.status == 303
    again = operator.get(done.headers["Location"])
    assert f"Replay of {job.job_id}" in _words(again)
    [stored] = [entry for entry in day.job(PARTIAL).timeline[:1] if entry.actor == "ada@contoso.com"]
    assert stored.why.startswith("landed as")
    first = day.engine.answers.job(job.job_id)
    assert first is not None
    assert (first.timeline[-1].why, first.timeline[-1].actor) == ("replayed: mended in F&O", "ada@contoso.com")


def test_a_reader_reads_the_report_and_an_operator_every_file_of_the_folder(operator: Visitor, day: Stage) -> None:
    job, reader = day.job(PARTIAL), Visitor(day.engine, READER)
    report = reader.get(f"{_page_of(job)}/report.html")
    assert "groups-2026-11-14.csv: partial" in _words(report)
    assert "sandbox" in report.all_headers()["Content-Security-Policy"]
    name = job.source.name
    assert f'{_page_of(job)}/{name}"' not in reader.get(_page_of(job)).body.decode()
    assert reader.get(f"{_page_of(job)}/{name}").status == 403
    assert f'{_page_of(job)}/{name}"' in operator.get(_page_of(job)).body.decode()
    landed = operator.get(f"{_page_of(job)}/{name}")
    assert landed.body == GOOD_CSV + b",No key\r\n"
    assert landed.headers["Content-Disposition"].startswith("attachment")
    for other in ("nothing.csv", "..%2f..%2fjob.json", "../../job.json"):
        assert operator.get(f"{_page_of(job)}/{other}").status in {404, 303}


def test_a_doubt_is_resolved_by_the_message_that_was_seen(operator: Visitor, day: Stage) -> None:
    job = day.job(DOUBTFUL)
    (message,) = [m for m in day.world.messages.values() if m.legal_entity == "DEMF"]
    done = operator.submit(
        operator.get(_page_of(job)), "adopt", why="in Manage messages", message_id=message.message_id
    )
    assert done.status == 303
    day.run_to_the_end()
    assert day.job(DOUBTFUL).state is JobState.SUCCEEDED


def test_a_feed_is_paused_by_its_form(operator: Visitor, day: Stage) -> None:
    assert operator.submit(operator.get("/api/board"), "customer-groups/pause", why="year end").status == 303
    day.drop("customer-groups/USMF/later.csv")
    assert day.job("customer-groups/USMF/later.csv").reason.endswith("year end (ada@contoso.com)")


def test_many_are_shown_first_and_done_by_a_second_form(operator: Visitor, day: Stage) -> None:
    asked = operator.get("/api/board/many?feed=customer-groups&first=2026-11-14")
    fields = {"action": "close", "last": "2026-11-14", "states": "IN_DOUBT", "why": "loaded by hand"}
    seen = operator.submit(asked, "many", feed="customer-groups", first="2026-11-14", **fields)
    assert "It would be done to 1 file" in _words(seen)
    assert day.job(DOUBTFUL).state is JobState.IN_DOUBT
    sure = {**fields, "feed": "customer-groups", "first": "2026-11-14", "sure": "yes"}
    done = operator.submit(seen, "many", **sure)
    assert "Done to 1 file" in _words(done)
    assert (day.job(DOUBTFUL).state, day.job(PARTIAL).state) == (JobState.CLOSED, JobState.PARTIAL)


def test_what_would_be_refused_is_said_before_it_is_tried(operator: Visitor) -> None:
    fields = {"action": "replay", "last": "2026-11-14", "states": "PARTIAL", "why": "?"}
    asked = operator.get("/api/board/many?feed=customer-groups&first=2026-11-14")
    seen = _words(operator.submit(asked, "many", feed="customer-groups", first="2026-11-14", **fields))
    assert "It would be done to 0 files" in seen
    assert "its rows would be imported twice" in seen


def test_a_feed_that_there_is_not_is_no_feed_without_files(operator: Visitor, day: Stage) -> None:
    day.drop("customer-grups/USMF/14-2026-11-14.csv")
    for url in ("jobs?feed=customer-grups&date=2026-11-14", "jobs?feed=customer-grups&landed=2026-11-14"):
        answer = operator.get(f"/api/board/{url}")
        assert answer.status == 422
        assert "there is no feed customer-grups" in _words(answer)
        assert "under unrouted" in _words(answer)
    assert "14-2026-11-14.csv" in _words(operator.get("/api/board/jobs?feed=unrouted&date=2026-11-14"))


def test_a_file_that_holds_an_ordered_feed_up_is_released_on_its_page(stage: Stage) -> None:
    assert "Release" not in _words(Visitor(stage.engine, OPERATOR).get(_page_of(_partial(stage, "first.csv"))))
    stage.edit_feeds("    overdue_after: 2h\n", "    overdue_after: 2h\n    ordering: strict\n")
    stage.engine = stage.another_host()
    visitor, job = Visitor(stage.engine, OPERATOR), _partial(stage, "second.csv")
    page = visitor.get(_page_of(job))
    assert "The files behind it in this ordered feed go on without it" in _words(page)
    assert visitor.submit(page, "/release", why="mended by hand").status == 303
    assert stage.job(job.source.path).released_at is not None


def _partial(stage: Stage, name: str) -> Job:
    path = stage.drop(f"customer-groups/USMF/{name}", GOOD_CSV + f",No key of {name}\r\n".encode())
    stage.run_to_the_end()
    assert stage.job(path).state is JobState.PARTIAL
    return stage.job(path)


def test_a_span_of_days_that_would_take_for_ever_is_refused(operator: Visitor) -> None:
    asked = operator.get("/api/board/many")
    fields = {"action": "close", "feed": "customer-groups", "states": "FAILED", "why": "x"}
    seen = operator.submit(asked, "many", first="2000-01-01", last="2026-11-14", **fields)
    assert seen.status == 422
    assert "more than 92 days" in _words(seen)


def test_a_reader_gets_no_form_for_many(day: Stage) -> None:
    assert Visitor(day.engine, READER).get("/api/board/many").status == 403


def test_the_rows_that_were_not_loaded_are_offered_as_a_file_to_operators(operator: Visitor, day: Stage) -> None:
    day.drop("customer-groups/USMF/long.csv", GOOD_CSV + b"65,\r\n")
    for _ in range(6):
        day.world.recurrence_tick()
        day.tick(timedelta(minutes=5))
    job = day.job("customer-groups/USMF/long.csv")
    assert f"{_page_of(job)}/bad-rows" in operator.get(_page_of(job)).body.decode()
    made = operator.get(f"{_page_of(job)}/bad-rows")
    header = GOOD_CSV.splitlines(keepends=True)[0]
    assert made.body == header + b"65,\r\n"
    assert Visitor(day.engine, READER).get(f"{_page_of(job)}/bad-rows").status == 403
    assert operator.get(f"{_page_of(day.job(DOUBTFUL))}/bad-rows").status == 422


def test_a_job_leads_to_its_execution_in_fo(operator: Visitor, day: Stage) -> None:
    job = day.job(PARTIAL)
    assert job.execution_id in job.page_url
    assert f'href="{html.escape(job.page_url)}"' in operator.get(_page_of(job)).body.decode()


def test_exports_show_their_last_delivery(operator: Visitor, day: Stage) -> None:
    assert "groups-out - - " in _words(operator.get("/api/board/exports"))
    day.world.export(EXPORT_ACTIVITY, None)
    day.engine.drain_exports()
    assert "groups-out 20" in _words(operator.get("/api/board/exports"))


def test_a_reader_sees_and_is_offered_nothing_and_is_refused_when_trying(day: Stage) -> None:
    reader, job = Visitor(day.engine, READER), day.job(PARTIAL)
    page = reader.get(_page_of(job))
    assert page.status == 200
    assert b'class="search"' in page.body
    assert b'method="post"' not in page.body
    for act in ("replay", "refetch", "close"):
        refused = reader.post(
            f"{_page_of(job)}/{act}", {"why": "?", "again": "yes", "secret": reader.cookie.partition("=")[2]}
        )
        assert refused.status == 403
    assert len(day.jobs()) == 2
    assert day.engine.answers.job(job.job_id) == job


@pytest.mark.parametrize("roles", [(), ("Another.Role",)])
@pytest.mark.parametrize("what", ["there", "not there"])
def test_who_has_no_role_learns_nothing_of_what_there_is(day: Stage, roles: tuple[str, ...], what: str) -> None:
    job_id = day.job(PARTIAL).job_id if what == "there" else "customer-groups.20261114.aaaaaaaaaaaaaaaa"
    nobody = Visitor(day.engine, *roles)
    wanted = 403 if roles else 401
    said = {
        (answer.status, answer.body)
        for url in (f"/api/board/job/{job_id}", "/api/board", "/api/board/nowhere", "/api/board/static/board.css")
        for answer in (nobody.get(url), nobody.post(f"{url}/replay", {"why": "x"}))
    }
    assert {status for status, _ in said} == {wanted}
    assert len(said) == 1


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"BOARD_LOCAL_ROLE": "operator", "WEBSITE_SITE_NAME": "courier"},
        {"BOARD_LOCAL_ROLE": "operator", "WEBSITE_INSTANCE_ID": "1"},
        {"BOARD_LOCAL_ROLE": "owner"},
        {"WEBSITE_AUTH_ENABLED": "False", "WEBSITE_SITE_NAME": "courier"},
    ],
)
def test_a_forged_header_is_worth_nothing_where_the_platform_does_not_check_it(
    day: Stage, environ: dict[str, str]
) -> None:
    forger = Visitor(day.engine, OPERATOR, environ=environ)
    assert forger.get("/api/board").status == 401
    assert forger.get("/api/v1/day").status == 401


@pytest.mark.parametrize("header", ["", "no base64", "bm8ganNvbg==", "e30=", "eyJjbGFpbXMiOiBbMV19"])
def test_a_broken_header_is_nobody(day: Stage, header: str) -> None:
    assert Visitor(day.engine).get("/api/board", **{"x-ms-client-principal": header}).status == 401


def test_on_a_laptop_the_setting_opens_the_page(day: Stage) -> None:
    assert Visitor(day.engine, environ={"BOARD_LOCAL_ROLE": "reader"}).get("/api/board").status == 200


def test_a_form_of_another_site_is_refused(operator: Visitor, day: Stage) -> None:
    job = day.job(DOUBTFUL)
    page = operator.get(_page_of(job))
    assert operator.post(f"{_page_of(job)}/close", {"why": "x"}).status == 403
    assert operator.post(f"{_page_of(job)}/close", {"why": "x", "secret": "guessed"}).status == 403
    secret = operator.cookie.partition("=")[2]
    crossed = operator.post(
        f"{_page_of(job)}/close", {"why": "x", "secret": secret}, **{"sec-fetch-site": "cross-site"}
    )
    assert crossed.status == 403
    assert day.job(DOUBTFUL).state is JobState.IN_DOUBT
    assert operator.submit(page, "close", why=" ").status == 400
    assert operator.submit(page, "close", why="x").status == 303


def test_every_answer_says_that_nothing_is_loaded_from_elsewhere(operator: Visitor) -> None:
    for url in ("/api/board", "/api/board/nowhere", "/api/board/static/board.js", "/api/v1/day"):
        told = operator.get(url).all_headers()
        assert told["Content-Security-Policy"].startswith("default-src 'none'")
        assert "unsafe" not in told["Content-Security-Policy"]
        assert told["X-Frame-Options"] == "DENY"
    cookie = operator.get("/api/board", **{"x-forwarded-proto": "https"}).headers["Set-Cookie"]
    assert cookie.endswith("; Path=/api/board; HttpOnly; SameSite=Strict; Secure")


def test_no_template_has_a_script_or_a_style_of_its_own(operator: Visitor, day: Stage) -> None:
    for url in ("/api/board", THE_14TH, _page_of(day.job(DOUBTFUL)), "/api/board/exports"):
        text = operator.get(url).body.decode()
        assert re.findall(r"<script(?! src)|<style| style=| on\w+=", text) == []


@pytest.mark.parametrize(
    "url", ["/api/board/static/../board.py", "/api/board/static/", "/api/board/jobs?date=x", "/api/board/job/x"]
)
def test_what_is_not_there_is_said_in_a_sentence(operator: Visitor, url: str) -> None:
    refused = operator.get(url)
    assert refused.status in {400, 404}
    assert "Not done" in _words(refused)


def test_a_ledger_out_of_reach_is_said(day: Stage) -> None:
    away = day.environ | {
        "LEDGER": day.environ["LEDGER"].replace("TableEndpoint=http://127.0.0.1:", "TableEndpoint=http://127.0.0.1:1/")
    }
    from shared.wiring import engine_from

    visitor = Visitor(engine_from(away, day.clock, lambda: 0.5), READER, environ=AZURE)
    assert visitor.get("/api/board").status in {503, 422}
