"""The `path` of a blob trigger: a container, and a pattern that names parts of the blob's path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from local.host.runtime import AppRefused

_PARAMETER = re.compile(r"\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True, slots=True)
class BlobPath:
    """`landing/{name}.csv`, read."""

    container: str
    blob: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a path in which no %SETTING% is left.

        Raises:
            AppRefused: a name stands twice, or there is no container.
        """
        container, _, pattern = text.partition("/")
        names = _PARAMETER.findall(pattern)
        if not container or len(set(names)) < len(names):
            raise AppRefused(f"blob path {text!r}: needs a container, and each {{name}} only once")
        literal_and_name = _PARAMETER.split(pattern)
        literals, names = literal_and_name[::2], literal_and_name[1::2]
        groups = [f"(?P<{name}>.+)" for name in names]
        parts = [part for pair in zip(map(re.escape, literals), [*groups, ""], strict=True) for part in pair]
        return cls(container, re.compile("".join(parts), re.DOTALL))

    def values(self, blob_name: str) -> dict[str, str]:
        """What the names stand for in this blob's path; empty when it does not fit.

        Only the metadata of an invocation have them. Which blobs come is the event subscription's business.
        """
        found = self.blob.fullmatch(blob_name)
        return found.groupdict() if found else {}
