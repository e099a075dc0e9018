"""A small soak from end to end: real processes, killed and restarted, and every promise held."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)  # about 45 s; a busy machine only takes longer to come to rest
def test_a_small_soak_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    told_in = tmp_path / "figures.json"
    arguments = ["--minutes", "0.3", "--files", "40", "--hosts", "2", "--seed", "1", "--json", str(told_in)]
    ended = subprocess.run(
        [sys.executable, "-m", "local.soak", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(told_in.read_text(encoding="utf-8"))
    assert (told["files landed"], told["lost"], told["loaded twice, unasked"], told["broken"]) == (40, 0, 0, [])
    assert told["random kills"] >= 2
    assert told["restarts of Azurite"] >= 1
    assert told["calls of F&O that failed"] > 0
    assert told["loaded once"] > 20
    assert "landed" in ended.stderr, "it tells how far it is"
