"""What is measured: each benchmark's cases, from a smoke of seconds to those that take an hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

KB, MB, GB = 1000, 1000**2, 1000**3


class Scale(IntEnum):
    """How much is run: a smoke for the tests, the default of a few minutes, everything."""

    TINY = 0
    DEFAULT = 1
    BIG = 2


@dataclass(frozen=True, slots=True)
class Goal:
    """A threshold of ours: a ratio to another side (`of` its name), or a count or growth of our own (`of` empty).

    `figure` is `wall`, `cpu`, `grown_mb`, or the name of a count; `per` divides a count or a time.
    """

    figure: str
    at_most: float
    of: str = ""
    per: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the table: who runs what how often."""

    bench: str
    title: str
    module: str
    told: dict[str, Any]
    unit: str
    units: int
    rounds: int
    sides: tuple[str, ...] = ("ours", "naive", "limit")
    goals: tuple[Goal, ...] = field(default=())


def cases(scale: Scale) -> list[Case]:
    """All cases of a scale; the smoke has its own, the largest has all others too."""
    return [case for make in (_imports, _packages, _polls, _exports, _bursts, _cold_starts) for case in make(scale)]


def _imports(scale: Scale) -> list[Case]:
    if scale is Scale.TINY:
        return [_import("10 KB", 10 * KB, 3, 4, rounds=1), _import("1 MB", MB, 2, 1, rounds=1)]
    small = (Goal("cpu", 0.60, "naive"), Goal("wall", 0.25, "naive"), Goal("cpu", 5.0, "limit"))
    large = (Goal("wall", 0.75, "limit"), Goal("cpu", 0.50, "limit"), Goal("grown_mb", 4.0))
    found = [
        _import("10 KB", 10 * KB, 60, 8, rounds=3, goals=small),
        _import("1 MB", MB, 20, 8, rounds=3),
        _import("50 MB", 50 * MB, 2, 1, rounds=3, goals=large),
    ]
    if scale is Scale.BIG:
        found += [
            _import("500 MB", 500 * MB, 1, 1, rounds=3, goals=large),
            _import("2 GiB", 2 * 1024**3, 1, 1, rounds=3, goals=large),
        ]
    return found


def _import(size: str, size_bytes: int, files: int, at_once: int, rounds: int, goals: tuple[Goal, ...] = ()) -> Case:
    return Case(
        bench="import",
        title=f"{files} x {size}",
        module="imports",
        told={"size_bytes": size_bytes, "files": files, "at_once": at_once},
        unit="file",
        units=files,
        rounds=rounds,
        goals=goals,
    )


def _packages(scale: Scale) -> list[Case]:
    if scale is Scale.TINY:
        return [_package("1 MB", MB, 1.0, rounds=1)]
    found = [_package("50 MB", 50 * MB, 0.15, rounds=3)]
    return [*found, _package("500 MB", 500 * MB, 0.02, rounds=3)] if scale is Scale.BIG else found


def _package(size: str, size_bytes: int, wall_of_naive: float, rounds: int) -> Case:
    return Case(
        bench="package",
        title=f"check of {size}",
        module="packages",
        told={"size_bytes": size_bytes},
        unit="check",
        units=1,
        rounds=rounds,
        sides=("ours", "naive"),
        goals=(Goal("wall", wall_of_naive, "naive"), Goal("blob_requests", 3), Goal("grown_mb", 2.0)),
    )


def _polls(scale: Scale) -> list[Case]:
    if scale is Scale.TINY:
        return [_poll(5, 5, 0.0, rounds=1)]
    found = [_poll(1000, 3000, 0.0, rounds=2), _poll(200, 0, 0.05, rounds=1)]
    if scale is Scale.BIG:
        found += [_poll(10_000, 10_000, 0.0, rounds=2), _poll(1000, 1_000_000, 0.0, rounds=2)]
    return found


def _poll(due: int, finished: int, service_seconds: float, rounds: int) -> Case:
    slow = f", {service_seconds * 1000:.0f} ms each" if service_seconds else ""
    return Case(
        bench="poll",
        title=f"{due:,} due of {due + finished:,}{slow}",
        module="polls",
        told={"due": due, "finished": finished, "service_seconds": service_seconds},
        unit="job",
        units=due,
        rounds=rounds,
        goals=(Goal("cpu", 1.0, "naive"), Goal("wall", 1.0, "naive")),
    )


def _exports(scale: Scale) -> list[Case]:
    if scale is Scale.TINY:
        return [_export(2, "1 MB", MB, rounds=1)]
    found = [_export(100, "1 MB", MB, rounds=2)]
    if scale is Scale.BIG:
        found += [_export(200, "1 MB", MB, rounds=3), _export(1, "2 GiB", 2 * 1024**3, rounds=2)]
    return found


def _export(count: int, size: str, size_bytes: int, rounds: int) -> Case:
    return Case(
        bench="export",
        title=f"{count} x {size}",
        module="exports",
        told={"exports": count, "size_bytes": size_bytes},
        unit="export",
        units=count,
        rounds=rounds,
        goals=(Goal("grown_mb", 4.0), Goal("cpu", 0.4, "naive"), Goal("wall", 0.7, "limit")),
    )


def _bursts(scale: Scale) -> list[Case]:
    return [_burst(files) for files in {0: (4,), 1: (100,), 2: (100, 1000, 10_000)}[scale]]


def _burst(files: int) -> Case:
    return Case(
        bench="burst",
        title=f"{files:,} x 10 KB, cap 50, three hosts",
        module="bursts",
        told={"files": files},
        unit="file",
        units=files,
        rounds=1,
        sides=("ours", "one host"),
    )


def _cold_starts(scale: Scale) -> list[Case]:
    importing = (Goal("wall", 1.25, "limit"), Goal("wall", 0.40, "naive"))
    rounds = 1 if scale is Scale.TINY else 5
    return [
        _cold("import of function_app", False, rounds, ("ours", "naive", "limit"), importing),
        _cold("import and first file", True, rounds, ("ours", "naive"), (Goal("wall", 1.25, "naive"),)),
    ]


def _cold(title: str, takes_a_file: bool, rounds: int, sides: tuple[str, ...], goals: tuple[Goal, ...]) -> Case:
    return Case(
        bench="cold",
        title=title,
        module="cold",
        told={"takes_a_file": takes_a_file},
        unit="start",
        units=1,
        rounds=rounds,
        sides=sides,
        goals=goals,
    )
