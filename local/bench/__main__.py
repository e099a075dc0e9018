"""`python -m local.bench`: run the benchmarks and print what came out."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.bench import ground, report, rounds
from local.bench.cases import Scale, cases
from local.bench.figures import Measured


def main(arguments: Sequence[str]) -> int:
    """Run what was chosen; 2 when nothing has that name."""
    chosen = _parser().parse_args(arguments)
    scale = Scale.TINY if chosen.tiny else Scale.BIG if chosen.big else Scale.DEFAULT
    wanted = [case for case in cases(scale) if chosen.only in {None, case.bench, f"{case.bench} {case.title}"}]
    if not wanted:
        names = sorted({case.bench for case in cases(scale)})
        print(f"There is no benchmark {chosen.only!r}; there are {', '.join(names)}.", file=sys.stderr)
        return 2
    began = time.monotonic()
    print(f"{report.machine()}; order of the sides by seed {chosen.seed}\n\n{report.head()}", flush=True)
    measured: list[Measured] = []
    with ground.up(own_tables=chosen.own_tables) as servers:
        for case in wanted:
            measured.append(rounds.measure(case, servers, random.Random(chosen.seed)))  # noqa: S311 - an order, no secret
            print(report.rows(measured[-1]), flush=True)
    print(f"\n{report.goals(measured)}\n\n{report.counts(measured)}\n\n{time.monotonic() - began:.0f} s in all")
    if chosen.json:
        figures = {"machine": report.machine(), "seed": chosen.seed, "cases": [each.as_json() for each in measured]}
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="one benchmark, or one of its cases as the table names it")
    parser.add_argument("--json", metavar="OUT", type=Path, help="also write every run to this file")
    parser.add_argument("--big", action="store_true", help="the large sizes too; takes long")
    parser.add_argument("--tiny", action="store_true", help="a smoke of all parts; its figures mean nothing")
    parser.add_argument(
        "--own-tables", action="store_true", help="tables of local.tables in place of Azurite's, for a long past"
    )
    parser.add_argument("--seed", type=int, default=7, help="of the order of the sides")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
