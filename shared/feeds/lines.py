"""Where in a YAML text its values stand."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

#: The keys and indexes that lead to a value.
Keys = tuple[str | int, ...]


class Lines:
    """Line numbers of a YAML document by the keys that lead to a value."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._at: dict[Keys, int] = {}
        if root is not None:
            self._walk(root, ())

    def of(self, keys: Sequence[str | int]) -> int:
        """The line of the value at `keys`, or of the nearest thing around it that was written."""
        path = tuple(keys)
        while path and path not in self._at:
            path = path[:-1]
        return self._at.get(path, 1)

    def _walk(self, node: yaml.Node, keys: Keys) -> None:
        self._at.setdefault(keys, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._at[(*keys, key.value)] = key.start_mark.line + 1
                self._walk(value, (*keys, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*keys, index))
