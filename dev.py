"""One command each for running, testing and checking F&O Courier on a machine that has Python and nothing else.

Standard library only. The first call of a command makes `.venv` and installs what is needed; later calls take seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PRODUCTION = (3, 13)


def main(arguments: Sequence[str]) -> int:
    """Describe the commands, or set up what is missing and run one."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(description())
        return 0
    name, rest = arguments[0], list(arguments[1:])
    if name not in COMMANDS:
        print(f"There is no command {name!r}.\n\n{description()}", file=sys.stderr)
        return 2
    sys.path.insert(0, str(ROOT))
    from local.setup.environment import Checkout
    from local.setup.steps import SetupFailed

    checkout = Checkout(ROOT)
    try:
        checkout.ensure_packages()
        if not checkout.is_inside():
            return _become([str(checkout.python), str(ROOT / "dev.py"), *arguments])
        if name in NEED_AZURITE:
            checkout.ensure_node_packages()
    except SetupFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    if sys.version_info[:2] != PRODUCTION:
        print(f"({sys.version.split()[0]} is the Python of .venv; production runs 3.13)", flush=True)
    return COMMANDS[name][0](rest)


def description() -> str:
    """What dev.py says without arguments."""
    listed = "\n".join(f"  {usage:<28} {says}" for _, usage, says in COMMANDS.values())
    return f"""F&O Courier: python3 dev.py COMMAND

{listed}

The first call sets everything up in this checkout: .venv (Python 3.13 if this machine has one, else 3.11 or later;
COURIER_PYTHON=path forces one), node if it is missing, Azurite. Logs are in .dev/logs, stored files in .dev/azurite."""


def run(arguments: list[str]) -> int:
    """Azurite, the simulator and the app, with samples on their way."""
    return _python("-m", "local.run", *arguments)


def test(arguments: list[str]) -> int:
    """The tests; without arguments all of them, on two processes."""
    return _python("-m", "pytest", *(arguments or ["tests", *SIDE_BY_SIDE]))


def check(arguments: list[str]) -> int:
    """Everything that must hold before a commit."""
    return _python("-m", "local.checks", *arguments)


def soak(arguments: list[str]) -> int:
    """Many hosts, killed at random, on parts that fail; then the reckoning."""
    return _python("-m", "local.soak", *arguments)


def simulator(arguments: list[str]) -> int:
    """The stand-in for F&O alone."""
    return _python("-m", "local.simulator", *arguments)


def bench(arguments: list[str]) -> int:
    """How fast it is, beside a naive script and a native client on the same servers."""
    return _python("-m", "local.bench", *arguments)


#: Each process has an Azurite of its own, so any test may run on either; the idle one takes work from the busy one.
SIDE_BY_SIDE = ["-n", "2", "--dist", "worksteal"]

COMMANDS: dict[str, tuple[Callable[[list[str]], int], str, str]] = {
    "run": (run, "run [--once] [--func]", "Azurite, an F&O simulator and the app; sample files on their way"),
    "test": (test, "test [pytest arguments]", "all tests, or those that you name"),
    "check": (check, "check [--no-tests]", "code, imports, workflows, package, then all tests"),
    "soak": (soak, "soak [--minutes N]", "hosts killed at random on failing parts; then what became of every file"),
    "bench": (bench, "bench [--only NAME] [--big]", "how fast it is, beside a naive script and a native client"),
    "simulator": (simulator, "simulator [--port N]", "the F&O simulator alone; --help tells more"),
}
NEED_AZURITE = {"run", "test", "check", "soak", "bench"}


def _python(*arguments: str) -> int:
    return _become([sys.executable, *arguments])


def _become(command: Sequence[str]) -> int:
    """Go on as `command` in the checkout: in this very process where the system can do that, so signals reach it."""
    sys.stdout.flush()
    if os.name == "posix":
        os.chdir(ROOT)
        os.execv(command[0], list(command))  # noqa: S606 - no shell is wanted
    child = subprocess.Popen(command, cwd=ROOT)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the child heard it as well, and leaves in its own order


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
