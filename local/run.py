"""`dev.py run`: everything up, the tour through it, and then as long as a person wants it."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from local import tour
from local.stack import LEAVING, StackFailed, up

INTERRUPTED = 130  # the exit code that shells give to a Ctrl-C


def main(arguments: Sequence[str]) -> int:
    """Bring everything up and take the tour; 0 only if every sample came to the outcome named beside it."""
    parser = argparse.ArgumentParser(prog="dev.py run", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the samples; the exit code tells how they fared")
    parser.add_argument("--func", action="store_true", help="run the app under Azure Functions Core Tools (`func`)")
    chosen = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell that starts this in the background switches SIGINT off
        signal.signal(number, _leave)
    try:
        return _run(stays=sys.stdout.isatty() and not chosen.once, with_func=chosen.func)
    except StackFailed as failed:
        print(f"The local run stopped: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(stays: bool, with_func: bool) -> int:
    print("Starting Azurite, the F&O simulator and the app ...", flush=True)
    with up(with_func=with_func) as stack:
        went_well = tour.take(stack)
        if stays:
            tour.stay(stack)
        else:
            print("Ending everything; in a terminal and without --once it stays up for files of your own.", flush=True)
    return 0 if went_well else 1


def _leave(_number: int, _frame: FrameType | None) -> None:
    LEAVING.set()
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
