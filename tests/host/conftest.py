"""A world of its own for each test that starts a host."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.host.running import World

if TYPE_CHECKING:
    from local.azurite import Azurite


@pytest.fixture
def world(azurite: Azurite) -> World:
    """Containers and a host ID that no other test uses."""
    return World(azurite.connection_string, uuid.uuid4().hex[:10])
