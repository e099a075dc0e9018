"""A stand-in for Finance & Operations: the recurring integrations API, the DMF actions, sign-in. See README.md."""

from .server import Simulator
from .world import World

__all__ = ["Simulator", "World"]
