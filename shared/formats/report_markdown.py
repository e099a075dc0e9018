"""A report as Markdown: `report.md` in a job's archive folder."""

from __future__ import annotations

from shared.domain.report import Report


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
        *(["## What was fetched", "", *[f"- {sentence}" for sentence in report.fetched], ""] if report.fetched else []),
    ]
    return "\n".join(lines)


def _entities(report: Report) -> list[str]:
    if not report.entities:
        return []
    head = [
        "## Rows by entity",
        "",
        "| Entity | In | Staged | Not staged | Loaded | Not loaded |",
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
    lines: list[str] = ["## Causes", ""] if report.causes else []
    for cause in report.causes:
        lines += [f"### {cause.count} × {_cell(cause.field or 'no field')}: {_cell(cause.message)}", ""]
        lines += [f"- row {_cell(row.record_id)}: {_cell(row.message)}" for row in cause.examples]
        lines += [""]
    return lines


def _cell(text: str) -> str:
    """Text that breaks no table and starts no markup."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
