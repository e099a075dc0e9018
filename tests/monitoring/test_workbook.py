"""The workbook: put together from the tiles' queries, each of which answers on a day in which everything happens."""

from __future__ import annotations

import pytest

from local.checks import ROOT
from local.monitoring.rules import MONITOR, query_named
from local.monitoring.workbook import TABS, TARGET, text, workbook
from shared.domain.job import JobState
from shared.telemetry import Event
from tests.monitoring.test_alerts import BAD, CALM, said
from tests.monitoring.workspace import recorded

TILES = [tile[0] for tiles in TABS.values() for tile in tiles]
#: A tile that reads what only Azure's own instrumentation writes.
_ONLY_IN_AZURE = {"erp-calls"}


def test_the_written_workbook_is_the_one_that_its_parts_make() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run `python -m local.monitoring.workbook`"


def test_every_tile_has_its_query_and_every_query_its_tile() -> None:
    assert {path.stem for path in (MONITOR / "tiles").glob("*.kql")} == set(TILES)
    assert len(TILES) == len(set(TILES))


def test_the_docs_say_of_every_tile_what_it_answers() -> None:
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    told = [line.split(" | ")[:2] for line in page.splitlines() if line.startswith("| ") and line.endswith("? |")]
    listed = {(tab.removeprefix("| "), title) for tab, title in told}
    shown = {(tab, tile[1]) for tab, tiles in TABS.items() for tile in tiles}
    assert shown - listed - {("Job", TABS["Job"][0][1])} == set()


def test_every_tab_can_be_reached_and_shows_itself_alone() -> None:
    items = workbook()["items"]
    reached = {link["subTarget"] for item in items if item["type"] == 11 for link in item["content"]["links"]}
    shown = {item["conditionalVisibility"]["value"] for item in items if item["type"] == 12}
    assert reached == shown == set(TABS)


@pytest.mark.parametrize("tile", sorted(set(TILES) - _ONLY_IN_AZURE))
def test_a_tile_answers_on_a_day_in_which_everything_happens(tile: str) -> None:
    query = query_named("tiles", tile)
    job = "customer-groups.20261114"
    waits = said(Event.JOB_WAITING, JobState.WAITING, why="cap: 4 in flight", due_at="later")
    day = recorded(CALM, *BAD.values(), [waits])
    if "{Job}" in query:
        (found,) = {
            row[0]
            for row in day.rows(
                "AppTraces | where tostring(Properties.job_id) startswith '"
                f"{job}' | distinct tostring(Properties.job_id)"
            )
        }
        query = query.replace("{Job}", found)
    assert day.rows(query) != []


def test_today_counts_each_outcome_of_a_feed_once() -> None:
    row = recorded(CALM, BAD["import-failed"], BAD["import-rejected"]).rows(query_named("tiles", "today-by-feed"))
    assert row == [("customer-groups", 1, 1, 1, 0, 1, 0, 0)]


def test_a_promise_stands_as_it_was_told_last() -> None:
    recovered = said(Event.FEED_RECOVERED, feed="customer-groups", promise="loaded_by", last_arrival="07:00")
    query = query_named("tiles", "promises")
    broken, kept = (recorded(BAD["promise-broken"], *more).rows(query) for more in ([], [recovered]))
    assert [row[3] for row in broken] == ["broken"]
    assert [row[3] for row in kept] == ["kept again"]
