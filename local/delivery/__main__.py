"""`python -m local.delivery STEP`: guard, package, events, smoke. A step that fails says why and ends with 1."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local.delivery.azure_cli import AzureCli, StepFailed
from local.delivery.events import Patience, connect
from local.delivery.package import build, seconds_to_import
from local.delivery.smoke import smoke
from local.delivery.target import guard, read_target

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Run one step."""
    chosen = _parser().parse_args(arguments)
    try:
        chosen.step(chosen)
    except StepFailed as failed:
        print(f"{chosen.name} FAILED: {failed}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.delivery", description=__doc__)
    steps = parser.add_subparsers(required=True, dest="name")

    def step(name: str, run: Callable[[argparse.Namespace], None], says: str) -> argparse.ArgumentParser:
        added = steps.add_parser(name, help=says, description=says)
        added.set_defaults(step=run)
        return added

    package = step("package", _package, "write the zip that Azure gets, and try to import it")
    package.add_argument("path", type=Path)
    for name, run, says in (
        ("guard", _guard, "refuse a resource group or an app of another environment"),
        ("events", _events, "wait for the app, then connect Event Grid to it"),
        ("smoke", _smoke, "compare what runs in Azure with this checkout"),
    ):
        added = step(name, run, says)
        added.add_argument("--group", required=True, help="resource group")
        added.add_argument("--parameters", type=Path, default=ROOT / "infra" / "main.parameters.json")
    return parser


def _azure() -> AzureCli:
    return AzureCli(subscription=os.environ.get("AZURE_SUBSCRIPTION_ID", ""))


def _package(chosen: argparse.Namespace) -> None:
    built = build(ROOT, chosen.path)
    print("\n".join(built.members))
    took = seconds_to_import(built.path)
    print(f"{len(built.members)} files, {built.size_bytes / 1024:.0f} KiB, imported in {took:.2f} s")


def _guard(chosen: argparse.Namespace) -> None:
    print("\n".join(guard(_azure(), chosen.group, read_target(chosen.parameters, os.environ), ROOT)))


def _events(chosen: argparse.Namespace) -> None:
    patience = Patience(sleep=time.sleep, tell=lambda line: print(line, flush=True))
    connect(_azure(), chosen.group, ROOT / "infra" / "events.bicep", patience)


def _smoke(chosen: argparse.Namespace) -> None:
    print("\n".join(smoke(_azure(), chosen.group, read_target(chosen.parameters, os.environ), ROOT)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
