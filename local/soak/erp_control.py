"""The simulator's control surface, from outside its process."""

from __future__ import annotations

from typing import Any

import requests


class Erp:
    """The simulator's control surface."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def ask(self, what: str) -> Any:
        """GET /_sim/`what`."""
        return self._checked(self._session.get(f"{self.url}/_sim/{what}", timeout=60))

    def tell(self, what: str, told: object) -> Any:
        """POST /_sim/`what`, as JSON."""
        return self._checked(self._session.post(f"{self.url}/_sim/{what}", json=told, timeout=60))

    def export(self, activity_id: str, content: bytes | None) -> None:
        """Let F&O produce an export; None: one without a file."""
        query = {"no_file": "1"} if content is None else {}
        self._checked(
            self._session.post(f"{self.url}/_sim/exports/{activity_id}", params=query, data=content or b"", timeout=60)
        )

    def _checked(self, answer: requests.Response) -> Any:
        answer.raise_for_status()
        return answer.json()
