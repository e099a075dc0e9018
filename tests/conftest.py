"""What all tests share: Azurite, names of their own in it, the simulator, a clock, and a clean environment."""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from local.app_settings import OURS
from shared.telemetry import quiet_libraries
from tests.builders import ManualClock
from tests.leaks import leaks_in

if TYPE_CHECKING:
    from local.azurite import Azurite
    from local.simulator import Simulator

settings.register_profile(
    "quick",
    max_examples=40,
    deadline=None,  # a busy machine is no bug
    print_blob=True,  # a failure names the line that repeats it
    suppress_health_check=[HealthCheck.too_slow],  # nor is a slow example
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=1000)
quiet_libraries()  # as the app does; their request logs would drown ours
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test whose log or output holds a token, a signed URL or a row fails, whatever else it found."""
    report = yield
    if "pytester" in getattr(item, "fixturenames", ()):
        return report  # it plants a leak in a test of its own
    if report.when == "teardown" and (leaks := leaks_in("\n".join(text for _, text in report.sections))):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: its output holds " + "; ".join(leaks)
    return report


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in filter(OURS.fullmatch, list(os.environ)):
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One Azurite in memory for all tests of this process; `storage_names` keeps them apart."""
    from local.azurite import Azurite

    with Azurite.start() as running:
        yield running


class StorageNames:
    """Names that no other test uses, by the rules of the services: lower case, a letter first, short enough."""

    def __init__(self) -> None:
        self._mark = uuid.uuid4().hex[:10]

    def container(self, kind: str) -> str:
        """A container of this test: the same kind has the same name."""
        return f"{kind}-{self._mark}"

    def table(self, kind: str) -> str:
        """A table of this test; only letters and digits are allowed."""
        return f"{kind}{self._mark}"

    def queue(self, kind: str) -> str:
        """A queue of this test."""
        return f"{kind}-{self._mark}"


@pytest.fixture
def storage_names() -> StorageNames:
    """Containers, tables and queues of this test alone."""
    return StorageNames()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A fresh F&O on loopback; `simulator.world` is what it knows, `simulator.url` where it is."""
    from local.simulator import Simulator

    with Simulator() as running:
        yield running


@pytest.fixture
def clock() -> ManualClock:
    """A clock that tests move."""
    return ManualClock()
