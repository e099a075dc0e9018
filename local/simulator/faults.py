"""Faults as data: which call fails next, and how. Nothing here is random unless a rate with a seed is asked for."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

#: Every fault by name, with what it does.
FAULTS: dict[str, str] = {
    "answer_lost_before_commit": "the connection closes without an answer and nothing was taken",
    "answer_lost_after_commit": "the connection closes without an answer after the call had its effect",
    "throttle": "429; retry_after in seconds or as an HTTP date, absent when not given",
    "status": "any status: code, body, content_type",
    "hang": "no answer for `seconds`, then the connection closes",
    "slow": "the answer comes after `seconds`",
    "truncated_body": "the answer ends in its middle, after `keep_bytes`",
    "html": "200 with a sign-in page",
    "redirect": "302 to a sign-in page",
    "expired_token": "401 as for a token that has ended",
    "broken_json": "200 with text that is no JSON",
    "stuck": "enqueue: the message never leaves InProcess",
    "empty_log": "enqueue: the execution log of the message stays empty, and no error is listed",
    "broken_inner_json": "GetExecutionErrors: the inner text has unescaped quotes",
    "wrong_host_download": "dequeue: the download location is on another host",
    "http_location": "dequeue: the download location is http and bears :80",
    "null_location": "dequeue: the download location is null",
    "no_file": "dequeue: IsDownLoadFileExist is false",
    "empty_200": "dequeue: 200 without a body",
    "null_200": "dequeue: 200 with the text null",
}


class UnknownFault(ValueError):
    """A fault, or a parameter's form, that the simulator does not know."""


@dataclass
class Fault:
    """One queued fault: for which kind of call, which, how often, with what, and for which calls only."""

    call: str
    name: str
    times: int = 1
    match: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The queue of faults to come. Thread-safe."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []
        self._lock = threading.Lock()
        self._chance: random.Random | None = None
        self._rate = 0.0
        self._choices: list[tuple[str, str]] = []

    def add(self, call: str, name: str, times: int = 1, match: dict[str, str] | None = None, **params: Any) -> None:
        """Let the next `times` calls of a kind (`enqueue`, `jobstatus`, `action:<Name>`, ...) fail so."""
        if name not in FAULTS:
            raise UnknownFault(f"unknown fault {name!r}; known: {', '.join(sorted(FAULTS))}")
        with self._lock:
            self._queue.append(Fault(call, name, times, match or {}, params))

    def at_random(self, seed: int, rate: float, choices: list[tuple[str, str]]) -> None:
        """Let a share of calls fail: `choices` are (call, fault). The seed makes it repeatable; rate 0 ends it."""
        with self._lock:
            self._chance, self._rate, self._choices = random.Random(seed), rate, choices  # noqa: S311 - repeatable faults, no secret

    def clear(self) -> None:
        """Forget all faults to come."""
        with self._lock:
            self._queue.clear()
            self._rate = 0.0

    def take(self, call: str, about: dict[str, str]) -> Fault | None:
        """The fault for this call, used up once."""
        with self._lock:
            for fault in self._queue:
                if fault.call == call and all(about.get(key) == value for key, value in fault.match.items()):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._queue.remove(fault)
                    return fault
            return self._by_chance(call)

    def _by_chance(self, call: str) -> Fault | None:
        fitting = [name for kind, name in self._choices if kind == call]
        if self._chance is None or not fitting or self._chance.random() >= self._rate:
            return None
        return Fault(call, self._chance.choice(fitting))
