"""What `dev.py check` runs beside the tests: each step has been seen to fail, and tells why."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from local.checks import CHEAP, DOCTOR, ROOT, Verdict, table

WORKFLOW = Path(".github", "workflows", "deploy.yml")
PARTS = ("function_app.py", "host.json", "requirements.txt", ".funcignore", "feeds.yaml")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What these steps look at, to be broken."""
    for part in PARTS:
        shutil.copy(ROOT / part, tmp_path / part)
    for folder in (".github", "shared", "local/delivery"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _run(command: list[str], checkout: Path) -> tuple[bool, str]:
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("step", "file", "good", "bad", "told"),
    [
        ("workflows", WORKFLOW, "runs-on: ubuntu-24.04", "runs_on: ubuntu-24.04", "runs_on"),
        ("auditor", WORKFLOW, "permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("package", Path("function_app.py"), "import asyncio", "import asyncio, not_there", "not_there"),
        ("doctor", Path("host.json"), '"version": "2.0"', '"version": "1.0"', "host.json version"),
    ],
)
def test_a_step_passes_as_things_are_and_fails_on_a_fault(
    checkout: Path, step: str, file: Path, good: str, bad: str, told: str
) -> None:
    command = (CHEAP | {"doctor": DOCTOR})[step]
    assert _run(command, checkout)[0]
    text = (checkout / file).read_text(encoding="utf-8")
    assert good in text
    (checkout / file).write_text(text.replace(good, bad, 1), encoding="utf-8")
    passed, output = _run(command, checkout)
    assert not passed
    assert told in output


def test_the_table_has_a_line_for_each_step_and_what_the_package_says() -> None:
    lines = table([Verdict("lint", 1.0, False), Verdict("package", 5.0, True, ": 139 files, 236 KiB")]).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["lint", "1.0", "s", "FAILED"],
        ["package", "5.0", "s", "passed:", "139", "files,", "236", "KiB"],
    ]
