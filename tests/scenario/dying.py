"""Kills a worker on the way into or out of its n-th call to the world outside.

Dying on the way out is the case in which the effect has happened and nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable
from types import GeneratorType
from typing import Any

from shared.wiring import Doors


class Killed(BaseException):
    """The process is gone. A BaseException, so that no handler of ours takes it for a fault of the world."""


class Reaper:
    """Counts the calls through wrapped doors and kills at the chosen one."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.calls: list[str] = []

    def strike(self, name: str) -> None:
        """Note one entry or exit; die if it is the chosen one."""
        self.calls.append(name)
        if len(self.calls) == self.step:
            raise Killed(name)

    def wrap(self, doors: Doors) -> Doors:
        """The same doors, watched: every public method of every one, whatever they come to offer."""
        wrapped = {name: Watched(getattr(doors, name), name, self) for name in Doors.__slots__}
        return Doors(**wrapped)  # type: ignore[arg-type]  # a watched door is as good as the door


class ReaperAt(Reaper):
    """Kills at the n-th call of one name, wherever others fall between: gauges read what earlier deaths left open."""

    def __init__(self, name: str, nth: int) -> None:
        super().__init__(step=0)
        self._name, self._nth = name, nth

    def strike(self, name: str) -> None:
        """See Reaper."""
        super().strike(name)
        if name == self._name and self.calls.count(name) == self._nth:
            raise Killed(name)


class Watched:
    """A door whose every public method strikes on the way in and on the way out."""

    def __init__(self, door: Any, name: str, reaper: Reaper) -> None:
        self._door = door
        self._name = name
        self._reaper = reaper

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._door, name)
        if name.startswith("_") or not callable(found):
            return found
        return self._watched(f"{self._name}.{name}", found)

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._reaper.strike(f"into {name}")
            result = call(*args, **kwargs)
            if isinstance(result, GeneratorType):
                result = iter(list(result))
            self._reaper.strike(f"out of {name}")
            return result

        return watched
