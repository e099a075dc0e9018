"""The bench runs end to end in its smallest sizes. Its counts are asserted, for they have no noise; its times never."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest

from local.bench import curl, ground, report, rounds
from local.bench.cases import Case, Scale, cases
from local.bench.ground import Servers

pytestmark = pytest.mark.skipif(curl.PROGRAM is None, reason="the limit is curl")

#: Requests of ours for each unit, in the smallest sizes, where one transaction serves few: no more than these.
MOST_REQUESTS = {
    "import": {"blob_requests": 2, "erp_requests": 1, "table_requests": 10.5},
    "package": {"blob_requests": 2, "erp_requests": 0, "table_requests": 0},
    "poll": {"blob_requests": 0, "erp_requests": 1, "table_requests": 3.5},
    "export": {"blob_requests": 7, "erp_requests": 3.5, "table_requests": 8.5},
}


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers of the bench's own."""
    with ground.up() as running:
        yield running


@pytest.mark.parametrize("bench", MOST_REQUESTS)
def test_each_side_gives_figures_and_ours_sends_no_more_requests_than_it_did(servers: Servers, bench: str) -> None:
    case = next(case for case in cases(Scale.TINY) if case.bench == bench)
    measured = rounds.measure(case, servers, random.Random(1))
    told = json.loads(json.dumps(measured.as_json()))
    (only,) = told["rounds"]
    assert set(only["runs"]) == set(case.sides)
    assert all(run["wall_seconds"] > 0 and run["cpu_seconds"] >= 0 for run in only["runs"].values())
    sent = only["runs"]["ours"]["counts"]
    most = {name: number * case.units for name, number in MOST_REQUESTS[bench].items()}
    assert {name: sent.get(name, 0) for name in most if sent.get(name, 0) > most[name]} == {}
    assert len(report.rows(measured).splitlines()) == len(case.sides)
    assert f"| {bench} {case.title} |" in report.counts([measured])


@pytest.mark.parametrize("scale", Scale)
def test_every_benchmark_has_cases_of_every_scale_and_no_two_of_one_name(scale: Scale) -> None:
    found = cases(scale)
    assert {case.bench for case in found} == {"import", "package", "poll", "export", "burst", "cold"}
    assert len({_name(case) for case in found}) == len(found)
    assert all(goal.of in {"", *case.sides} for case in found for goal in case.goals)


def _name(case: Case) -> str:
    return f"{case.bench} {case.title}"
