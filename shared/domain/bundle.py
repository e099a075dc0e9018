"""A bundle: files that belong together and are sent in one data package, found together by a key in their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

KEY = "{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleMember:
    """One file of a bundle: its name with {key} in it, its entity, and its place in the package's order.

    Units run at once, levels of a unit one after another, entities of a level in their sequence (Microsoft Learn,
    "Data import and export jobs overview"). What is None stays as the template has it.
    """

    name: str
    entity: str
    unit: int | None = None
    level: int | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The members of a feed's bundles. With `done`, a file of that name says that all of them are written.

    `wait` is how long the first file to land waits for the last one.
    """

    members: tuple[BundleMember, ...]
    done: str = ""
    wait: timedelta

    @property
    def patterns(self) -> tuple[str, ...]:
        """The names that must land, as they are written in feeds.yaml."""
        return (*(member.name for member in self.members), *filter(None, [self.done]))

    def key_of(self, name: str) -> str | None:
        """The key in a file's name; None when it is no member's."""
        return next((key for pattern in self.patterns if (key := key_in(pattern, name)) is not None), None)

    def entity_of(self, name: str) -> str:
        """The entity of a member's name; empty for the file that says done."""
        return next((m.entity for m in self.members if key_in(m.name, name) is not None), "")

    def missing(self, key: str, there: Iterable[str]) -> list[str]:
        """Names of this key that have not landed yet, in the order of feeds.yaml."""
        landed = set(there)
        return [name for name in map(lambda pattern: named(pattern, key), self.patterns) if name not in landed]


def named(pattern: str, key: str) -> str:
    """The name that a pattern stands for."""
    return pattern.replace(KEY, key)


def key_in(pattern: str, name: str) -> str | None:
    """The key by which `name` is the pattern's; None when it is not."""
    before, _, after = pattern.partition(KEY)
    found = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", name, re.DOTALL)
    return found[1] if found else None


def overlap(one: str, other: str) -> bool:
    """True when a name can be thought of that both patterns fit."""
    (head, _, tail), (head2, _, tail2) = one.partition(KEY), other.partition(KEY)
    heads = head.startswith(head2) or head2.startswith(head)
    return heads and (tail.endswith(tail2) or tail2.endswith(tail))
