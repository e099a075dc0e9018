"""`python -m local.history`: what a person asks of a ledger with a long past, and how long each answer takes.

Without --connection the past lies in a table service of our own (local.tables), which finds rows by partition as
Azure's does. With --connection it is written to a table of an account for tests, and left there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median

from azure.data.tables import TableClient, TableServiceClient

from local.history.rows import Past
from shared.adapters.recent_pace import RecentPace
from shared.adapters.table_exports import TableExports
from shared.adapters.table_ledger import TableLedger
from shared.adapters.table_pace import TablePace
from shared.adapters.table_view import TableView
from shared.adapters.table_watch import TableWatch
from shared.domain.feed import Feed, FeedBook, LostAnswer, Shape
from shared.services.answers import Answers

_ROUNDS = 7


def main(arguments: Sequence[str]) -> int:
    """Fill, then ask each question some times and print the median in milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m local.history", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--feeds", type=int, default=20)
    parser.add_argument("--a-day", type=int, default=20, help="files of one feed on one day")
    parser.add_argument("--connection", help="connection string of a table account for tests")
    parser.add_argument("--table", default="history", help="the table in that account")
    chosen = parser.parse_args(arguments)
    past = Past(files=chosen.files, feeds=chosen.feeds, a_day=chosen.a_day, until=datetime.now(UTC).date())
    began = time.monotonic()
    with _written(chosen.connection, chosen.table, past) if chosen.connection else _held(past) as table:
        print(f"{past.files} files, {past.feeds * past.a_day} of them today; {time.monotonic() - began:.0f} s to fill")
        _time_questions(table, past)
    return 0


@contextmanager
def _held(past: Past) -> Iterator[TableClient]:
    told = [str(past.files), str(past.feeds), str(past.a_day), past.until.isoformat()]
    command = [sys.executable, "-m", "local.history.store", *told]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as store:
        try:
            assert store.stdout
            with TableClient.from_connection_string(store.stdout.readline().strip(), "ledger") as table:
                yield table
        finally:
            store.kill()


@contextmanager
def _written(connection: str, name: str, past: Past) -> Iterator[TableClient]:
    with TableServiceClient.from_connection_string(connection) as service, ThreadPoolExecutor(8) as pool:
        table = service.create_table_if_not_exists(name)
        for _ in pool.map(lambda rows: table.submit_transaction([("upsert", row) for row in rows]), past.rows()):
            pass
        yield table


def _time_questions(table: TableClient, past: Past) -> None:
    answers, day = _answers(table, past), past.until
    [newest, *_] = answers.jobs(day, "feed-00")
    questions: dict[str, Callable[[], object]] = {
        "one file by its job ID": lambda: answers.job(newest.job_id),
        "the files of a feed and business date": lambda: answers.jobs(day, "feed-00"),
        "today, all feeds": lambda: answers.today(day),
        "what landed today in a feed": lambda: answers.landed(day, "feed-00"),
        "a file by its name, with its date": lambda: answers.find(newest.name),
        "a file by a part of its name": lambda: answers.find(newest.name[-9:]),
    }
    for name, ask in questions.items():
        print(f"{name:<40} {median(_milliseconds(ask) for _ in range(_ROUNDS)):7.0f} ms", flush=True)


def _milliseconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def _answers(table: TableClient, past: Past) -> Answers:
    def clock() -> datetime:
        return datetime.now(UTC)

    pace = RecentPace(TablePace(table), clock)
    feeds = FeedBook(environment="local", max_in_flight=1, feeds={name: _feed(name) for name in past.names})
    return Answers(TableLedger(table), TableView(table), TableWatch(table), TableExports(table), pace, feeds, clock)


def _feed(name: str) -> Feed:
    return Feed(
        name=name,
        activity_id="11111111-1111-4111-8111-111111111111",
        shape=Shape.FILE,
        entity="Vendor invoices",
        companies=("USMF",),
        max_size_bytes=1,
        max_in_flight=1,
        overdue_after=timedelta(hours=1),
        lost_answer=LostAnswer.HOLD,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
