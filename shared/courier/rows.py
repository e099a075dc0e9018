"""The word `bad-rows`: the rows that F&O did not load, as a file to be corrected."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from shared.services.outcomes.bad_rows import BadRowsFile
from shared.wiring import Engine


def add_to(words: Any) -> None:
    """Add the word to a parser's."""
    text = "write the rows of a file that F&O did not load, to be corrected and landed as a new file"
    parser = words.add_parser("bad-rows", help=text, description=text)
    parser.add_argument("job_id")
    parser.add_argument("--out", type=Path, required=True, help="the file to write; it must not be there yet")
    parser.set_defaults(run=_bad_rows)


def _bad_rows(app: Engine, told: argparse.Namespace) -> int:
    job = app.answers.job(told.job_id)
    if job is None:
        print(f"There is no job {told.job_id}; `find` looks for a file's name.")
        return 1
    made = BadRowsFile(app.files).of(job)
    try:
        with told.out.open("xb") as file:
            file.write(made.content)
    except OSError as error:
        print(f"{told.out} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{told.out}: the rows of {made.found} of {made.wanted} keys that F&O names.")
    if job.rows and job.rows.rows_bad > made.wanted:
        print(f"{job.rows.rows_bad - made.wanted} more rows failed before they had a key: see the report.")
    return 0
