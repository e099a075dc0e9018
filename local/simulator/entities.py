"""A small catalogue of data entities by their DMF label: what a row needs to be loaded.

The labels are real. The fields are a few of each entity's, enough to accept and to reject rows; which of them are
required, and how long they may be, is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

#: Keys of an entity's rows, as far as a row refers to them.
Key = tuple[str, ...]
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DATE_FORMS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M:%S")


@dataclass(frozen=True, slots=True)
class Entity:
    """One data entity: its fields, the first of which are its key, and what each must hold.

    `references` names for a field the entity that must already have a row of that one-field key.
    """

    label: str
    key: Key
    fields: tuple[str, ...]
    required: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    lengths: Mapping[str, int] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)

    def unstageable(self, row: Mapping[str, str]) -> tuple[str, str] | None:
        """(field, why) when a value does not fit its field's type, so the row fails from file to staging."""
        for name in self.numeric:
            if row.get(name) and not _NUMBER.fullmatch(row[name]):
                return name, f"Value '{row[name]}' of field {name} is not a number"
        for name in self.dates:
            if row.get(name) and not _is_date(row[name]):
                return name, f"Value '{row[name]}' of field {name} is not a date"
        for name, most in self.lengths.items():
            if len(row.get(name, "")) > most:
                return name, f"Value of field {name} is longer than {most} characters"
        return None

    def unfilled(self, row: Mapping[str, str]) -> tuple[str, str] | None:
        """(field, why) when a key or required field is empty: the row is staged and fails on its way to the target."""
        for name in (*self.key, *self.required):
            if not row.get(name):
                return name, f"Field '{name}' must be filled in. validateField failed on data entity '{self.label}'"
        return None


def _is_date(text: str) -> bool:
    for form in _DATE_FORMS:
        try:
            datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
        except ValueError:
            continue
        return True
    return False


CATALOGUE: dict[str, Entity] = {
    entity.label: entity
    for entity in (
        Entity(
            "Customer groups",
            key=("CUSTOMERGROUPID",),
            fields=("CUSTOMERGROUPID", "DESCRIPTION", "PAYMENTTERMID"),
            required=("DESCRIPTION",),
            lengths={"CUSTOMERGROUPID": 10, "DESCRIPTION": 60},
        ),
        Entity(
            "Customers V3",
            key=("CUSTOMERACCOUNT",),
            fields=("CUSTOMERACCOUNT", "ORGANIZATIONNAME", "CUSTOMERGROUPID", "CREDITLIMIT"),
            required=("CUSTOMERGROUPID",),
            numeric=("CREDITLIMIT",),
            lengths={"CUSTOMERACCOUNT": 20, "ORGANIZATIONNAME": 100},
            references={"CUSTOMERGROUPID": "Customer groups"},
        ),
        Entity(
            "Vendor groups",
            key=("VENDORGROUPID",),
            fields=("VENDORGROUPID", "DESCRIPTION"),
            lengths={"VENDORGROUPID": 10},
        ),
        Entity(
            "Vendors V2",
            key=("VENDORACCOUNTNUMBER",),
            fields=("VENDORACCOUNTNUMBER", "VENDORORGANIZATIONNAME", "VENDORGROUPID"),
            lengths={"VENDORACCOUNTNUMBER": 20},
            references={"VENDORGROUPID": "Vendor groups"},
        ),
        Entity(
            "Sales order headers V2",
            key=("SALESORDERNUMBER",),
            fields=("SALESORDERNUMBER", "ORDERINGCUSTOMERACCOUNTNUMBER", "CURRENCYCODE", "REQUESTEDSHIPPINGDATE"),
            dates=("REQUESTEDSHIPPINGDATE",),
            lengths={"SALESORDERNUMBER": 20, "CURRENCYCODE": 3},
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
            dates=("INVOICEDATE",),
            lengths={"HEADERREFERENCE": 60, "INVOICENUMBER": 20},
        ),
        Entity(
            "General journal",
            key=("JOURNALBATCHNUMBER", "LINENUMBER"),
            fields=(
                "JOURNALBATCHNUMBER",
                "LINENUMBER",
                "TRANSDATE",
                "ACCOUNTDISPLAYVALUE",
                "DEBITAMOUNT",
                "CREDITAMOUNT",
            ),
            numeric=("LINENUMBER", "DEBITAMOUNT", "CREDITAMOUNT"),
            dates=("TRANSDATE",),
        ),
    )
}
