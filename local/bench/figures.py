"""Runs become figures: medians and spread of each side, and ratios taken within a round."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from local.bench.cases import Case, Goal
from local.bench.meter import Run


@dataclass(frozen=True, slots=True)
class Round:
    """One run of each side, seconds apart, and how busy the servers were meanwhile (1.0 is one whole core)."""

    runs: dict[str, Run]
    server_cores: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A median with its range."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: list[float]) -> Figure:
        """Of at least one value."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Measured:
    """A case and all of its rounds."""

    case: Case
    rounds: list[Round]

    def wall(self, side: str) -> Figure:
        """Seconds of a run."""
        return Figure.of([each.runs[side].wall_seconds for each in self.rounds])

    def cpu(self, side: str) -> Figure:
        """CPU seconds of a run, of the client alone."""
        return Figure.of([each.runs[side].cpu_seconds for each in self.rounds])

    def grown_mb(self, side: str) -> float | None:
        """The largest growth of resident memory in any run, in 10^6 bytes."""
        grown = [each.runs[side].grown_bytes for each in self.rounds]
        told = [value for value in grown if value is not None]
        return max(told) / 1e6 if told else None

    def count(self, side: str, name: str) -> float:
        """What the side counted, the median of the rounds; 0 when it did not."""
        return median(each.runs[side].counts.get(name, 0) for each in self.rounds)

    def ratio(self, figure: str, other: str) -> Figure:
        """`wall` or `cpu` of ours over that of another side."""
        name = f"{figure}_seconds"
        return Figure.of([_over(each.runs["ours"], each.runs[other], name) for each in self.rounds])

    def busiest(self, side: str) -> tuple[str, float]:
        """The server that computed most during the runs of a side, and how many cores it took; ("", 0) if unknown."""
        servers = self.rounds[0].server_cores[side]
        cores = {name: median(each.server_cores[side][name] for each in self.rounds) for name in servers}
        return max(cores.items(), key=lambda pair: pair[1], default=("", 0.0))

    def reached(self, goal: Goal) -> float | None:
        """Our figure for a goal; None when this machine does not tell or the other side did not run."""
        if goal.of:
            return self.ratio(goal.figure, goal.of).median if goal.of in self.case.sides else None
        if goal.figure == "grown_mb":
            return self.grown_mb("ours")
        if goal.figure in {"wall", "cpu"}:
            own = self.wall("ours") if goal.figure == "wall" else self.cpu("ours")
            return own.median / goal.per
        return self.count("ours", goal.figure) / goal.per

    def as_json(self) -> dict[str, Any]:
        """Everything that was measured, and each goal with what was reached."""
        return {
            "bench": self.case.bench,
            "title": self.case.title,
            "told": self.case.told,
            "unit": self.case.unit,
            "units": self.case.units,
            "rounds": [
                {
                    "runs": {side: run.as_json() for side, run in each.runs.items()},
                    "server_cores": each.server_cores,
                }
                for each in self.rounds
            ],
            "goals": [
                {
                    "figure": goal.figure,
                    "of": goal.of,
                    "per": goal.per,
                    "at_most": goal.at_most,
                    "reached": self.reached(goal),
                }
                for goal in self.case.goals
            ],
        }


def _over(ours: Run, other: Run, name: str) -> float:
    """A side that computed for less than the system's clock can tell counts as one tick of it."""
    return float(getattr(ours, name)) / max(float(getattr(other, name)), 0.01)
