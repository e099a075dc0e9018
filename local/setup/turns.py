"""One at a time: a second dev.py waits for the first instead of working in the same folders."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_GLANCE_SECONDS = 0.2


@contextmanager
def my_turn(lock: Path, says: str) -> Iterator[None]:
    """Hold `lock` while the body runs; print `says` if another process has it. The system drops it at any end."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        said = False
        while not _taken(held):
            if not said:
                print(f"  {says} ...", flush=True)
                said = True
            time.sleep(_GLANCE_SECONDS)
        yield
    finally:
        os.close(held)


def _taken(held: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(held, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
