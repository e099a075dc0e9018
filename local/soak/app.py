"""`python -m local.soak.app`: one host of a soak. It rings the engine's doors as the Functions host does.

Not the runtime of `dev.py run`: an engine under that one cannot be given a clock, so a lease would last its half hour.
Timers run in every host and may overlap, which Azure never lets them; events come from a queue that all hosts share, so
the event of a killed host comes again in another.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import random
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient

from local.app_settings import LANDING
from local.soak.fast_clock import FastClock, real_seconds
from shared.errors import CourierError
from shared.wiring import Engine, engine_from

EVENTS = "soak-events"
#: In the soak's time. Three hosts together ring as often as docs/settings.md lets the one timer of production ring.
_POLL_EVERY = timedelta(minutes=3)
_DRAIN_EVERY = timedelta(minutes=15)
_LISTENERS = 2
#: Real seconds: how long an event stays hidden while a host works on it, and between two looks at an empty queue.
_HIDDEN_SECONDS = 3
_LOOK_SECONDS = 1.0
#: As poisonBlobThreshold in host.json; what it drops the sweep must find.
_MOST_TRIES = 5

#: How the log begins to tell of an exception that the engine let through and that is none of its own.
DEFECT = "DEFECT"

_log = logging.getLogger("soak.app")


class Host:
    """An engine, and the threads that ring for it."""

    def __init__(self, engine: Engine, events: QueueClient) -> None:
        self._engine = engine
        self._events = events

    def start(self) -> list[threading.Thread]:
        """Two timers and the listeners, each for as long as this process lives."""
        poll, drain = real_seconds(_POLL_EVERY), real_seconds(_DRAIN_EVERY)
        doors: list[tuple[Callable[[], object], float]] = [
            (self._engine.poll, poll),
            (self._engine.drain_exports, drain),
        ]
        doors += [(self._listen, _LOOK_SECONDS)] * _LISTENERS
        threads = [threading.Thread(target=_ring, args=door, daemon=True) for door in doors]
        for thread in threads:
            thread.start()
        return threads

    def _listen(self) -> None:
        """Work on events until there are none, or the queue does not answer."""
        with contextlib.suppress(AzureError):
            while event := self._events.receive_message(visibility_timeout=_HIDDEN_SECONDS):
                if (event.dequeue_count or 0) <= _MOST_TRIES:
                    self._tell(event.content)
                self._events.delete_message(event)

    def _tell(self, path: str) -> None:
        try:
            self._engine.file_landed(LANDING, path)
        except AzureError as error:
            raise RuntimeError("an error of the storage's came through the engine") from error


def _ring(door: Callable[[], object], pause_seconds: float) -> None:
    """Ring for ever. A host takes an exception for the end of one invocation, and calls again."""
    resting = threading.Event()
    while not resting.wait(pause_seconds):
        try:
            door()
        except CourierError as failure:
            _log.info("a run ended in %s: %s", type(failure).__name__, failure)
        except Exception:  # noqa: BLE001 - the host goes on after any end of an invocation, and the soak counts these
            _log.critical(DEFECT, exc_info=True)


def main(arguments: Sequence[str]) -> int:
    """Run until interrupted or killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--began-at", type=datetime.fromisoformat, required=True)
    parser.add_argument("--seed", type=int, required=True)
    told = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    chance = random.Random(told.seed).random  # noqa: S311 - spreads retries, repeatably
    engine = engine_from(os.environ, FastClock(told.began_at), chance)
    threads = Host(engine, QueueClient.from_connection_string(os.environ["FILES"], EVENTS, retry_total=0)).start()
    print("soak host ready", flush=True)
    for thread in threads:
        thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
