"""A client of the simulator that knows nothing of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.simulator import Simulator

FILE = "11111111-1111-4111-8111-111111111111"
PACKAGE = "22222222-2222-4222-8222-222222222222"
EXPORT = "33333333-3333-4333-8333-333333333333"
CSV = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n"
GROUPS = "?entity=Customer%20groups"


class Caller:
    """Signed in as the default client."""

    def __init__(self, simulator: Simulator) -> None:
        self.world = simulator.world
        self.base = simulator.url
        self.session = requests.Session()
        self.token = self.sign_in().json()["access_token"]

    def sign_in(self, **changes: str) -> requests.Response:
        """A token by client secret, v2; `changes` to the form."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.world.client_id,
            "client_secret": self.world.client_secret,
            "scope": f"{self.base}/.default",
        }
        return requests.post(f"{self.base}/{self.world.tenant_id}/oauth2/v2.0/token", data=form | changes, timeout=10)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """A call with the token."""
        headers = {"Authorization": f"Bearer {options.pop('token', self.token)}"} | options.pop("headers", {})
        return self.session.request(
            method, self.base + path, headers=headers, timeout=10, allow_redirects=False, **options
        )

    def post_file(
        self, body: Any = CSV, activity: str = FILE, query: str = GROUPS, **options: Any
    ) -> requests.Response:
        """Enqueue."""
        return self.call("POST", f"/api/connector/enqueue/{activity}{query}", data=body, **options)

    def enqueue(self, body: bytes = CSV, activity: str = FILE, query: str = GROUPS) -> str:
        """Enqueue and return the message ID."""
        return str(self.post_file(body, activity, query).json())

    def imported(self, body: bytes = CSV, activity: str = FILE, query: str = GROUPS) -> Any:
        """Enqueue, let it run to its end, return the message."""
        message_id = self.enqueue(body, activity, query)
        self.run()
        return self.world.messages[message_id]

    def status(self, message_id: str, activity: str = FILE) -> dict[str, Any]:
        """jobstatus."""
        return dict(self.call("GET", f"/api/connector/jobstatus/{activity}?jobId={message_id}").json())

    def state(self, message_id: str) -> Any:
        """The state that jobstatus tells."""
        return self.status(message_id)["DataJobStatus"]["DataJobState"]

    def act(self, name: str, **told: Any) -> requests.Response:
        """A DMF action."""
        path = f"/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.{name}"
        return self.call("POST", path, json=told)

    def action(self, name: str, **told: Any) -> Any:
        """The value of a DMF action."""
        return self.act(name, **told).json()["value"]

    def run(self) -> None:
        """As many recurrences as an import needs."""
        for _ in range(3):
            self.world.recurrence_tick()

    def signs_in_again(self) -> None:
        """A fresh token, after the clock was moved."""
        self.token = self.sign_in().json()["access_token"]


@pytest.fixture
def caller(simulator: Simulator) -> Iterator[Caller]:
    """A signed-in caller."""
    made = Caller(simulator)
    yield made
    made.session.close()
