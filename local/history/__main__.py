"""`python -m local.history`: fill a table with files that ended, and time what a person asks of it.

With --connection in a table account of your own, such as one for tests in Azure; without in an Azurite of its own.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from statistics import median

from azure.data.tables import TableClient, TableServiceClient

from local.azurite import Azurite
from local.history.rows import Past
from shared.adapters.recent_pace import RecentPace
from shared.adapters.table_exports import TableExports
from shared.adapters.table_ledger import TableLedger
from shared.adapters.table_pace import TablePace
from shared.adapters.table_view import TableView
from shared.adapters.table_watch import TableWatch
from shared.domain.feed import FeedBook
from shared.services.answers import Answers

_ROUNDS = 5


def main(arguments: Sequence[str]) -> int:
    """Fill, then ask each question some times and print the median in milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m local.history", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--feeds", type=int, default=20)
    parser.add_argument("--a-day", type=int, default=200, help="files of one feed on one day")
    parser.add_argument("--connection", help="connection string of a table account")
    parser.add_argument("--table", default="history", help="a table of its own; left there with --connection")
    parser.add_argument("--writers", type=int, default=8, help="transactions under way at once")
    chosen = parser.parse_args(arguments)
    past = Past(files=chosen.files, feeds=chosen.feeds, a_day=chosen.a_day, until=datetime.now(UTC).date())
    with ExitStack() as ends:
        connection = chosen.connection or ends.enter_context(Azurite.start()).connection_string
        table = ends.enter_context(TableServiceClient.from_connection_string(connection)).create_table_if_not_exists(
            chosen.table
        )
        began = time.monotonic()
        _fill(table, past, chosen.writers)
        print(f"{past.files} files in {time.monotonic() - began:.0f} s", flush=True)
        _time_questions(table, past)
    return 0


def _fill(table: TableClient, past: Past, writers: int) -> None:
    def write(rows: list[dict[str, object]]) -> None:
        table.submit_transaction([("upsert", row) for row in rows])

    with ThreadPoolExecutor(writers) as pool:
        for _ in pool.map(write, past.rows()):
            pass


def _time_questions(table: TableClient, past: Past) -> None:
    answers, day = _answers(table), past.until
    [newest, *_] = answers.jobs(day, "feed-00")
    questions: dict[str, Callable[[], object]] = {
        "one job": lambda: answers.job(newest.job_id),
        "the files of a feed and business date": lambda: answers.jobs(day, "feed-00"),
        "the failed ones among them": lambda: answers.jobs(day, "feed-00", [newest.state]),
        "today, all feeds": lambda: answers.today(day),
        "a file by its whole name": lambda: answers.find(newest.name),
    }
    for name, ask in questions.items():
        print(f"{name:<40} {median(_milliseconds(ask) for _ in range(_ROUNDS)):7.0f} ms", flush=True)


def _milliseconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def _answers(table: TableClient) -> Answers:
    def clock() -> datetime:
        return datetime.now(UTC)

    pace = RecentPace(TablePace(table), clock)
    feeds = FeedBook(environment="local", max_in_flight=1, feeds={})
    return Answers(TableLedger(table), TableView(table), TableWatch(table), TableExports(table), pace, feeds, clock)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
