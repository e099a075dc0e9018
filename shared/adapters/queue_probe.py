"""Whether the host's identity may use the host's queues, through which the blob trigger works."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import requests

from shared.errors import CourierError
from shared.ports import Place

_ROLE = "Storage Queue Data Contributor"
_SECONDS = 30


class QueueProbe:
    """One listing of the account's queues. The app itself opens none, so no client of the SDK is brought along."""

    def __init__(self, queue_uri: str, token: Callable[[], str]) -> None:
        self._url = f"{queue_uri.rstrip('/')}/?comp=list&maxresults=1"
        self._token = token

    def places(self) -> Iterator[Place]:
        """See PlaceProbe."""
        yield Place(what="host's queues (AzureWebJobsStorage)", role=_ROLE, failure=self._failure())

    def _failure(self) -> str:
        try:
            headers = {"Authorization": f"Bearer {self._token()}", "x-ms-version": "2021-12-02"}
            answer = requests.get(self._url, headers=headers, timeout=_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            return f"listing queues: storage cannot be reached ({type(error).__name__})"
        except CourierError as refused:
            return str(refused)
        return "" if answer.status_code == 200 else f"listing queues: storage answered {answer.status_code}"
