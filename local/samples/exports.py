"""Sample exports: what the simulated F&O makes, and what must lie in the lake afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from local.samples.package import Member, package

ACTIVITY_ID = "33333333-3333-4333-8333-333333333333"
FEED = "customer-groups-export"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSample:
    """One export message: its package (None: a message without a file) and the rows to be counted in the lake."""

    name: str
    content: bytes | None
    rows: int | None
    shows: str


def export_samples(run: str) -> list[ExportSample]:
    """All export samples of the run marked `run`."""
    groups = f"CUSTOMERGROUPID,DESCRIPTION\r\n10,Wholesale {run}\r\n20,Retail\r\n30,Internal\r\n".encode()
    customers = f"CUSTOMERACCOUNT,CUSTOMERGROUPID\r\nC-{run}-1,10\r\nC-{run}-2,20\r\n".encode()
    members = [Member(entity="Customer groups", content=groups), Member(entity="Customers V3", content=customers)]
    return [
        ExportSample(
            name=f"package {run}",
            content=package("Customer groups export", members),
            rows=5,
            shows="a package of two entities, unpacked by entity",
        ),
        ExportSample(name=f"no file {run}", content=None, rows=None, shows="a message without a file"),
    ]
