"""A report as one HTML page that needs nothing beside it: `report.html` in a job's archive folder."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from shared.domain.job import JobState
from shared.domain.outcomes.report import ROWS_COUNTED, Report

_COLOURS = {
    JobState.SUCCEEDED: "#1a7f37",
    JobState.PARTIAL: "#9a6700",
    JobState.FAILED: "#c1121f",
    JobState.REJECTED: "#8250df",
}
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
body { overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; } h3 { font-size: 1rem; }
h1 b { color: #fff; border-radius: 4px; padding: .1rem .5rem; font-size: 1rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .25rem .75rem; border-bottom: 1px solid #8884; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
.next { border-left: 4px solid #0969da; padding: .25rem 1rem; }
"""


def as_html(report: Report) -> str:
    """The whole page. Every text is escaped; only an https address becomes a link; there is no script."""
    name, _, outcome = report.title.rpartition(": ")
    colour = _COLOURS.get(report.outcome, "#57606a")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head><body>\n"
        f'<h1>{escape(name)} <b style="background:{colour}">{escape(outcome)}</b></h1>\n'
        f"<p>{escape(report.headline)}</p>\n"
        f'<div class="next"><h2>Next step</h2><p>{escape(report.next_step)}</p></div>\n'
        f"{_findings(report)}{_causes(report)}{_entities(report)}{_facts(report)}{_fetched(report)}"
        "</body></html>\n"
    )


def _facts(report: Report) -> str:
    rows = [f'<tr><th scope="row">{escape(label)}</th><td>{escape(value)}</td></tr>' for label, value in report.facts]
    if report.page_url:
        rows.append(f'<tr><th scope="row">Page in F&amp;O</th><td>{_link(report.page_url)}</td></tr>')
    return _section("The file", f"<table>{''.join(rows)}</table>")


def _entities(report: Report) -> str:
    if not report.entities:
        return ""
    titles = ("Entity", "In the file", "Staged", "Not staged", "Loaded", "Staged, not loaded")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    rows = "".join(
        f"<tr><td>{escape(e.entity)}</td>"
        + _numbers(e.total, e.staged, e.staging_errors, e.written, e.target_errors)
        + "</tr>"
        for e in report.entities
    )
    return _section("Rows by entity", f"<table><tr>{head}</tr>{rows}</table>")


def _findings(report: Report) -> str:
    return _section("What our check before sending found", _items(f.sentence() for f in report.findings))


def _causes(report: Report) -> str:
    if report.errors_unreadable:
        return _section(
            "Causes", "<p>The list of errors could not be read; it is kept as it came in errors.raw.txt.</p>"
        )
    told = [
        f"<h3>{cause.count} × {escape(cause.field or 'no field')}: {escape(cause.told)}</h3>"
        + _items(f"row {row.record_id}: {row.message}" for row in cause.examples)
        for cause in report.causes
    ]
    if report.more_causes:
        told.append(f"<p>And {report.more_causes} more causes: see errors.json.</p>")
    return _section("Causes", f"<p>{ROWS_COUNTED}.</p>{''.join(told)}" if told else "")


def _fetched(report: Report) -> str:
    """What lies in the same folder, as links that work in a copy of the folder."""
    beside = (f'<li><a href="{quote(name)}">{escape(name)}</a></li>' for name in report.files)
    missing = (f"<li>{escape(sentence)}</li>" for sentence in report.not_there)
    items = "".join([*beside, *missing])
    return _section("What lies beside this report", f"<ul>{items}</ul>" if items else "")


def _section(title: str, inner: str) -> str:
    return f"<h2>{escape(title)}</h2>{inner}\n" if inner else ""


def _items(sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""


def _numbers(*numbers: int | None) -> str:
    return "".join(f'<td class="n">{"" if number is None else number}</td>' for number in numbers)


def _link(url: str) -> str:
    if not url.startswith("https://"):
        return escape(url)
    return f'<a href="{escape(url)}" rel="noreferrer">{escape(url)}</a>'
