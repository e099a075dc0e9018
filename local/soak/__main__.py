"""`dev.py soak`: everything at once for some minutes, then the reckoning. 0 only if every promise held."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from local.app_settings import ROOT
from local.children import ChildFailed
from local.node import NodeMissing
from local.soak.account import Reckoning
from local.soak.arena import Arena, up
from local.soak.chaos import Chaos
from local.soak.records import reckon
from local.soak.rest import PATIENCE, Rest
from local.soak.screen import Circumstances, Progress, figures, table
from local.soak.traffic import drops, exports

#: Files land in this part of the time; in the rest, faults and kills meet what is still on its way.
_LANDING_SHARE = 0.85


def main(arguments: Sequence[str]) -> int:
    """0: every promise held and all came to rest; 1: not; 2: it could not be run."""
    chosen = _parser().parse_args(arguments)
    (ROOT / ".dev").mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="soak-", dir=ROOT / ".dev"))
    print(
        f"soak of {chosen.minutes} minutes, {chosen.files} files, {chosen.hosts} hosts, seed {chosen.seed}", flush=True
    )
    try:
        with up(place, chosen.hosts, new_correlation=bool(chosen.seed % 2)) as arena:
            reckoning, went = _soak(arena, chosen)
    except (ChildFailed, NodeMissing, FileNotFoundError) as error:
        print(f"The soak cannot be run: {error}", file=sys.stderr)
        return 2
    broken = _told(chosen, reckoning, went)
    if broken:
        print(f"What the processes wrote is in {place}")
        return 1
    shutil.rmtree(place, ignore_errors=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long files land and things go wrong; real time")
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--hosts", type=int, default=3, help="processes of the app")
    parser.add_argument("--seed", type=int, default=1, help="of every random choice; an odd one renews correlation IDs")
    parser.add_argument("--json", type=Path, help="where the figures are written")
    return parser


#: Faults of a send that say plainly that nothing was taken.
_REFUSING = frozenset({"throttle", "expired_token"})


def _soak(arena: Arena, chosen: argparse.Namespace) -> tuple[Reckoning, Circumstances]:
    chance = random.Random(chosen.seed)  # noqa: S311 - repeatable choices, no secret
    seconds, progress = chosen.minutes * 60, Progress(arena.erp)
    files = drops(chance, chosen.files, seconds * _LANDING_SHARE)
    chaos = Chaos(arena=arena, chance=chance, ends_seconds=seconds)
    chaos.rage(
        files,
        exports(chance, chosen.files, seconds * _LANDING_SHARE),
        lambda now: progress.tell(
            f"{now:4.0f} s: {chaos.landed} landed, {chaos.kills} kills, {chaos.restarts} restarts"
        ),
    )
    rest = Rest(arena)
    quiet_seconds, still_open = rest.wait(
        lambda now: progress.tell(f"{now:4.0f} s of quiescing"), within=PATIENCE + timedelta(minutes=2 * chosen.minutes)
    )
    met = arena.erp.ask("state")["faults_met"]
    went = Circumstances(
        kills=chaos.kills,
        restarts=chaos.restarts,
        faults_met=len(met),
        calls_lost_after_effect=sum(name == "answer_lost_after_commit" for _, name in met),
        sends_without_answer=sum(call == "enqueue" and name not in _REFUSING for call, name in met),
        quiet_seconds=quiet_seconds,
        still_open=still_open,
        defects=arena.hosts.defects(),
    )
    return reckon(arena, [drop.file for drop in files], rest.held()), went


def _told(chosen: argparse.Namespace, reckoning: Reckoning, went: Circumstances) -> list[str]:
    """Print the table and what broke, write the JSON; returns what broke."""
    broken = [
        *reckoning.broken(),
        *reckoning.unexcused(went.sends_without_answer + went.kills),
        *(f"not at rest: {open_work}" for open_work in went.still_open),
        *(f"an exception that is none of the engine's: {last_line}" for last_line in sorted(set(went.defects))),
    ]
    told = figures(reckoning, went)
    print(table(told), *(f"BROKEN  {sentence}" for sentence in broken), sep="\n", flush=True)
    if chosen.json:
        _write(chosen, told | {"broken": broken, "exceptions": sorted(set(went.defects))})
    return broken


def _write(chosen: argparse.Namespace, told: dict[str, Any]) -> None:
    asked = {name: getattr(chosen, name) for name in ("minutes", "files", "hosts", "seed")}
    chosen.json.write_text(json.dumps(asked | told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
