"""`python -m shared.courier WORD ...`: ask the ledger, act on jobs, check a set-up.

Uses the app's own settings and signs in like the app. Ends with 0 when done, 1 when it cannot be done (the sentence
says why), 2 when settings, feeds or arguments are wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from shared.courier import acts, check, feeds_file, follow, looks, rows, try_file, validate
from shared.errors import CourierError, FaultyConfiguration
from shared.wiring import Engine, engine

DONE, FAILED, WRONG = 0, 1, 2

#: Words that are commands of their own, with their own arguments.
_COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "check": (check.main, "sign-in, F&O, every recurring data job, storage: what is to be mended?"),
    "feeds": (feeds_file.main, "is a feeds file good?"),
    "validate": (validate.main, "is a file fit to be sent?"),
    "try": (try_file.main, "what would become of a file; sends it only with --send"),
}


def main(arguments: Sequence[str], open_engine: Callable[[], Engine] = engine) -> int:
    """Do what the first word says."""
    if arguments and arguments[0] in _COMMANDS:
        return _COMMANDS[arguments[0]][0](arguments[1:])
    told = _parser().parse_args(arguments)
    try:
        return int(told.run(open_engine(), told) or DONE)
    except FaultyConfiguration as fault:
        print(fault, file=sys.stderr)
        return WRONG
    except CourierError as failure:
        print(failure, file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m shared.courier", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
    looks.add_to(words)
    acts.add_to(words)
    follow.add_to(words)
    rows.add_to(words)
    for word, (_, text) in _COMMANDS.items():
        words.add_parser(word, help=text)  # run before this parser is asked; here it is listed
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
