"""Stamps, steps and turns: nothing is done twice, nothing fails silently, nobody works in another's folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from local.setup.stamps import Stamp
from local.setup.steps import SetupFailed, run_step
from local.setup.turns import my_turn

ROOT = Path(dev.__file__).parent


def test_a_stamp_holds_until_one_of_its_sources_changes(tmp_path: Path) -> None:
    source = tmp_path / "requirements.txt"
    source.write_text("one==1\n")
    stamp = Stamp(tmp_path / "stamp", [source])
    assert not stamp.is_current()
    stamp.write()
    assert stamp.is_current()
    source.write_text("one==2\n")
    assert not stamp.is_current()


def test_a_stamp_takes_other_line_ends_for_the_same_content(tmp_path: Path) -> None:
    source = tmp_path / "requirements.txt"
    source.write_bytes(b"one==1\ntwo==2\n")
    stamp = Stamp(tmp_path / "stamp", [source])
    stamp.write()
    source.write_bytes(b"one==1\r\ntwo==2\r\n")
    assert stamp.is_current()


def test_a_stamp_without_its_source_is_not_current(tmp_path: Path) -> None:
    source = tmp_path / "pyvenv.cfg"
    source.write_text("version = 3.13.0")
    stamp = Stamp(tmp_path / "stamp", [source])
    stamp.write()
    source.unlink()
    assert not stamp.is_current()


def _step(code: str, tmp_path: Path, advice: str = "look") -> None:
    run_step("A step", [sys.executable, "-c", code], tmp_path / "setup.log", advice, tmp_path, os.environ)


def test_a_failed_step_says_what_failed_its_own_last_lines_and_what_to_do(tmp_path: Path) -> None:
    _step("print('of the step before')", tmp_path)
    with pytest.raises(SetupFailed) as failed:
        _step("import sys; print('no route to the index'); sys.exit(3)", tmp_path, "mend the network")
    told = str(failed.value)
    assert "A step: ended with code 3" in told
    assert "no route to the index" in told
    assert "of the step before" not in told
    assert "What to do: mend the network." in told
    assert "of the step before" in (tmp_path / "setup.log").read_text()


def test_a_step_that_cannot_start_is_told_like_one_that_fails(tmp_path: Path) -> None:
    with pytest.raises(SetupFailed, match="did not start"):
        run_step("A step", [str(tmp_path / "absent")], tmp_path / "setup.log", "look", tmp_path, os.environ)


def test_a_second_process_waits_for_its_turn(tmp_path: Path) -> None:
    lock = tmp_path / "setup.lock"
    code = (
        "import sys; from pathlib import Path; from local.setup.turns import my_turn\n"
        f"with my_turn(Path({str(lock)!r}), 'waiting for the other one'): print('my turn', flush=True)"
    )
    with my_turn(lock, "unused"):
        second = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert "waiting for the other one" in second.stdout.readline()
    with second:
        assert second.stdout.readline() == "my turn\n"
    assert second.returncode == 0


def _dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "dev.py"), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_without_arguments_dev_describes_each_of_its_commands() -> None:
    told = _dev()
    assert told.returncode == 0
    for name in dev.COMMANDS:
        assert f"\n  {name}" in told.stdout


def test_an_unknown_command_is_refused_with_the_known_ones() -> None:
    told = _dev("soka")
    assert told.returncode == 2
    assert "There is no command 'soka'" in told.stderr
    assert "\n  test" in told.stderr
