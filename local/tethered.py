"""`python -m local.tethered MODULE [arguments]`: run a module until whoever started it closes this process's stdin.

The end of stdin is taken like a Ctrl-C, so the module leaves in its own order. See `local/children.py`.
"""

from __future__ import annotations

import _thread
import os
import runpy
import signal
import sys
import threading
import time

_GRACE_SECONDS = 30


def main() -> None:
    """Run the named module as `__main__` with the rest of the arguments."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with it switched off
    threading.Thread(target=_leave_at_the_end_of_stdin, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _leave_at_the_end_of_stdin() -> None:
    while os.read(0, 1):
        pass
    if os.name == "posix":
        os.kill(os.getpid(), signal.SIGINT)  # wakes the main thread from any system call
    else:
        _thread.interrupt_main()
    time.sleep(_GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
