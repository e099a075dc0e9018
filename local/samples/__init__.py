"""Sample files, each with the outcome that it must come to. Made here; no customer's data.

Content and names bear a mark of the run, since the ledger remembers what it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.samples.package import Member, package

GROUPS = "Customer groups"
CUSTOMERS = "Customers V3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A file, where it lands, and what must become of it.

    `rows` are the rows read, loaded and not loaded that F&O must count; None where it never counts any.
    """

    path: str
    content: bytes
    outcome: str
    rows: tuple[int, int, int] | None
    shows: str


def samples(run: str) -> list[Sample]:
    """All samples of the run marked `run` (letters and digits)."""
    return [
        Sample(
            path=f"customer-groups/USMF/customer-groups-2026-11-14-{run}.csv",
            content=_csv(("40", f"Wholesale {run}", "Net30"), ("50", "Retail", "Net10"), ("60", "Internal", "")),
            outcome="SUCCEEDED",
            rows=(3, 3, 0),
            shows="a good CSV file",
        ),
        Sample(
            path=f"customers/USMF/customers-2026-11-14-{run}.zip",
            content=_customers(run),
            outcome="SUCCEEDED",
            rows=(5, 5, 0),
            shows="a good data package: customers need the groups that come before them",
        ),
        Sample(
            path=f"customer-groups/DEMF/Kundengruppen Zürich 100% 2026-11-14 {run}.csv",
            content=_csv(
                ("70", f"Großhandel {run}", "Net30"),
                ("71", "", "Net30"),
                ("72", "Einzelhandel", "Net30"),
                ("KUNDENGRUPPE-73", "Nummer zu lang", "Net30"),
                ("74", "Intern", ""),
            ),
            outcome="PARTIAL",
            rows=(5, 3, 2),
            shows="two bad rows: no description, and a number that is too long",
        ),
        Sample(
            path=f"customer-groups/USMF/wrong-columns-2026-11-14-{run}.csv",
            content=f"GRP,NAME\r\n80,Export {run}\r\n".encode(),
            outcome="FAILED",
            rows=None,
            shows="columns that the data project does not map: F&O stages nothing",
        ),
        Sample(
            path=f"invoices/USMF/vendor-invoices-2026-11-14-{run}.csv",
            content=f"INVOICENUMBER\r\n{run}\r\n".encode(),
            outcome="REJECTED",
            rows=None,
            shows="no feed looks in this folder",
        ),
        Sample(
            path=f"customer-groups/USMF/empty-2026-11-14-{run}.csv",
            content=b"",
            outcome="REJECTED",
            rows=None,
            shows="an empty file",
        ),
    ]


def _csv(*rows: tuple[str, str, str]) -> bytes:
    return _table(("CUSTOMERGROUPID", "DESCRIPTION", "PAYMENTTERMID"), *rows)


def _customers(run: str) -> bytes:
    groups = _csv(("90", f"Key accounts {run}", "Net30"), ("91", "Public sector", "Net60"))
    customers = _table(
        ("CUSTOMERACCOUNT", "ORGANIZATIONNAME", "CUSTOMERGROUPID", "CREDITLIMIT"),
        (f"C-{run}-1", "Contoso Retail", "90", "50000"),
        (f"C-{run}-2", "Fabrikam & Sons", "90", "12500.50"),
        (f"C-{run}-3", "City of Adatum", "91", "0"),
    )
    members = [Member(entity=GROUPS, content=groups, level=1), Member(entity=CUSTOMERS, content=customers, level=2)]
    return package("Customers import", members)


def _table(*rows: tuple[str, ...]) -> bytes:
    """CSV as F&O's source format expects it: comma, CRLF, UTF-8. No value here needs quotes."""
    return "".join(",".join(row) + "\r\n" for row in rows).encode()
