"""`python -m shared.courier check`: is everything set up that the app needs? Tries each door once, without an effect.

Uses the app's own settings and signs in like the app, so it tells the truth only where the app's identity is: in the
app itself, or on a machine with the same settings. Ends with 0 when nothing is to be mended, 1 when something is, 2
when settings or feeds are at fault.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from shared.check_wiring import connection_check
from shared.domain.connection import Checked, Verdict
from shared.errors import FaultyConfiguration
from shared.feeds.offline import NotReadable
from shared.telemetry import quiet_libraries

GOOD, TO_MEND, WRONG = 0, 1, 2


def main(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Try everything, and tell it as it comes."""
    parser = argparse.ArgumentParser(prog="python -m shared.courier check", description=__doc__)
    parser.add_argument("--json", action="store_true", help="tell it as JSON")
    told = parser.parse_args(arguments)
    quiet_libraries()
    try:
        check = connection_check(environ)
    except (FaultyConfiguration, NotReadable) as fault:
        print(fault, file=sys.stderr)
        return WRONG
    seen = list(_shown(check.run(), as_json=told.json))
    return TO_MEND if any(each.verdict is Verdict.MEND for each in seen) else GOOD


def _shown(seen: Iterator[Checked], as_json: bool) -> Iterator[Checked]:
    """Show each as it is known, and the sum at the end; JSON comes whole."""
    found = []
    for each in seen:
        found.append(each)
        if not as_json:
            print(f"{each.verdict.value:<5} {each.what}\n      {each.said}", flush=True)
        yield each
    if as_json:
        rows = [{"what": each.what, "verdict": each.verdict.value, "said": each.said} for each in found]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print(f"\n{_sum(Counter(each.verdict for each in found))}")


def _sum(count: Counter[Verdict]) -> str:
    parts = [f"{count[verdict]} {words}" for verdict, words in _WORDS.items() if count[verdict]]
    return ", ".join(parts) + "."


_WORDS = {Verdict.MEND: "to mend", Verdict.LOOK: "to look at", Verdict.GOOD: "in order"}
