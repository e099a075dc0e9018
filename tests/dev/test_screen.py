"""What the tour prints where there is no terminal: a line for each move, then the table, then what went wrong."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from local.tour.following import Row
from local.tour.screen import Screen

DONE = Row(
    path="customer-groups/USMF/Gruppen [neu] 2026-11-14.csv",
    etag="0x1",
    legal_entity="USMF",
    state="PARTIAL",
    reason="5 rows in, 3 loaded, 2 with errors",
    is_done=True,
    rows=(5, 3, 2),
    evidence="archive/customer-groups/2026/11/14/customer-groups.20261114.abc",
    evidence_files=2,
    expected="PARTIAL",
    expected_rows=(5, 3, 2),
)


@pytest.fixture
def printed() -> io.StringIO:
    """What was printed."""
    return io.StringIO()


@pytest.fixture
def screen(printed: io.StringIO) -> Screen:
    """A screen that is a file."""
    return Screen(Console(file=printed))


def _lines(printed: io.StringIO) -> list[str]:
    return [line.partition("  ")[2] for line in printed.getvalue().splitlines()]


def test_each_move_is_told_once(screen: Screen, printed: io.StringIO) -> None:
    sent = replace(DONE, state="ENQUEUED", is_done=False, reason="F&O took it")
    for row in (sent, sent, DONE, DONE):
        screen.tell_changes([row])
    assert _lines(printed) == [
        "customer-groups/USMF/Gruppen [neu] 2026-11-14.csv: ENQUEUED  (F&O took it)",
        "customer-groups/USMF/Gruppen [neu] 2026-11-14.csv: PARTIAL  (5 rows in, 3 loaded, 2 with errors)",
    ]


def test_a_path_that_landed_again_is_told_beside_the_first(screen: Screen, printed: io.StringIO) -> None:
    again = replace(DONE, etag="0x2", state="landed", reason="", is_done=False)
    for _ in range(3):
        screen.tell_changes([DONE, again])
    assert len(_lines(printed)) == 2


def test_a_file_of_the_user_s_own_is_told_with_the_place_where_it_is_kept(screen: Screen, printed: io.StringIO) -> None:
    screen.tell_changes([replace(DONE, expected="", expected_rows=None)])
    assert _lines(printed)[0].endswith(
        "PARTIAL  (5 rows in, 3 loaded, 2 with errors), "
        "kept in archive/customer-groups/2026/11/14/customer-groups.20261114.abc"
    )


def test_the_table_names_file_rows_outcome_and_evidence(screen: Screen, printed: io.StringIO) -> None:
    screen.result([DONE], timedelta(seconds=120))
    told = printed.getvalue()
    for part in (DONE.path, "USMF", "5 / 3 / 2", "PARTIAL", f"{DONE.evidence} (2 files)"):
        assert part in told
    assert "1 of 1 files came to the outcome" in told


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (replace(DONE, state="FAILED"), "wanted PARTIAL with rows 5 / 3 / 2"),
        (replace(DONE, rows=(5, 4, 1)), "found PARTIAL with rows 5 / 4 / 1"),
        (replace(DONE, evidence_files=1), "1 files there"),
        (replace(DONE, is_done=False, state="WAITING"), "Not at its end after 120 s"),
    ],
)
def test_a_file_that_came_to_something_else_is_named_with_the_difference(
    row: Row, says: str, screen: Screen, printed: io.StringIO
) -> None:
    assert not row.is_as_expected
    screen.result([row], timedelta(seconds=120))
    assert says in printed.getvalue()
    assert "0 of 1 files" in printed.getvalue()
