"""A report as Markdown: `report.md` in a job's archive folder."""

from __future__ import annotations

import re

from shared.domain.outcomes.report import ROWS_COUNTED, Report

_MARKUP = re.compile(r"[\\|\[\]`*#!]")


def as_markdown(report: Report) -> str:
    """The whole report. Text from files and from F&O starts no markup."""
    lines = [
        f"# {_cell(report.title)}",
        "",
        f"{_cell(report.headline)}.".replace("..", "."),
        "",
        "| | |",
        "|---|---|",
        *[f"| {label} | {_cell(value)} |" for label, value in report.facts],
        *([f"| Page in F&O | {report.page_url} |"] if report.page_url else []),
        "",
        *_entities(report),
        *_findings(report),
        *_causes(report),
        "## Next step",
        "",
        report.next_step,
        "",
        *_fetched(report),
    ]
    return "\n".join(lines)


def _entities(report: Report) -> list[str]:
    if not report.entities:
        return []
    head = [
        "## Rows by entity",
        "",
        "| Entity | In the file | Staged | Not staged | Loaded | Staged, not loaded |",
        "|---|" + "---:|" * 5,
    ]
    rows = [
        f"| {_cell(e.entity)} | {'' if e.total is None else e.total} | {e.staged} | {e.staging_errors} "
        f"| {e.written} | {e.target_errors} |"
        for e in report.entities
    ]
    return [*head, *rows, ""]


def _findings(report: Report) -> list[str]:
    if not report.findings:
        return []
    return ["## What our check before sending found", "", *[f"- {_cell(f.sentence())}" for f in report.findings], ""]


def _causes(report: Report) -> list[str]:
    if report.errors_unreadable:
        return ["## Causes", "", "The list of errors could not be read; it is kept as it came in errors.raw.txt.", ""]
    lines: list[str] = ["## Causes", "", f"{ROWS_COUNTED}.", ""] if report.causes else []
    for cause in report.causes:
        lines += [f"### {cause.count} × {_cell(cause.field or 'no field')}: {_cell(cause.told)}", ""]
        lines += [f"- row {_cell(row.record_id)}: {_cell(row.message)}" for row in cause.examples]
        lines += [""]
    return [*lines, f"And {report.more_causes} more causes: see errors.json.", ""] if report.more_causes else lines


def _fetched(report: Report) -> list[str]:
    if not report.files:
        return []
    return [
        "## What lies beside this report",
        "",
        *[f"- {_cell(told)}" for told in (*report.files, *report.not_there)],
        "",
    ]


def _cell(text: str) -> str:
    """Text that breaks no table and starts no markup; a viewer may still make a link of a bare address."""
    return " ".join(_MARKUP.sub(r"\\\g<0>", text.replace("<", "&lt;")).split())
