"""The word `tail`: a job's moves as they come, until its end."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

from shared.domain.job import Job
from shared.wiring import Engine

_LOOK_SECONDS = 5.0


def add_to(words: Any) -> None:
    """Add the word to a parser's."""
    text = "follow a job to its end, a line for each move"
    parser = words.add_parser("tail", help=text, description=f"{text}. Ends with 1 when the minutes are over first.")
    parser.add_argument("job_id")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long at most (60)")
    parser.set_defaults(run=_tail)


def _tail(app: Engine, told: argparse.Namespace) -> int:
    looks = max(1, round(timedelta(minutes=told.minutes) / timedelta(seconds=_LOOK_SECONDS)))
    return followed(lambda: app.answers.job(told.job_id), looks, lambda: time.sleep(_LOOK_SECONDS))


def followed(look: Callable[[], Job | None], looks: int, rest: Callable[[], None]) -> int:
    """Print each move once; 0 when the job has ended and lies in its place, 1 when there is none or it has not."""
    told = 0
    for number in range(looks):
        if number:
            rest()
        job = look()
        if job is None:
            print("There is no such job; `find` looks for a file's name.")
            return 1
        for entry in job.timeline[told:]:
            print(f"{entry.at.astimezone(UTC):%H:%M:%S}  {entry.to_state.value:<10} {entry.why}", flush=True)
        told = len(job.timeline)
        if job.archived_at is not None:
            print(f"It lies in {job.archive_path}.")
            return 0
    print("It has not ended; look again later.")
    return 1
