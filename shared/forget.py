"""`python -m shared.forget JOB_ID --why TEXT`: remove a file's content and errors from the archive; the row stays.

Shows what would go, and removes it only with --yes. Uses the app's own settings and signs in like the app.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence

from shared.errors import CourierError, FaultyConfiguration
from shared.wiring import Engine, engine


def main(arguments: Sequence[str]) -> int:
    """Return 0 when done or shown, 1 when it could not be done, 2 when the settings are at fault."""
    parser = argparse.ArgumentParser(prog="python -m shared.forget", description=__doc__)
    parser.add_argument("job_id", help="such as invoices.20261114.ab12cd34ef56gh78")
    parser.add_argument("--why", required=True, help="the reason, kept on the job's timeline")
    parser.add_argument("--by", default=getpass.getuser(), help="who asks (the signed-in user)")
    parser.add_argument("--yes", action="store_true", help="remove it; without this it is only shown")
    told = parser.parse_args(arguments)
    try:
        return run(engine(), told.job_id, told.by, told.why, told.yes)
    except FaultyConfiguration as fault:
        print(fault, file=sys.stderr)
        return 2
    except CourierError as failure:
        print(failure, file=sys.stderr)
        return 1


def run(app: Engine, job_id: str, by: str, why: str, really: bool) -> int:
    """Show or remove one job's content."""
    names = app.forgetting.files_of(job_id)
    print(f"{job_id}: {len(names)} files" + "".join(f"\n  {name}" for name in names))
    if not really:
        print("Nothing is removed yet: say --yes to remove them. The row, its counts and job.json stay.")
        return 0
    app.forgetting.forget(job_id, by, why)
    print("Removed. A store with soft delete or versions keeps deleted blobs until its retention ends.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
