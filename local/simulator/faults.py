"""Faults as data: which call fails next, and how. Nothing here is random unless a rate with a seed is asked for."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: The kinds of calls that can fail; beside them `action:<Name>` for each DMF action.
CALLS = ("token", "enqueue", "jobstatus", "dequeue", "download", "ack", "details", "blob")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fault does, the parameters that it takes, and the one call that can have it (empty: any)."""

    says: str
    params: frozenset[str] = frozenset()
    call: str = ""


def _kind(says: str, *params: str, call: str = "") -> Kind:
    return Kind(says, frozenset(params), call)


#: Every fault by name.
FAULTS: dict[str, Kind] = {
    "answer_lost_before_commit": _kind("the connection closes without an answer and nothing was taken"),
    "answer_lost_after_commit": _kind("the connection closes without an answer after the call had its effect"),
    "throttle": _kind(
        "429; `retry_after` in seconds, or as a date with `as_date`, or absent", "retry_after", "as_date"
    ),
    "status": _kind("any status: `code`, `body`, `content_type`", "code", "body", "content_type"),
    "hang": _kind(
        "no answer until released or for `seconds`, then the connection closes; with `commit` the call had its effect",
        "seconds",
        "commit",
    ),
    "slow": _kind("the answer comes after `seconds`, or when released", "seconds"),
    "truncated_body": _kind("the answer ends after `keep_bytes`, less than it announced", "keep_bytes"),
    "html": _kind("200 with a sign-in page"),
    "redirect": _kind("302 to a sign-in page"),
    "expired_token": _kind("401 as for a token that has ended"),
    "broken_json": _kind("200 with text that is no JSON"),
    "refuse_411": _kind("411, whatever the body", call="enqueue"),
    "stuck": _kind("the message never leaves InProcess", call="enqueue"),
    "conflict": _kind("the import collides with another one; the same file passes later", call="enqueue"),
    "post_process_error": _kind("rows are written, then the message ends in PostProcessError", call="enqueue"),
    "empty_log": _kind("the message has no execution log, no detail, and its errors are not listed", call="enqueue"),
    "odd_state": _kind("a state that no source lists: `state`", "state", call="jobstatus"),
    "broken_inner_json": _kind("the inner text has unescaped quotes", call="action:GetExecutionErrors"),
    "wrong_host_download": _kind("the download location is on another host", call="dequeue"),
    "http_location": _kind("the download location is http and bears :80", call="dequeue"),
    "null_location": _kind("the download location is null", call="dequeue"),
    "no_file": _kind("IsDownLoadFileExist is false", call="dequeue"),
    "old_build": _kind("the answer has its first three fields only", call="dequeue"),
    "empty_200": _kind("200 without a body, and no effect"),
    "null_200": _kind("200 with the text null, and no effect"),
}
#: What a rate is told: a call, which then meets any of SPORADIC, or a call with one fault and its parameters.
RateKind = str | tuple[str, str] | tuple[str, str, Mapping[str, Any]]
#: What a rate chooses from for a call that names no fault.
SPORADIC = ("answer_lost_before_commit", "answer_lost_after_commit", "throttle", "status", "html", "truncated_body")


class UnknownFault(ValueError):
    """A fault, a kind of call, or a parameter that the simulator does not know."""


@dataclass
class Fault:
    """One queued fault: for which kind of call, which, how often, with what, and for which calls only."""

    call: str
    name: str
    times: int = 1
    match: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, call: str, about: Mapping[str, str]) -> bool:
        """True for a call of its kind whose particulars are as `match` says, without regard to case."""
        told = {key: value.casefold() for key, value in about.items()}
        return self.call == call and all(told.get(key) == value.casefold() for key, value in self.match.items())


class Faults:
    """The queue of faults to come, and the list of those that were met. Thread-safe."""

    def __init__(self) -> None:
        self.met: deque[tuple[str, str]] = deque(maxlen=100_000)
        self._queue: list[Fault] = []
        self._lock = threading.Lock()
        self._released = 0
        self._chance: random.Random | None = None
        self._rate = 0.0
        self._choices: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}

    @property
    def to_come(self) -> list[Fault]:
        """Queued and not yet used up."""
        return list(self._queue)

    def add(self, call: str, name: str, times: int = 1, match: Mapping[str, str] | None = None, **params: Any) -> None:
        """Let the next `times` calls of a kind fail so; `match` narrows them, as in {"activity_id": ...}.

        Particulars to match: activity_id (connector), message_id (jobstatus), external_id and entity (enqueue), and for
        actions the texts of their body.

        Raises:
            UnknownFault: no such fault, kind of call or parameter.
        """
        _check(call, name, params)
        with self._lock:
            self._queue.append(Fault(call, name, times, match or {}, params))

    def at_random(self, seed: int, rate: float, kinds: Iterable[RateKind]) -> None:
        """Let a share of calls fail. A kind named twice is met twice as often; the seed makes it repeatable."""
        choices: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for kind in kinds:
            for call, name, params in _spelled_out(kind):
                _check(call, name, params)
                choices.setdefault(call, []).append((name, params))
        with self._lock:
            self._chance, self._rate, self._choices = random.Random(seed), rate, choices  # noqa: S311 - repeatable faults, no secret

    def clear(self) -> None:
        """Forget all faults to come, and let go what hangs."""
        with self._lock:
            self._queue.clear()
            self.met.clear()
            self._rate = 0.0
            self._released += 1

    def release(self) -> None:
        """Let go every call that hangs or is slow now."""
        with self._lock:
            self._released += 1

    @property
    def releases(self) -> int:
        """How many times calls were let go: one that hangs waits for a change."""
        return self._released

    def take(self, call: str, about: Mapping[str, str]) -> Fault | None:
        """The fault for this call, used up once."""
        with self._lock:
            found = next((fault for fault in self._queue if fault.fits(call, about)), None)
            if found:
                found.times -= 1
                if found.times <= 0:
                    self._queue.remove(found)
            else:
                found = self._by_chance(call)
            if found:
                self.met.append((call, found.name))
            return found

    def _by_chance(self, call: str) -> Fault | None:
        choices = self._choices.get(call)
        if self._chance is None or not choices or self._chance.random() >= self._rate:
            return None
        name, params = self._chance.choice(choices)
        return Fault(call, name, params=params)


def _spelled_out(kind: RateKind) -> list[tuple[str, str, Mapping[str, Any]]]:
    if isinstance(kind, str):
        return [(kind, name, {}) for name in SPORADIC]
    return [(kind[0], kind[1], kind[2] if len(kind) == 3 else {})]


def _check(call: str, name: str, params: Mapping[str, Any]) -> None:
    if name not in FAULTS:
        raise UnknownFault(f"unknown fault {name!r}; known: {', '.join(sorted(FAULTS))}")
    if call not in CALLS and not call.startswith("action:"):
        raise UnknownFault(f"unknown call {call!r}; known: {', '.join(CALLS)}, action:<Name>")
    kind = FAULTS[name]
    if kind.call and kind.call != call:
        raise UnknownFault(f"{name} is for {kind.call} only, not for {call}")
    if not set(params) <= kind.params:
        raise UnknownFault(f"{name} takes {', '.join(sorted(kind.params)) or 'no parameters'}, not {sorted(params)}")
