"""The words that only look: today, jobs, find, show, exports."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.courier.table import table
from shared.domain.job import Job, JobState
from shared.domain.listing import JobLine, line_record
from shared.domain.naming import UNROUTED, external_id
from shared.domain.outcomes.outcome import RowCounts
from shared.domain.outcomes.record import job_record
from shared.services.people.answer_records import day_notes, day_record, export_record
from shared.services.people.answers import SEARCHED_DAYS, FeedDay
from shared.wiring import Engine

_LONGEST_REASON = 200
_NO_FILE = (
    "No job. A file belongs to the last date in its name, else to the day on which it landed; `find` looks for names, "
    f"and what no feed took is under --feed {UNROUTED}."
)
_NOT_FOUND = (
    f"No job. A name is looked for among what landed in the last {SEARCHED_DAYS} days, or fewer where very many did; "
    "`jobs --date` lists those of a business date."
)


def add_to(words: Any) -> None:
    """Add the words to a parser's."""
    today = _word(words, "today", "every feed on a day: arrived, ended, waiting and why", _today)
    today.add_argument("--date", type=day_of, help="day of landing, UTC (today)")
    jobs = _word(words, "jobs", "the files of a business date", _jobs)
    jobs.add_argument("--feed", default="", help="of one feed only")
    jobs.add_argument("--date", type=day_of, help="business date (today, UTC)")
    jobs.add_argument("--state", action="append", type=state_of, default=[], help="in this state only; may be repeated")
    find = _word(words, "find", "by job ID, message ID, execution ID or a part of a file's name", _find)
    find.add_argument("text")
    show = _word(words, "show", "one job: timeline, rows by entity, where its files and its report lie", _show)
    show.add_argument("job_id")
    _word(words, "exports", "every export: last delivery, and what is stored and not acknowledged", _exports)


def state_of(text: str) -> JobState:
    """A state as a person writes it."""
    try:
        return JobState(text.upper().replace("-", "_"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(JobState)}") from None


def day_of(text: str) -> date:
    """A day as a person writes it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-11-14") from None


def _word(words: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = words.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.set_defaults(run=run)
    return parser


def show_lines(lines: Sequence[JobLine], as_json: bool, none: str = "No job.") -> None:
    """Print jobs, a line each; `none` where there are none."""
    if as_json:
        print_json([line_record(line) for line in lines])
        return
    rows = [
        (line.name, line.legal_entity, _told(line), rows_text(line.rows), line.job_id, _why(line)) for line in lines
    ]
    print(table(("File", "Legal entity", "State", "Rows in/ok/bad", "Job ID", "Why"), rows) if rows else none)


def rows_text(rows: RowCounts | None) -> str:
    """`5 / 3 / 2`, or a dash."""
    return f"{rows.rows_in} / {rows.rows_ok} / {rows.rows_bad}" if rows else "-"


def _told(line: JobLine) -> str:
    return f"{line.state.value}, overdue" if line.overdue else line.state.value


def _why(line: JobLine) -> str:
    text = line.causes or line.reason
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 3]}..."


def print_json(told: object) -> None:
    """For scripts."""
    print(json.dumps(told, indent=2, ensure_ascii=False))


def _jobs(app: Engine, told: argparse.Namespace) -> None:
    show_lines(app.answers.jobs(told.date or _utc_today(), told.feed, told.state), told.json, _NO_FILE)


def _find(app: Engine, told: argparse.Namespace) -> None:
    show_lines(app.answers.find(told.text), told.json, _NOT_FOUND)


def _show(app: Engine, told: argparse.Namespace) -> int:
    job = app.answers.job(told.job_id)
    if job is None:
        print(f"There is no job {told.job_id}; `find` looks for a file's name.")
        return 1
    if told.json:
        print_json(job_record(job))
    else:
        print(job_text(job))
    return 0


def job_text(job: Job) -> str:
    """One job for a person."""
    facts = [
        ("Job", job.job_id),
        ("File", job.source.path),
        ("Legal entity", job.legal_entity),
        ("Business date", job.business_date.isoformat()),
        ("State", f"{job.state.value}, attempt {job.attempt}" + (", overdue" if job.overdue else "")),
        ("Why", job.reason),
        ("Rows in/ok/bad", rows_text(job.rows)),
        ("Summary", job.causes),
        ("External ID", external_id(job) if job.sent_at else ""),
        ("Message ID", job.message_id),
        ("Execution ID", job.execution_id),
        ("Replay of", job.replay_of),
        ("Lies in", job.archive_path or f"{job.source.container}/{job.source.path}"),
    ]
    entities = [
        (
            each.entity,
            *(str(n) if n is not None else "-" for n in (each.total, each.staging_errors, each.target_errors)),
        )
        for each in job.entities
    ]
    moves = [(_time(entry.at), entry.to_state.value, entry.actor, entry.why) for entry in job.timeline]
    parts = ["\n".join(f"{name:<15} {value}" for name, value in facts if value)]
    if entities:
        parts.append(table(("Entity", "Rows", "Staging errors", "Target errors"), entities))
    return "\n\n".join([*parts, table(("When (UTC)", "State", "By", "Why"), moves)])


def _today(app: Engine, told: argparse.Namespace) -> None:
    days = app.answers.today(told.date or _utc_today())
    if told.json:
        print_json([day_record(day) for day in days])
        return
    rows = [_day_row(day) for day in days]
    print(table(("Feed", "Arrived", "Ok", "Partial", "Failed", "Rejected", "On its way", "In doubt", "Look at"), rows))
    runs = ", ".join(f"{name} {_time(at)}" for name, at in app.answers.timers().items())
    print(f"\nLast good run (UTC): {runs or 'none yet'}")


def _day_row(day: FeedDay) -> tuple[str, ...]:
    count = day.states
    ended = (JobState.SUCCEEDED, JobState.PARTIAL, JobState.FAILED, JobState.REJECTED)
    aside = sum(count.get(state, 0) for state in (JobState.CLOSED, JobState.SKIPPED))
    doubt = count.get(JobState.IN_DOUBT, 0)
    on_the_way = day.arrived - sum(count.get(state, 0) for state in ended) - aside - doubt
    return (
        day.feed,
        str(day.arrived),
        *(str(count.get(state, 0)) for state in ended),
        str(on_the_way),
        str(doubt),
        "; ".join(day_notes(day)),
    )


def _exports(app: Engine, told: argparse.Namespace) -> None:
    standings = app.answers.export_standings()
    if told.json:
        print_json([export_record(each) for each in standings])
        return
    rows = [
        (
            each.name,
            _time(each.last_at) if each.last_at else "never",
            _hours(each.every) if each.every else "-",
            str(each.open_deliveries),
            str(each.unacknowledged),
            "late" if each.is_late else "",
        )
        for each in standings
    ]
    print(table(("Export", "Last delivery (UTC)", "Every", "Open", "Stored, not acknowledged", "Look at"), rows))


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g} h"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _utc_today() -> date:
    return datetime.now(UTC).date()
