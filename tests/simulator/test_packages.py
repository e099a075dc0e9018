"""Data packages: encodings, order, mappings, and what makes one fail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.packages import zipped
from tests.simulator.conftest import CSV, PACKAGE, Caller

GROUP_FIELDS, CUSTOMER_FIELDS = ("CUSTOMERGROUPID", "DESCRIPTION"), ("CUSTOMERACCOUNT", "CUSTOMERGROUPID")
CUSTOMERS = b"CUSTOMERACCOUNT,CUSTOMERGROUPID\r\nC1,40\r\n"


def manifest(rows: str) -> str:
    """A manifest of these entities."""
    return (
        f"<DataManagementPackageManifest><PackageEntityList>{rows}</PackageEntityList></DataManagementPackageManifest>"
    )


def entity(
    label: str,
    level: int = 1,
    fields: tuple[str, ...] = GROUP_FIELDS,
    before: str = "",
    after: str = "",
    ending: str = "csv",
) -> str:
    """One entity, its elements in alphabetical order; columns are named after their fields."""
    maps = "".join(f"<EntityMap><EntityField>{f}</EntityField><XMLField>{f}</XMLField></EntityMap>" for f in fields)
    return (
        f"<DataManagementPackageEntityData>{before}<EntityMapList>{maps}</EntityMapList>"
        f"<EntityName>{label}</EntityName><ExecutionUnit>1</ExecutionUnit>"
        f"<InputFilePath>{label}.{ending}</InputFilePath>"
        f"<LevelInExecutionUnit>{level}</LevelInExecutionUnit>{after}</DataManagementPackageEntityData>"
    )


def groups_package(row: str = "", content: bytes = CSV) -> bytes:
    """A package of one file of customer groups."""
    return zipped({"Manifest.xml": manifest(row or entity("Customer groups")).encode(), "Customer groups.csv": content})


def imported(caller: Caller, package: bytes) -> Any:
    """The message of a package that ran to its end."""
    return caller.imported(package, PACKAGE, "?company=USMF")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("levels", "customers_written"), [((1, 2), 1), ((2, 1), 0)])
def test_entities_run_by_their_levels_whatever_the_manifests_encoding(
    caller: Caller, encoding: str, levels: tuple[int, int], customers_written: int
) -> None:
    rows = entity("Customer groups", levels[0]) + entity("Customers V3", levels[1], CUSTOMER_FIELDS)
    files = {
        "Manifest.xml": manifest(rows).encode(encoding),
        "Customer groups.csv": CSV,
        "Customers V3.csv": CUSTOMERS,
    }
    message = imported(caller, zipped(files))
    written = {result.entity: result.written for result in message.entities}
    assert written == {"Customer groups": 1, "Customers V3": customers_written}


def test_the_first_bytes_of_a_manifest_by_f_and_o_are_understood(caller: Caller) -> None:
    content = b"\xff\xfe" + manifest(entity("Customer groups")).encode("utf-16-le")
    message = imported(caller, zipped({"manifest.XML": content, "customer groups.CSV": CSV}))
    assert (message.state, message.rows_written) == (5, 1)


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({"Manifest.xml": manifest(entity("Customer groups", fields=())), "Customer groups.csv": CSV}, 5),
        ({"p/Manifest.xml": manifest(""), "p/Customer groups.csv": CSV}, 8),
        ({"Manifest.xml": manifest(entity("Customer groups")), "Customer groups.csv": CSV, "p/x": b""}, 8),
        ({"Manifest.xml": manifest(entity("Customer groups"))}, 8),
        ({"Manifest.xml": manifest(entity("No such entity")), "No such entity.csv": CSV}, 8),
        ({"Manifest.xml": manifest(entity("Customer groups", 0)).replace(">0<", ">one<")}, 8),
        ({"Manifest.xml": "<broken"}, 8),
        ({"Customer groups.csv": CSV}, 8),
    ],
)
def test_a_package_ends_as_its_content_deserves(caller: Caller, files: dict[str, Any], state: int) -> None:
    members = {name: body if isinstance(body, bytes) else body.encode() for name, body in files.items()}
    message = imported(caller, zipped(members))
    assert (message.state, message.rows_written) == (state, 0)


GOOD = groups_package()


@pytest.mark.parametrize("body", [CSV, b"", GOOD[:-30], GOOD[:60] + bytes(4) + GOOD[64:], bytes(20) + GOOD[20:]])
def test_what_is_no_whole_zip_fails_before_staging(caller: Caller, body: bytes) -> None:
    assert imported(caller, body).state == 8


def test_an_element_out_of_order_is_skipped_as_the_real_reader_does(caller: Caller) -> None:
    row = entity("Customer groups", before="<SourceFormat>CSV</SourceFormat>")
    assert imported(caller, groups_package(row)).state == 8


def test_a_mapping_out_of_order_maps_nothing_and_writes_no_row(caller: Caller) -> None:
    turned = "<EntityMap><XMLField>DESCRIPTION</XMLField><EntityField>DESCRIPTION</EntityField></EntityMap>"
    row = entity("Customer groups", fields=()).replace("<EntityMapList>", f"<EntityMapList>{turned}")
    message = imported(caller, groups_package(row))
    assert (message.state, message.rows_written) == (5, 0)


def test_columns_are_loaded_by_the_mapping_and_others_are_left(caller: Caller) -> None:
    row = entity("Customer groups").replace("<XMLField>DESCRIPTION", "<XMLField>Name of the group")
    body = b"CUSTOMERGROUPID,Name of the group,PAYMENTTERMID\r\n40,Wholesale,Net30\r\n"
    assert imported(caller, groups_package(row, body)).rows_written == 1
    written = caller.world.rows("USMF", "Customer groups")[-1]
    assert written == {"CUSTOMERGROUPID": "40", "DESCRIPTION": "Wholesale", "PAYMENTTERMID": ""}


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (CSV.decode().encode("utf-16"), 5),
        (CSV.replace(b"\r\n", b"\n").decode().encode("utf-16"), 8),
        (CSV, 8),
    ],
)
def test_the_unicode_format_wants_its_byte_order_mark_and_crlf(caller: Caller, content: bytes, state: int) -> None:
    row = entity("Customer groups", after="<SourceFormat>CSV-Unicode</SourceFormat>")
    assert imported(caller, groups_package(row, content)).state == state


def test_rows_of_an_xml_file_are_counted(caller: Caller) -> None:
    row = entity("Customer groups", ending="xml")
    members = {"Manifest.xml": manifest(row).encode(), "Customer groups.xml": b"<Document><G/><G/></Document>"}
    assert imported(caller, zipped(members)).rows_written == 2
    members["Customer groups.xml"] = b"<Document>"
    assert imported(caller, zipped(members)).state == 8
