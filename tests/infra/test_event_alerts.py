"""Alerts on what Event Grid measures: its own names and spans, a page each, and people who are told."""

from __future__ import annotations

import json
from typing import Any

from local.bicep.template import Template
from tests.infra.conftest import INFRA, ROOT, resources_of

RULES: list[dict[str, Any]] = json.loads((INFRA / "monitor" / "metric-alerts.json").read_text(encoding="utf-8"))
#: Of Microsoft.EventGrid/systemTopics, all with the aggregation Total (Microsoft Learn, supported metrics).
METRICS = {"DeadLetteredCount", "DeliveryAttemptFailCount", "DeliverySuccessCount", "DroppedEventCount"}
#: The spans that a metric alert takes, in minutes (Microsoft Learn, metricAlerts).
EVERY, WINDOWS = {1, 5, 15, 30, 60}, {1, 5, 15, 30, 60, 360, 720, 1440}


def test_dead_letters_losses_and_failed_deliveries_are_watched_by_metrics_that_exist() -> None:
    assert {rule["metric"] for rule in RULES} == METRICS - {"DeliverySuccessCount"}


def test_a_rule_looks_as_often_and_as_far_back_as_azure_allows() -> None:
    for rule in RULES:
        assert rule["every_minutes"] in EVERY
        assert rule["window_minutes"] in WINDOWS
        assert rule["every_minutes"] <= rule["window_minutes"]


def test_a_rule_has_a_runbook_page_with_its_severity_and_metric_and_a_line_in_the_list() -> None:
    listed = (ROOT / "docs/runbooks/README.md").read_text(encoding="utf-8")
    for rule in RULES:
        page = (ROOT / f"docs/runbooks/{rule['name']}.md").read_text(encoding="utf-8")
        assert f"(`{rule['name']}`)" in page
        assert f"Severity {rule['severity']}; looked for every {rule['every_minutes']} minutes" in page
        assert f"`{rule['metric']}`" in page
        assert all(part in page for part in ("## Means", "## First step", "## When it clears"))
        assert f"| {rule['title']} | {rule['severity']} | [{rule['name']}]({rule['name']}.md) |" in listed


def test_the_template_watches_the_topic_by_every_rule_and_tells_the_people(templates: dict[str, Template]) -> None:
    ((name, alert),) = resources_of(templates, "Microsoft.Insights/metricAlerts")
    text = (INFRA / name).read_text(encoding="utf-8")
    assert "loadJsonContent('../monitor/metric-alerts.json')" in text
    assert "for rule in rules" in text
    properties = alert.body["properties"]
    assert isinstance(properties, dict)
    assert properties["scopes"] == ["topicId"]
    assert properties["actions"] == [{"actionGroupId": "actionGroupId"}]
    assert properties["autoMitigate"] is True
    given = {module.file: module.given for module in templates["main.bicep"].modules}
    assert given["modules/event-alerts.bicep"]["topicId"] == "topic.outputs.id"
