"""The bench's table for people, in Markdown that a terminal shows as well."""

from __future__ import annotations

import os
import platform
import sys

from local.bench.cases import Goal
from local.bench.figures import Figure, Measured

_HEADINGS = (
    "case",
    "side",
    "wall s (range)",
    "ms each",
    "CPU s",
    "memory +MB",
    "ours: wall x",
    "ours: CPU x",
    "busiest server",
)


def machine() -> str:
    """One line about what this ran on."""
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    return f"{os.cpu_count()} cores, {system}, Python {sys.version.split()[0]}"


def head() -> str:
    """The first two lines of the table."""
    return f"| {' | '.join(_HEADINGS)} |\n|{'---|' * len(_HEADINGS)}"


def rows(measured: Measured) -> str:
    """A line for each side of a case."""
    sides = [side for side in measured.case.sides if side in measured.rounds[0].runs]
    return "\n".join(_row(measured, side) for side in sides)


def goals(measured: list[Measured]) -> str:
    """Each goal with what was reached."""
    lines = ["| goal | at most | reached | |", "|---|---|---|---|"]
    for each in measured:
        for goal in each.case.goals:
            reached = each.reached(goal)
            told = "not known here" if reached is None else f"{reached:.2f}"
            verdict = "" if reached is None else "met" if reached <= goal.at_most else "MISSED"
            lines.append(
                f"| {each.case.bench} {each.case.title}: {_named(goal, each)} | {goal.at_most:g} | {told} | {verdict} |"
            )
    return "\n".join(lines)


def counts(measured: list[Measured]) -> str:
    """What our side counted: requests for each unit of work, which are the same on any machine, and the rest."""
    lines = ["| case | counted by ours |", "|---|---|"]
    for each in measured:
        found = sorted({name for round_ in each.rounds for name in round_.runs["ours"].counts})
        told = ", ".join(_counted(each, name) for name in found)
        lines.append(f"| {each.case.bench} {each.case.title} | {told} |")
    return "\n".join(lines)


def _counted(measured: Measured, name: str) -> str:
    value, words = measured.count("ours", name), name.replace("_", " ")
    if name.endswith("_requests"):
        return f"{words} {value / measured.case.units:.2f} each {measured.case.unit}"
    return f"{words} {value:.4g}"


def _row(measured: Measured, side: str) -> str:
    wall, grown = measured.wall(side), measured.grown_mb(side)
    each = 1000 * wall.median / measured.case.units
    server, cores = measured.busiest(side)
    is_other = side != "ours"
    cells = (
        f"{measured.case.bench} {measured.case.title}",
        side,
        f"{wall.median:.2f} ({wall.lowest:.2f}..{wall.highest:.2f})",
        f"{each:.1f}",
        f"{measured.cpu(side).median:.2f}",
        "" if grown is None or side == "limit" else f"{grown:.1f}",
        _ratio(measured.ratio("wall", side)) if is_other else "",
        _ratio(measured.ratio("cpu", side)) if is_other else "",
        f"{server} {cores:.0%} of a core" if server else "",
    )
    return f"| {' | '.join(cells)} |"


def _ratio(figure: Figure) -> str:
    return f"{figure.median:.2f} ({figure.lowest:.2f}..{figure.highest:.2f})"


def _named(goal: Goal, measured: Measured) -> str:
    if goal.of:
        return f"{goal.figure} of ours over {goal.of}"
    if goal.figure == "grown_mb":
        return "growth of memory, MB"
    unit = f" for each {measured.case.unit}" if goal.per > 1 else ""
    return f"{goal.figure.replace('_', ' ')}{unit}"
