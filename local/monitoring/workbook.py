"""`python -m local.monitoring.workbook`: put infra/monitor/workbook.json together from the tiles' queries.

A query exists once, as a .kql file; a test holds the written workbook to this. `__WORKSPACE__` becomes the ID of the
workspace when it is deployed.
"""

from __future__ import annotations

import json
from typing import Any

from local.monitoring.rules import MONITOR, query_named

TARGET = MONITOR / "workbook.json"
_SCHEMA = "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"
_WORKSPACES = "microsoft.operationalinsights/workspaces"
#: Kinds of items in a workbook's JSON.
_TEXT, _QUERY, _PARAMETERS, _LINKS, _GROUP = 1, 3, 9, 11, 12

#: Tab -> its tiles: name of the query, title, visualization, width in percent.
TABS: dict[str, list[tuple[str, str, str, int]]] = {
    "Today": [
        ("today-by-feed", "Files by feed", "table", 100),
        ("backlog", "Backlog by feed, and what it waits for", "table", 100),
        ("promises", "Promises: broken, and kept again", "table", 100),
        ("waiting-and-why", "Waiting, and why", "table", 50),
        ("arrivals-by-hour", "Arrivals by hour", "barchart", 50),
        ("not-loaded", "Not all loaded: click a row, then the tab Job", "table", 100),
    ],
    "Feeds": [
        ("feed-outcomes-by-day", "Outcomes by day", "table", 60),
        ("sums-by-day", "What landed on a day, and where it is", "table", 100),
        ("feed-duration", "Minutes from landing to the end", "table", 40),
    ],
    "Job": [("job-timeline", "What happened to job {Job}", "table", 100)],
    "Exports": [
        ("exports-now", "How each export stands", "table", 100),
        ("exports-by-feed", "Exports by feed", "table", 100),
    ],
    "F&O": [
        ("erp-calls", "Calls, failures and 429s", "timechart", 60),
        ("erp-refusals", "Refused sign-ins and throttling", "table", 40),
    ],
    "Timers": [
        ("timers", "Timers: last run and what they did", "table", 50),
        ("function-runs", "Functions: runs, failures, duration", "table", 50),
    ],
}
_NOTHING = {
    "not-loaded": "Every file that ended is loaded.",
    "erp-refusals": "F&O refused nothing.",
    "promises": "No promise was broken.",
}


def workbook() -> dict[str, Any]:
    """The workbook as JSON."""
    tabs = [_tab(name, tiles) for name, tiles in TABS.items()]
    return {"version": "Notebook/1.0", "items": [_heading(), _parameters(), _links(), *tabs], "$schema": _SCHEMA}


def text() -> str:
    """The file's whole content."""
    return json.dumps(workbook(), indent=2, ensure_ascii=False) + "\n"


def _heading() -> dict[str, Any]:
    said = "# F&O Courier\nFiles into and out of Finance & Operations. Logs arrive after one to five minutes."
    return {"type": _TEXT, "content": {"json": said}, "name": "heading"}


def _parameters() -> dict[str, Any]:
    spans = [3_600_000, 14_400_000, 86_400_000, 259_200_000, 604_800_000, 2_592_000_000]
    time = {
        "version": "KqlParameterItem/1.0",
        "name": "Time",
        "type": 4,
        "isRequired": True,
        "value": {"durationMs": 86_400_000},
        "typeSettings": {"selectableValues": [{"durationMs": span} for span in spans]},
    }
    job = {"version": "KqlParameterItem/1.0", "name": "Job", "type": 1, "value": "", "label": "Job ID"}
    tab = {
        "version": "KqlParameterItem/1.0",
        "name": "Tab",
        "type": 1,
        "value": next(iter(TABS)),
        "isHiddenWhenLocked": True,
    }
    return {
        "type": _PARAMETERS,
        "content": {"version": "KqlParameterItem/1.0", "parameters": [time, job, tab], "style": "pills"},
        "name": "parameters",
    }


def _links() -> dict[str, Any]:
    links = [
        {"id": f"tab-{number}", "cellValue": "Tab", "linkTarget": "parameter", "linkLabel": name, "subTarget": name}
        for number, name in enumerate(TABS)
    ]
    return {"type": _LINKS, "content": {"version": "LinkItem/1.0", "style": "tabs", "links": links}, "name": "tabs"}


def _tab(name: str, tiles: list[tuple[str, str, str, int]]) -> dict[str, Any]:
    return {
        "type": _GROUP,
        "content": {"version": "NotebookGroup/1.0", "groupType": "editable", "items": [_tile(*tile) for tile in tiles]},
        "conditionalVisibility": {"parameterName": "Tab", "comparison": "isEqualTo", "value": name},
        "name": name,
    }


def _tile(name: str, title: str, visualization: str, width: int) -> dict[str, Any]:
    content = {
        "version": "KqlItem/1.0",
        "query": query_named("tiles", name),
        "size": 0,
        "title": title,
        "noDataMessage": _NOTHING.get(name, "Nothing in this time."),
        "timeContextFromParameter": "Time",
        "queryType": 0,
        "resourceType": _WORKSPACES,
        "crossComponentResources": ["__WORKSPACE__"],
        "visualization": visualization,
    }
    if name == "not-loaded":
        content |= {"exportFieldName": "job", "exportParameterName": "Job"}
    return {"type": _QUERY, "content": content, "customWidth": str(width), "name": name}


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    print(f"written: {TARGET.relative_to(MONITOR.parents[1])}")
