"""The status page in a real browser: questions are answered, jobs are moved, and everyone can read it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.job import JobState
from tests.scenario import browser as browsers
from tests.scenario import the_14th
from tests.scenario.browser import AXE, Browser
from tests.scenario.conftest import Stage
from tests.scenario.serving import LAPTOP, served
from tests.scenario.showcase import furnished
from tests.scenario.the_14th import PARTIAL
from tests.web_requests import AZURE, READER, principal

pytestmark = [
    pytest.mark.skipif(bool(browsers.missing()), reason=browsers.missing() or "there is a browser"),
    pytest.mark.timeout(240),
]
DOUBTFUL = "customer-groups/DEMF/groups-2026-11-14-late.csv"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.opened() as running:
        running.screen(1280, 900)
        yield running


@pytest.fixture
def day(stage: Stage) -> Stage:
    """The 14th: one partial file, and one in doubt."""
    return the_14th.play(stage, DOUBTFUL)


@pytest.fixture
def operators_page(day: Stage) -> Iterator[str]:
    with served(day.engine, LAPTOP) as url:
        yield url


def test_the_14ths_file_is_searched_and_though_it_is_partial_replayed(
    browser: Browser, day: Stage, operators_page: str
) -> None:
    browser.go(operators_page)
    browser.type("#q", "groups-2026-11-14.csv")
    browser.send(".search button")
    assert browser.path == f"/api/board/job/{day.job(PARTIAL).job_id}"
    assert "3 rows in, 2 loaded, 1 not" in browser.text("main")
    _fill_in(browser, "replay", why="row mended")
    browser.send("form[action$=replay] button")
    assert "its rows would be imported twice" in browser.text("main")
    browser.go(f"{operators_page}/job/{day.job(PARTIAL).job_id}")
    _fill_in(browser, "replay", why="row mended")
    browser.press("form[action$=replay] input[type=checkbox]")
    browser.send("form[action$=replay] button")
    [replay] = [job for job in day.jobs() if job.replay_of]
    assert browser.path == f"/api/board/job/{replay.job_id}"


def _fill_in(browser: Browser, act: str, **fields: str) -> None:
    browser.press(f"details:has(form[action$={act}]) summary")
    for name, text in fields.items():
        browser.type(f"form[action$={act}] input[name={name}]", text)


def test_a_doubt_is_resolved(browser: Browser, day: Stage, operators_page: str) -> None:
    (message,) = [m for m in day.world.messages.values() if m.legal_entity == "DEMF"]
    browser.go(f"{operators_page}/jobs?feed=customer-groups&date=2026-11-14&state=IN_DOUBT")
    browser.send("main table a")
    _fill_in(browser, "adopt", message_id=message.message_id, why="seen in F&O")
    browser.send("form[action$=adopt] button")
    assert "enqueued" in browser.text(".lead")
    day.run_to_the_end()
    assert day.job(DOUBTFUL).state is JobState.SUCCEEDED


def test_a_reader_sees_the_job_and_no_button(browser: Browser, day: Stage) -> None:
    job_id = day.job(DOUBTFUL).job_id
    with served(day.engine, AZURE, principal(READER)) as url:
        browser.go(f"{url}/job/{job_id}")
        assert "in doubt" in browser.text(".lead")
        assert not browser.has("main form")
    for who in ({}, principal()):
        with served(day.engine, AZURE, who) as url:
            browser.go(f"{url}/job/{job_id}")
            assert "DEMF" not in browser.text()
            assert not browser.has("main form")
    assert day.job(DOUBTFUL).state is JobState.IN_DOUBT


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; `python3 dev.py test` does")
def test_every_page_is_fit_for_all_people_in_light_and_dark(browser: Browser, day: Stage, operators_page: str) -> None:
    day.world.export("33333333-3333-4333-8333-333333333333", b"ID\r\n1\r\n")
    day.engine.drain_exports()
    pages = ["", "/jobs?date=2026-11-14", f"/job/{day.job(PARTIAL).job_id}", f"/job/{day.job(DOUBTFUL).job_id}"]
    many = "/many?feed=customer-groups&first=2026-11-14"
    for page in (*pages, many, "/exports", "/job/nothing"):
        for dark, width in ((False, 1280), (True, 1280), (False, 390)):
            browser.screen(width, 900, dark=dark)
            browser.go(operators_page + page)
            assert browser.faults_of_access() == [], (page, dark, width)
            assert browser.run("document.documentElement.scrollWidth <= innerWidth"), (page, width)
    browser.screen(1280, 900)


def test_the_pictures_of_the_docs_can_be_taken(browser: Browser, day: Stage, tmp_path: Path) -> None:
    """Set COURIER_PICTURES to a folder to keep them."""
    place = Path(os.environ.get("COURIER_PICTURES", tmp_path))
    place.mkdir(parents=True, exist_ok=True)
    day.world.export("33333333-3333-4333-8333-333333333333", b"ID\r\n1\r\n")
    day.engine.drain_exports()
    engine = furnished(day)
    partial = day.job(PARTIAL).job_id
    with served(engine, LAPTOP) as url:
        pictures = {
            "today": (url, 1280, 760, False),
            "today-dark": (url, 1280, 760, True),
            "today-phone": (url, 390, 844, False),
            "jobs": (f"{url}/jobs?feed=vendor-invoices&landed={day.clock():%Y-%m-%d}", 1280, 760, False),
            "job": (f"{url}/job/{partial}", 1280, 900, False),
            "job-phone": (f"{url}/job/{day.job(DOUBTFUL).job_id}", 390, 844, True),
            "many": (f"{url}/many?feed=vendor-invoices&first={day.clock():%Y-%m-%d}", 1280, 560, False),
            "exports": (f"{url}/exports", 1280, 500, False),
        }
        for name, (page, width, height, dark) in pictures.items():
            browser.screen(width, height, dark=dark, phone=width < 500)
            browser.go(page)
            browser.picture(place / f"board-{name}.png")
            assert (place / f"board-{name}.png").stat().st_size > 10_000
    browser.screen(1280, 900)
