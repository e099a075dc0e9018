"""What must hold before a commit: format, lint, types, direction of imports, tests. A table at the end tells all."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

_RUFF = ["-m", "ruff"]
_LINT_IMPORTS = ["-c", "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"]
CHEAP: dict[str, list[str]] = {
    "format": [*_RUFF, "format", "--check", "."],
    "lint": [*_RUFF, "check", "."],
    "types": ["-m", "mypy"],
    "imports": _LINT_IMPORTS,
}


@dataclass(frozen=True)
class Verdict:
    """How one step ended."""

    step: str
    seconds: float
    passed: bool


def main(arguments: Sequence[str]) -> int:
    """Run every step, even after one failed; 0 only if all passed."""
    parser = argparse.ArgumentParser(prog="dev.py check", description=__doc__)
    parser.add_argument("--no-tests", action="store_true", help="the cheap steps only; `dev.py test` is the rest")
    chosen = parser.parse_args(arguments)
    verdicts = [_quietly(step, command) for step, command in CHEAP.items()]
    if not chosen.no_tests:
        verdicts.append(_tests())
    print("\n" + table(verdicts), flush=True)
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def table(verdicts: Sequence[Verdict]) -> str:
    """One line a step."""
    lines = [f"  {verdict.step:<8} {verdict.seconds:6.1f} s  {_word(verdict)}" for verdict in verdicts]
    return "\n".join(["check", *lines])


def _word(verdict: Verdict) -> str:
    return "passed" if verdict.passed else "FAILED"


def _quietly(step: str, command: Sequence[str]) -> Verdict:
    """Its output is worth reading only when it fails."""
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    verdict = Verdict(step, time.monotonic() - started, ended.returncode == 0)
    if not verdict.passed:
        print(f"--- {step}\n{ended.stdout.decode(errors='replace')}", flush=True)
    return verdict


def _tests() -> Verdict:
    started = time.monotonic()
    ended = subprocess.run([sys.executable, str(ROOT / "dev.py"), "test"], cwd=ROOT, check=False)
    return Verdict("tests", time.monotonic() - started, ended.returncode == 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
