"""The words that do something. Each needs a reason, and is written on the job's timeline with it and a name."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable
from typing import Any

from shared.courier.looks import day_of, print_json, show_lines, state_of
from shared.courier.table import table
from shared.domain.listing import line_of
from shared.ports import Stored
from shared.services.people.answer_records import done_record
from shared.services.people.handwork import BULK
from shared.wiring import Engine

_Act = Callable[[Engine, argparse.Namespace], Stored]


def add_to(words: Any) -> None:
    """Add the words to a parser's."""
    replay = _on_a_job(words, "replay", "write the kept file of an ended job to landing again", _replay)
    replay.add_argument("--again", action="store_true", help="though rows of it were loaded, or it was replayed before")
    adopt = _on_a_job(words, "adopt", "follow the import that you found in F&O for a job in doubt", _adopt)
    adopt.add_argument("--message", default="", help="its message ID")
    adopt.add_argument("--execution", default="", help="its execution ID")
    _on_a_job(words, "resend", "send a job in doubt again, because it is not in F&O", _named("resend"))
    _on_a_job(words, "close", "stop waiting for a job in doubt or in F&O", _named("close"))
    _on_a_job(words, "refetch", "fetch the evidence of an import again", _named("refetch"))
    _on_a_job(words, "release", "let a held file go: a duplicate, or one out of order", _release)
    _on_a_job(words, "skip", "leave a file out that was not sent", _skip)
    for word, text in (("pause", "send nothing of a feed until it is resumed"), ("resume", "send its files again")):
        feed = words.add_parser(word, help=text, description=text)
        feed.add_argument("feed")
        _explained(feed)
        for_scripts(feed)
        feed.set_defaults(run=_on_a_feed(word))
    _add_skip_number(words)
    _add_bulk(words)
    _add_forget(words)


def _add_skip_number(words: Any) -> None:
    text = "say that a number of an ordered feed will never come, so that the next goes"
    number = words.add_parser("skip-number", help=text, description=text)
    number.add_argument("feed")
    number.add_argument("number", type=int)
    number.add_argument("--company", required=True, help="legal entity whose row it is")
    _explained(number)
    for_scripts(number)
    number.set_defaults(run=_skip_number)


def _add_bulk(words: Any) -> None:
    text = "do the same to many: all jobs of a feed, from one business date to another, in some states"
    many = words.add_parser("bulk", help=text, description=f"{text}. Shows them; does it only with --yes.")
    many.add_argument("action", choices=BULK)
    many.add_argument("--feed", required=True)
    many.add_argument("--from", dest="first", type=day_of, required=True, help="first business date")
    many.add_argument("--to", dest="last", type=day_of, help="last business date (the first)")
    many.add_argument("--state", action="append", type=state_of, required=True, help="may be repeated")
    many.add_argument("--yes", action="store_true", help="do it")
    _explained(many)
    for_scripts(many)
    many.set_defaults(run=_bulk)


def _add_forget(words: Any) -> None:
    text = "remove a file's content and errors from the archive; the row stays"
    forget = words.add_parser("forget", help=text, description=f"{text}. Shows what would go; removes it with --yes.")
    forget.add_argument("job_id", help="such as invoices.20261114.ab12cd34ef56gh78")
    forget.add_argument("--yes", action="store_true", help="remove it")
    _explained(forget)
    for_scripts(forget)
    forget.set_defaults(run=_forget)


def _on_a_job(words: Any, name: str, text: str, act: _Act) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = words.add_parser(name, help=text, description=text)
    parser.add_argument("job_id")
    _explained(parser)
    for_scripts(parser)
    parser.set_defaults(run=lambda app, told: show_lines([line_of(act(app, told).job)], told.json))
    return parser


def for_scripts(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help="for scripts")


def _explained(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--why", required=True, help="the reason, kept on the timeline")
    parser.add_argument("--by", default=getpass.getuser(), help="who asks (the signed-in user)")


def _replay(app: Engine, told: argparse.Namespace) -> Stored:
    return app.handwork.replay(told.job_id, told.why, told.by, again=told.again)


def _adopt(app: Engine, told: argparse.Namespace) -> Stored:
    ids = {"message_id": told.message, "execution_id": told.execution}
    return app.handwork.adopt(told.job_id, told.why, told.by, **ids)


def _named(word: str) -> _Act:
    def act(app: Engine, told: argparse.Namespace) -> Stored:
        done: Stored = getattr(app.handwork, word)(told.job_id, told.why, told.by)
        return done

    return act


def _release(app: Engine, told: argparse.Namespace) -> Stored:
    return app.releasing.release(told.job_id, told.why, told.by)


def _skip(app: Engine, told: argparse.Namespace) -> Stored:
    return app.releasing.skip(told.job_id, told.why, told.by)


def _on_a_feed(word: str) -> Callable[[Engine, argparse.Namespace], int]:
    def run(app: Engine, told: argparse.Namespace) -> int:
        if told.feed not in app.feeds.feeds:
            print(f"There is no feed {told.feed}; there are {', '.join(app.feeds.feeds)}.")
            return 1
        getattr(app.handwork, word)(told.feed, told.why, told.by)
        print_json({"feed": told.feed, "done": word}) if told.json else print(f"{told.feed}: {word}d.")
        return 0

    return run


def _skip_number(app: Engine, told: argparse.Namespace) -> int:
    app.releasing.skip_number(told.feed, told.company, told.number, told.why, told.by)
    done = {"feed": told.feed, "legal_entity": told.company, "number": told.number, "done": "skipped"}
    print_json(done) if told.json else print(
        f"{told.feed}, {told.company}: number {told.number} is no longer waited for."
    )
    return 0


def _bulk(app: Engine, told: argparse.Namespace) -> int:
    days = (told.first, told.last or told.first)
    found = list(app.handwork.bulk(told.action, told.feed, days, told.state, told.why, told.by, dry_run=not told.yes))
    refused = sum(bool(done.refused) for done in found)
    if told.json:
        print_json({"dry_run": not told.yes, "jobs": [done_record(done) for done in found]})
        return 1 if refused else 0
    rows = [(done.path, done.state.value, done.job_id, done.refused or _outcome(told)) for done in found]
    print(table(("File", "State", "Job ID", "Outcome"), rows) if rows else "No job.")
    if not told.yes:
        print(f"\n{len(found)} jobs. Nothing is done yet: say --yes to {told.action} them.")
    return 1 if refused else 0


def _forget(app: Engine, told: argparse.Namespace) -> None:
    names = app.forgetting.files_of(told.job_id)
    if told.yes:
        app.forgetting.forget(told.job_id, told.by, told.why)
    if told.json:
        print_json({"job_id": told.job_id, "files": names, "removed": told.yes})
        return
    print(f"{told.job_id}: {len(names)} files" + "".join(f"\n  {name}" for name in names))
    if told.yes:
        print("Removed. A store with soft delete or versions keeps deleted blobs until its retention ends.")
    else:
        print("Nothing is removed yet: say --yes to remove them. The row, its counts and job.json stay.")


def _outcome(told: argparse.Namespace) -> str:
    return "done" if told.yes else f"would {told.action}"
