"""A small catalogue of data entities by their DMF label: what a row needs to be loaded.

The labels are real; the fields are a few of each entity's, enough to accept and to reject rows. Assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entity:
    """One data entity: its key fields, all its fields, and which of them must hold what."""

    label: str
    key: tuple[str, ...]
    fields: tuple[str, ...]
    required: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    lengths: dict[str, int] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)


CATALOGUE: dict[str, Entity] = {
    entity.label: entity
    for entity in (
        Entity(
            "Customer groups",
            key=("CUSTOMERGROUPID",),
            fields=("CUSTOMERGROUPID", "DESCRIPTION", "PAYMENTTERMID"),
            required=("DESCRIPTION",),
            lengths={"CUSTOMERGROUPID": 10},
        ),
        Entity(
            "Customers V3",
            key=("CUSTOMERACCOUNT",),
            fields=("CUSTOMERACCOUNT", "ORGANIZATIONNAME", "CUSTOMERGROUPID", "CREDITLIMIT"),
            required=("CUSTOMERGROUPID",),
            numeric=("CREDITLIMIT",),
            references={"CUSTOMERGROUPID": "Customer groups"},
        ),
        Entity("Vendor groups", key=("VENDORGROUPID",), fields=("VENDORGROUPID", "DESCRIPTION")),
        Entity(
            "Vendors V2",
            key=("VENDORACCOUNTNUMBER",),
            fields=("VENDORACCOUNTNUMBER", "VENDORORGANIZATIONNAME", "VENDORGROUPID"),
            references={"VENDORGROUPID": "Vendor groups"},
        ),
        Entity(
            "Sales order headers V2",
            key=("SALESORDERNUMBER",),
            fields=("SALESORDERNUMBER", "ORDERINGCUSTOMERACCOUNTNUMBER", "CURRENCYCODE"),
        ),
        Entity(
            "Sales order lines V2",
            key=("SALESORDERNUMBER", "LINENUMBER"),
            fields=("SALESORDERNUMBER", "LINENUMBER", "ITEMNUMBER", "ORDEREDSALESQUANTITY"),
            numeric=("LINENUMBER", "ORDEREDSALESQUANTITY"),
            references={"SALESORDERNUMBER": "Sales order headers V2"},
        ),
        Entity(
            "Vendor invoice header",
            key=("HEADERREFERENCE",),
            fields=("HEADERREFERENCE", "INVOICENUMBER", "INVOICEACCOUNT", "INVOICEDATE"),
        ),
        Entity(
            "General journal",
            key=("JOURNALBATCHNUMBER", "LINENUMBER"),
            fields=("JOURNALBATCHNUMBER", "LINENUMBER", "ACCOUNTDISPLAYVALUE", "DEBITAMOUNT", "CREDITAMOUNT"),
            numeric=("LINENUMBER", "DEBITAMOUNT", "CREDITAMOUNT"),
        ),
    )
}

#: What an environment has before anything is imported: keys by entity label.
SEED: dict[str, set[tuple[str, ...]]] = {
    "Customer groups": {("10",), ("20",), ("30",)},
    "Vendor groups": {("10",), ("20",)},
}
