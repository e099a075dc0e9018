"""What docs/deploy.md reckons and repeats follows from its own figures and from the templates."""

from __future__ import annotations

import json
import re

import pytest

from local.bicep.template import Template
from tests.infra.conftest import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
MINUTES, EVERY_FIVE = 43_200, 8_640  # in a month of 30 days
EXPORTS, STATUS_CALLS = 1, 5
GB_A_LINE = 1.5e-6
_RULES = ("alerts.json", "metric-alerts.json")


def _cost(what: str) -> tuple[int, int, int]:
    (row,) = re.findall(rf"^\| {re.escape(what)} \| (\d+) \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)
    table, blob, lines = map(int, row)
    return table, blob, lines


def _month(files_a_day: int) -> tuple[int, int, int, float, int]:
    """The formula of the page: executions, table and blob operations, GB of logs, GB-seconds at 512 MB."""
    files = 30 * files_a_day
    counts = (
        (MINUTES, _cost("an idle run of `poll_jobs`")),
        (EVERY_FIVE * EXPORTS, _cost("an idle run of `drain_exports`, for each export")),
        (EVERY_FIVE, _cost("a sweep of landing")),
        (EVERY_FIVE, _cost("an idle run of `watch_promises`")),
        (files, _cost("a file, from landed to sent")),
        (files * STATUS_CALLS, _cost("a status call that brings nothing new")),
        (files, _cost("a file, from taken up to archived")),
        (files, (_cost("a file dropped from the ledger")[0], 0, 0)),  # the rest of it serves many at a time
    )
    table, blob, lines = (sum(times * cost[kind] for times, cost in counts) for kind in range(3))
    executions = MINUTES + 2 * EVERY_FIVE + files
    return executions, table, blob, round((lines + executions) * GB_A_LINE, 1), executions // 2


@pytest.mark.parametrize("files_a_day", [100, 1000, 10000])
def test_the_costs_of_a_month_follow_from_those_of_a_file_and_a_run(files_a_day: int) -> None:
    (row,) = re.findall(rf"^\| {files_a_day:,} \|(.+)\|$", PAGE, re.MULTILINE)
    said = tuple(float(cell.replace(",", "")) for cell in row.split("|"))
    assert said == _month(files_a_day), f"correct docs/deploy.md: {files_a_day} files cost {_month(files_a_day)}"


@pytest.mark.parametrize("name", ["archiveHotDays", "archiveDays", "rejectedDays", "outcomesDays", "softDeleteDays"])
def test_how_long_things_are_kept_is_what_the_template_says(templates: dict[str, Template], name: str) -> None:
    (row,) = re.findall(rf"^\|.*`{name}`.*\|$", PAGE, re.MULTILINE)
    assert f"{templates['main.bicep'].parameters[name].value:,}" in row


def test_the_page_counts_the_alert_rules_right() -> None:
    found = [json.loads((ROOT / "infra/monitor" / name).read_text("utf-8")) for name in _RULES]
    log_rules, metric_rules = found
    assert f"`infra/monitor/alerts.json` ({len(log_rules)}, " in PAGE
    assert f"`infra/monitor/metric-alerts.json`\n({len(metric_rules)}, " in PAGE
    often = [rule["every_minutes"] for rule in log_rules]
    rarer = len(often) - often.count(5) - often.count(15)
    assert f"{often.count(5)} look every 5 minutes, {often.count(15)} every 15, {rarer} less often" in PAGE


def test_every_step_that_the_page_names_exists() -> None:
    steps = set(re.findall(r"local\.delivery (\w+)", PAGE))
    assert steps == {"guard", "package", "events", "smoke"}


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https)([^)#]+)", PAGE))
def test_a_link_on_the_page_leads_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).is_file()
