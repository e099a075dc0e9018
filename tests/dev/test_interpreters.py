"""The search for a Python believes only what it has seen running."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from local.setup import interpreters
from local.setup.steps import SetupFailed

HERE = sys.version_info[:2]
posix_only = pytest.mark.skipif(os.name != "posix", reason="writes an executable script")


def _broken_python(folder: Path, name: str) -> Path:
    """A shim with no version behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    shim = folder / name
    shim.write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n")
    shim.chmod(0o755)
    return shim


def test_a_running_interpreter_tells_its_version_and_its_base() -> None:
    found = interpreters.probe([sys.executable])
    assert found is not None
    assert found.minor == HERE
    assert Path(found.executable).exists()


@posix_only
def test_what_does_not_run_is_no_interpreter(tmp_path: Path) -> None:
    assert interpreters.probe([str(_broken_python(tmp_path, "python3"))]) is None
    assert interpreters.probe([str(tmp_path / "absent")]) is None


@posix_only
def test_a_broken_shim_on_the_path_is_passed_over_for_a_version_of_pyenv(tmp_path: Path) -> None:
    dotted = "{}.{}".format(*HERE)
    _broken_python(tmp_path / "shims", f"python{dotted}")
    real = tmp_path / "pyenv" / "versions" / f"{dotted}.7" / "bin"
    real.mkdir(parents=True)
    found = interpreters.probe([sys.executable])
    assert found is not None
    (real / "python3").symlink_to(found.executable)
    environ = {"PATH": str(tmp_path / "shims"), "PYENV_ROOT": str(tmp_path / "pyenv"), "HOME": str(tmp_path)}
    tried = list(interpreters.commands(HERE, environ))
    assert tried[:2] == [[str(tmp_path / "shims" / f"python{dotted}")], [str(real / "python3")]]
    assert interpreters._first(HERE, environ) is not None


def test_the_newest_patch_of_a_version_is_tried_first(tmp_path: Path) -> None:
    for patch in ("3.13.9", "3.13.10", "3.13.1"):
        place = tmp_path / ".pyenv" / "versions" / patch / "bin"
        place.mkdir(parents=True)
        (place / "python3").write_text("")
    tried = [command[0] for command in interpreters.commands((3, 13), {"HOME": str(tmp_path), "PATH": ""})]
    assert [Path(path).parts[-3] for path in tried[:3]] == ["3.13.10", "3.13.9", "3.13.1"]


def test_a_forced_interpreter_is_taken_whatever_else_there_is() -> None:
    found = interpreters.find({interpreters.FORCE: sys.executable})
    assert found.minor == HERE


def test_a_forced_interpreter_that_does_not_run_stops_the_set_up_by_name(tmp_path: Path) -> None:
    with pytest.raises(SetupFailed, match="absent does not run") as failed:
        interpreters.find({interpreters.FORCE: str(tmp_path / "absent")})
    assert "What to do: point it at" in str(failed.value)
