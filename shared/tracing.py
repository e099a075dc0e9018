"""Which trace a piece of work belongs to. Without telemetry every call here costs next to nothing and does nothing.

A file's trace begins where it lands and is kept on its row as a W3C traceparent. A timer's run has a trace of its own;
each call to F&O that it makes for a file is a span of the run, linked to the file's trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol

#: Told the status of the answer, once there is one.
Answered = Callable[[int], None]


class Backend(Protocol):
    """What records spans."""

    def here(self) -> str:
        """The traceparent of the work that is being done; empty for none."""

    def within(self, parent: str) -> AbstractContextManager[object]:
        """Do work as a part of the span `parent`."""

    def call(self, name: str, method: str, host: str, linked: str) -> AbstractContextManager[Answered]:
        """A call to F&O as a span, linked to the trace `linked` unless that is empty."""


_linked: ContextVar[str] = ContextVar("linked", default="")


class _Switch:
    """The backend of this process, once telemetry has begun."""

    backend: Backend | None = None


def begin(backend: Backend | None) -> None:
    """Record spans from now on, or no longer."""
    _Switch.backend = backend


def here() -> str:
    """The traceparent of the work that is being done (W3C Trace Context); empty where nothing is traced."""
    return _Switch.backend.here() if _Switch.backend else ""


@contextmanager
def working_on(linked: str, parent: str) -> Iterator[None]:
    """Work for the file whose trace is `linked`, as a part of `parent`, whatever thread it is done in."""
    if _Switch.backend is None:
        yield
        return
    token = _linked.set(linked)
    try:
        with _Switch.backend.within(parent):
            yield
    finally:
        _linked.reset(token)


def call(name: str, method: str, host: str) -> AbstractContextManager[Answered]:
    """One call to F&O. It bears the name of the call and never a path, for paths hold IDs and signatures."""
    if _Switch.backend is None:
        return nullcontext(lambda status: None)
    return _Switch.backend.call(name, method, host, _linked.get())
