"""What the environment holds: the rows of each data entity in each legal entity, written by key."""

from __future__ import annotations

from collections.abc import Mapping

from .entities import CATALOGUE, Entity, Key

#: Keys that every legal entity has before anything is imported.
SEED: dict[str, tuple[str, ...]] = {"Customer groups": ("10", "20", "30"), "Vendor groups": ("10", "20")}


class Tables:
    """The target tables. A second row of one key replaces the first (upsert)."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], dict[Key, tuple[str, ...]]] = {}

    def upsert(self, legal_entity: str, entity: Entity, row: Mapping[str, str]) -> bool:
        """Write a row; True when it replaced one."""
        table = self._table(legal_entity, entity.label)
        key = tuple(row[name] for name in entity.key)
        there = key in table
        table[key] = tuple(row.get(name, "") for name in entity.fields)
        return there

    def holds(self, legal_entity: str, label: str, value: str) -> bool:
        """True when the entity has a row whose one-field key is `value`."""
        return (value,) in self._table(legal_entity, label)

    def rows(self, legal_entity: str, label: str) -> list[dict[str, str]]:
        """All rows of an entity, in the order in which their keys first came; seeded rows have their key only."""
        entity = CATALOGUE[label]
        return [dict(zip(entity.fields, values, strict=True)) for values in self._table(legal_entity, label).values()]

    def clear(self) -> None:
        """Back to the seed."""
        self._rows.clear()

    def _table(self, legal_entity: str, label: str) -> dict[Key, tuple[str, ...]]:
        place = (legal_entity.upper(), label)
        if place not in self._rows:
            others = ("",) * (len(CATALOGUE[label].fields) - 1)
            self._rows[place] = {(key,): (key, *others) for key in SEED.get(label, ())}
        return self._rows[place]
