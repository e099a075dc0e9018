"""What must hold before a commit: code, imports, workflows, package, tests. A table at the end tells all."""

from __future__ import annotations

import argparse
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

_RUFF = [sys.executable, "-m", "ruff"]
_RUN = "import sys; from {} as run; sys.exit(run())"
_LINT_IMPORTS = [sys.executable, "-c", _RUN.format("importlinter.cli import lint_imports_command")]
_WORKFLOWS = str(Path(".github", "workflows"))
_SHAPE = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
_AUDITOR = [str(Path(sysconfig.get_path("scripts")) / "zizmor"), "--offline", "--no-progress", "--persona=pedantic"]
#: Microsoft's rules for an app of this runtime on this plan, as azure-functions-doctor has them.
_DOCTOR = [sys.executable, "-c", _RUN.format("azure_functions_doctor.cli import main"), "doctor", "--path", "."]
_OUR_PLAN = ["--profile", "deploy", "--hosting-plan", "flex-consumption", "--target-python", "3.13"]
CHEAP: dict[str, list[str]] = {
    "format": [*_RUFF, "format", "--check", "."],
    "lint": [*_RUFF, "check", "."],
    "types": [sys.executable, "-m", "mypy"],
    "imports": _LINT_IMPORTS,
    "workflows": [*_SHAPE, *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / _WORKFLOWS).glob("*.yml")))],
    "auditor": [*_AUDITOR, _WORKFLOWS],
    "package": [sys.executable, "-m", "local.delivery", "package", str(Path(".dev", "package.zip"))],
}
#: Twenty seconds, and it has little to say that changes from one commit to the next: not among the cheap ones.
DOCTOR = [*_DOCTOR, *_OUR_PLAN]
#: What such a step says last is worth reading when it passed, too: how large the package is, how long its import takes.
TELLING = {"package"}


@dataclass(frozen=True)
class Verdict:
    """How one step ended."""

    step: str
    seconds: float
    passed: bool
    says: str = ""


def main(arguments: Sequence[str]) -> int:
    """Run every step, even after one failed; 0 only if all passed."""
    parser = argparse.ArgumentParser(prog="dev.py check", description=__doc__)
    parser.add_argument("--no-tests", action="store_true", help="the cheap steps only; `dev.py test` is the rest")
    chosen = parser.parse_args(arguments)
    verdicts = [_quietly(step, command) for step, command in CHEAP.items()]
    if not chosen.no_tests:
        verdicts.append(_quietly("doctor", DOCTOR))
        verdicts.append(_tests())
    print("\n" + table(verdicts), flush=True)
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def table(verdicts: Sequence[Verdict]) -> str:
    """One line a step."""
    lines = [f"  {verdict.step:<9} {verdict.seconds:6.1f} s  {_word(verdict)}{verdict.says}" for verdict in verdicts]
    return "\n".join(["check", *lines])


def _word(verdict: Verdict) -> str:
    return "passed" if verdict.passed else "FAILED"


def _quietly(step: str, command: Sequence[str]) -> Verdict:
    """Its output is worth reading only when it fails."""
    started = time.monotonic()
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    took, passed, output = time.monotonic() - started, ended.returncode == 0, ended.stdout.decode(errors="replace")
    if not passed:
        print(f"--- {step}\n{output}", flush=True)
    return Verdict(step, took, passed, f": {output.splitlines()[-1]}" if passed and step in TELLING else "")


def _tests() -> Verdict:
    started = time.monotonic()
    ended = subprocess.run([sys.executable, str(ROOT / "dev.py"), "test"], cwd=ROOT, check=False)
    return Verdict("tests", time.monotonic() - started, ended.returncode == 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
