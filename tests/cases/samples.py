"""One small file for each mistake that users of F&O are known to make, and for what real packages may be.

`CASES` is by a sentence that says what is wrong; `GOOD` by one that says what is right though it looks unusual. What a
functional user reads about each case stands in messages.txt, as it is printed.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.samples.package import Member, package
from shared.domain.feed import Checks, Feed, Shape, SourceFormat
from tests.builders import a_feed
from tests.packages import zipped


@dataclass(frozen=True, kw_only=True)
class Case:
    """A file as it lands for a feed."""

    feed: Feed
    content: bytes
    name: str = "customers.zip"


def _package(content: bytes, **feed: Any) -> Case:
    return Case(feed=a_feed(name="customers", shape=Shape.PACKAGE, entity="", **feed), content=content)


def _file(content: bytes, name: str = "groups.csv", **feed: Any) -> Case:
    return Case(feed=a_feed(**feed), content=content, name=name)


GROUPS_CSV = b"CUSTOMERGROUPID,DESCRIPTION\r\n40,Wholesale\r\n"
GROUPS = Member(entity="Customer groups", content=GROUPS_CSV)
CUSTOMERS = Member(entity="Customers V3", content=b"CUSTOMERACCOUNT,NAME\r\nC1,Contoso\r\n", level=2)
GOOD_PACKAGE = package("Customers import", [GROUPS, CUSTOMERS])
#: What Excel and Notepad call Unicode, and F&O CSV-Unicode.
UNICODE = b"\xff\xfe" + GROUPS_CSV.decode().encode("utf-16-le")
XML = b'<?xml version="1.0"?><Document><CUSTGROUP><ID>40</ID></CUSTGROUP></Document>'
XLSX = zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})


def members_of(body: bytes) -> dict[str, bytes]:
    """The files of a zip."""
    with zipfile.ZipFile(io.BytesIO(body)) as made:
        return {name: made.read(name) for name in made.namelist()}


def with_members(changes: Mapping[str, bytes | None], body: bytes = GOOD_PACKAGE) -> bytes:
    """The good package with files added, replaced, or (None) left out."""
    members: dict[str, bytes | None] = {**members_of(body), **changes}
    return zipped({name: content for name, content in members.items() if content is not None})


def with_manifest(find: str, put: str, body: bytes = GOOD_PACKAGE) -> bytes:
    """A package with something in its manifest replaced, by a pattern, at its first place."""
    text = members_of(body)["Manifest.xml"].decode("utf-16")
    changed, places = re.subn(find, lambda _: put, text, count=1, flags=re.DOTALL)
    assert places == 1
    return with_members({"Manifest.xml": changed.encode("utf-16")}, body)


def _with_format(name: str, content: bytes) -> bytes:
    """The good package whose first data file is declared so and is this."""
    named = with_manifest("<SourceFormat>CSV<", f"<SourceFormat>{name}<")
    return with_members({"Customer groups.csv": content}, named)


def _with_label(label: str) -> bytes:
    return with_manifest("<EntityName>Customer groups<", f"<EntityName>{label}<")


def _locked() -> bytes:
    """The good package with the bit set that says a file has a password."""
    body = bytearray(GOOD_PACKAGE)
    for signature, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        begin = body.rindex(signature)
        body[begin + at] |= 1
    return bytes(body)


def _packed_by(method: int) -> bytes:
    """The good package with its data files packed by another method."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in members_of(GOOD_PACKAGE).items():
            made.writestr(name, content, compress_type=method if name.endswith(".csv") else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _claiming(size_bytes: int) -> bytes:
    """The good package and fillers whose entries in the directory say that they are so large."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in members_of(GOOD_PACKAGE).items():
            made.writestr(name, content)
        for number in range(-(-size_bytes // 4_000_000_000)):
            made.writestr(f"filler {number}.csv", b"")
            made.getinfo(f"filler {number}.csv").file_size = 4_000_000_000
    return out.getvalue()


def _twice() -> bytes:
    """The good package with one file in it again, in other letters."""
    return with_members({"CUSTOMER GROUPS.CSV": GROUPS_CSV})


_COMPOSITES = package(
    "Orders",
    [Member(entity=f"{name} composite V4", content=GROUPS_CSV) for name in ("Sales orders", "Purchase orders")],
)
_LABELS = ("Customer groups", "Customers V3")
_EXPANDING = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><Document>&b;</Document>'

CASES: dict[str, Case] = {
    "the zip holds a folder that holds the package": _package(
        zipped({f"customers/{name}": content for name, content in members_of(GOOD_PACKAGE).items()})
    ),
    "the zip was made with backslashes in its names": _package(
        zipped({f"customers\\{name}": content for name, content in members_of(GOOD_PACKAGE).items()})
    ),
    "the package has no manifest": _package(with_members({"Manifest.xml": None})),
    "the package has no header": _package(with_members({"PackageHeader.xml": None})),
    "a data file is missing": _package(with_members({"Customers V3.csv": None})),
    "a data file has another name than the manifest says": _package(
        with_members({"Customers V3.csv": None, "Customers_V3.csv": CUSTOMERS.content})
    ),
    "a data file lies in a folder beside the manifest": _package(
        with_members(
            {"Customers V3.csv": None, "data/Customers V3.csv": CUSTOMERS.content},
            with_manifest("<InputFilePath>Customers V3", "<InputFilePath>data/Customers V3"),
        )
    ),
    "a data file is there that no entity names": _package(with_members({"Vendors.csv": b"V\r\n1\r\n"})),
    "two entities name one data file": _package(
        with_manifest("<InputFilePath>Customers V3", "<InputFilePath>Customer groups")
    ),
    "an entity stands in the manifest twice": _package(
        with_manifest("<EntityName>Customers V3", "<EntityName>Customer groups")
    ),
    "a data file comes twice": _package(_twice()),
    "the manifest has no field map": _package(with_manifest("<EntityMapList>.*?</EntityMapList>", "<EntityMapList/>")),
    "the elements of the manifest are out of order": _package(
        with_manifest("<DefaultRefreshType>FullPush</DefaultRefreshType>", "<SourceFormat>CSV</SourceFormat>")
    ),
    "a field map is out of order": _package(
        with_manifest(
            "(<EntityField>CUSTOMERGROUPID</EntityField>)", "<XMLField/><EntityField>CUSTOMERGROUPID</EntityField>"
        )
    ),
    "the manifest names no entity": _package(with_members({"Manifest.xml": b"<DataManagementPackageManifest/>"})),
    "the manifest is cut off": _package(with_members({"Manifest.xml": b"<DataManagementPackageManifest><Pack"})),
    "the manifest expands": _package(with_members({"Manifest.xml": _EXPANDING})),
    "the entity is not one of the feed's": _package(_with_label("Vendor groups"), entities=_LABELS),
    "the entity is written with a plus": _package(_with_label("Customer+groups"), entities=_LABELS),
    "the entity is written in other letters": _package(_with_label("CUSTOMER GROUPS"), entities=_LABELS),
    "the entity looks written for a URL, in a feed that lists none": _package(_with_label("Customer%20groups")),
    "two composite entities share a package": _package(_COMPOSITES),
    "the package is no zip": _package(GROUPS_CSV),
    "the zip is cut off": _package(GOOD_PACKAGE[:-200]),
    "the zip has a password": _package(_locked()),
    "the zip unpacks to hundreds of times its size": _package(with_members({"filler.csv": bytes(30_000_000)})),
    "the zip unpacks to more than any package": _package(_claiming(51_000_000_000)),
    "a name in the zip leads upwards": _package(with_members({"../../etc/cron.d/job": b"x"})),
    "the zip holds thousands of files": _package(with_members({f"note {n}.txt": b"" for n in range(5_001)})),
    "a data file is packed by another method": _package(_packed_by(zipfile.ZIP_BZIP2)),
    "every data file of the package is empty": _package(
        with_members({"Customer groups.csv": b"", "Customers V3.csv": b""})
    ),
    "one data file of the package is empty": _package(with_members({"Customers V3.csv": b""})),
    "a data file lacks a column of the field map": _package(
        with_members({"Customer groups.csv": b"CUSTOMERGROUPID\r\n40\r\n"})
    ),
    "a data file has a column that is not mapped": _package(
        with_members({"Customer groups.csv": b"CUSTOMERGROUPID,DESCRIPTION,COLOUR\r\n40,Wholesale,red\r\n"})
    ),
    "a data file has no header line": _package(with_members({"Customer groups.csv": b"40,Wholesale\r\n50,Retail\r\n"})),
    "a data file has semicolons between its columns": _package(
        with_members({"Customer groups.csv": GROUPS_CSV.replace(b",", b";")})
    ),
    "a data file has a column twice": _package(
        with_members({"Customer groups.csv": b"CUSTOMERGROUPID,DESCRIPTION,Description\r\n40,Wholesale,x\r\n"})
    ),
    "the data files have headers and no rows": _package(
        with_members(
            {"Customer groups.csv": b"CUSTOMERGROUPID,DESCRIPTION\r\n", "Customers V3.csv": b"CUSTOMERACCOUNT,NAME"}
        )
    ),
    "declared CSV-Unicode, written as UTF-8": _package(_with_format("CSV-Unicode", GROUPS_CSV)),
    "declared CSV-Unicode, written without a byte order mark": _package(_with_format("CSV-Unicode", UNICODE[2:])),
    "declared CSV-Unicode, written big-endian": _package(
        _with_format("CSV-Unicode", b"\xfe\xff" + GROUPS_CSV.decode().encode("utf-16-be"))
    ),
    "declared CSV-Unicode, lines end with LF alone": _package(
        _with_format("CSV-Unicode", b"\xff\xfe" + GROUPS_CSV.decode().replace("\r\n", "\n").encode("utf-16-le"))
    ),
    "declared CSV, written as CSV-Unicode": _package(_with_format("CSV", UNICODE)),
    "declared CSV, lines end with LF alone": _package(_with_format("CSV", GROUPS_CSV.replace(b"\r\n", b"\n"))),
    "declared CSV, and it is a web page": _package(_with_format("CSV", b"<!DOCTYPE html><html>Sign in</html>")),
    "declared CSV, and it is a workbook": _package(_with_format("CSV", XLSX)),
    "declared CSV, and it is packed with gzip": _package(_with_format("CSV", gzip.compress(GROUPS_CSV, mtime=0))),
    "declared CSV, and it is no text at all": _package(_with_format("CSV", bytes(range(256)))),
    "declared CSV-Unicode, written as UTF-32": _package(
        _with_format("CSV-Unicode", codecs.BOM_UTF32_LE + GROUPS_CSV.decode().encode("utf-32-le"))
    ),
    "declared EXCEL, and it is an old workbook": _package(
        _with_format("EXCEL", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))
    ),
    "declared XML, and it is CSV": _package(_with_format("XML-Element", GROUPS_CSV)),
    "an XML file expands": _package(_with_format("XML-Element", _EXPANDING)),
    "an XML file begins with a very long comment": _package(
        _with_format("XML-Element", b"<!--" + b"x" * 40_000 + b"-->" + _EXPANDING)
    ),
    "an XML file has a bare ampersand": _package(_with_format("XML-Element", b"<Document><N>A & B</N></Document>")),
    "the file is empty": _file(b""),
    "the file is over the hard limit": _file(GROUPS_CSV, max_size_bytes=40),
    "the file is over the soft limit": _file(GROUPS_CSV, warn_size_bytes=40),
    "a package lands where single files are expected": _file(GOOD_PACKAGE, name="groups.zip"),
    "a single file lacks a column that the feed insists on": _file(
        GROUPS_CSV, columns=("CUSTOMERGROUPID", "PAYMENTTERM")
    ),
    "a single file is CSV-Unicode and the feed says CSV": _file(UNICODE, file_format=SourceFormat.CSV),
    "a single file is CSV and the feed says CSV-Unicode": _file(GROUPS_CSV, file_format=SourceFormat.CSV_UNICODE),
    "a feed that is strict rejects what may fail": _file(
        GROUPS_CSV.replace(b"\r\n", b"\n"), file_format=SourceFormat.CSV, checks=Checks.REJECT
    ),
    "a feed that is lenient sends what will probably fail": _file(
        GROUPS_CSV, file_format=SourceFormat.CSV_UNICODE, checks=Checks.WARN
    ),
    "a feed that is lenient still rejects an empty file": _file(b"", checks=Checks.WARN),
}

_ALL_FORMATS = with_manifest(
    "<SourceFormat>CSV<",
    "<SourceFormat>EXCEL<",
    with_manifest(
        "<SourceFormat>CSV<",
        "<SourceFormat>XML-Element<",
        with_manifest(
            "<SourceFormat>CSV<",
            "<SourceFormat>CSV-Unicode<",
            package("P", [Member(entity=f"Entity {n}", content=GROUPS_CSV) for n in range(4)]),
        ),
    ),
)

GOOD: dict[str, Case] = {
    "a package as F&O writes it, UTF-16LE without an XML declaration": _package(GOOD_PACKAGE),
    "a manifest in UTF-8": _package(
        with_members({"Manifest.xml": members_of(GOOD_PACKAGE)["Manifest.xml"].decode("utf-16").encode()})
    ),
    "CSV-Unicode, XML, XLSX and CSV in one package": _package(
        with_members({"Entity 0.csv": UNICODE, "Entity 1.csv": XML, "Entity 2.csv": XLSX}, _ALL_FORMATS)
    ),
    "two hundred entities": _package(
        package("P", [Member(entity=f"Entity {n}", content=GROUPS_CSV) for n in range(200)])
    ),
    "one entity of several without rows": _package(
        with_members({"Customer groups.csv": b"CUSTOMERGROUPID,DESCRIPTION\r\n"})
    ),
    "a column that F&O fills by itself is not in the file": _package(
        with_members(
            {"Customer groups.csv": b"DESCRIPTION\r\nWholesale\r\n"},
            with_manifest("<IsAutoGenerated>false<", "<IsAutoGenerated>true<"),
        )
    ),
    "a source format with a name that the customer gave it": _package(_with_format("Pipe format", b"a|b\n1|2\n")),
    "a file with semicolons and LF in a feed that declares no format": _file(b"A;B\n1;2\n"),
    "an XSLT in the folder for resources": _package(with_members({"Resources/map.xslt": b"<x/>"})),
    "a header in other letters and order": _package(
        with_members({"Customer groups.csv": b'Description,"CustomerGroupId"\r\n"A, B",40\r\n'})
    ),
    "a line break within quotes": _package(
        with_members({"Customer groups.csv": b'CUSTOMERGROUPID,DESCRIPTION\r\n40,"two\nlines"\r\n'})
    ),
    "XML in an encoding of Windows": _package(
        _with_format("XML-Element", '<?xml version="1.0" encoding="windows-1252"?><D>Zürich</D>'.encode("cp1252"))
    ),
    "a label with a plus that belongs there": _package(_with_label("Vendors + contacts")),
    "a CSV file with a UTF-8 mark": _file(b"\xef\xbb\xbf" + GROUPS_CSV, file_format=SourceFormat.CSV),
    "a workbook for a file feed": _file(XLSX, name="groups.xlsx", file_format=SourceFormat.EXCEL),
    "a composite entity alone": _package(
        package("P", [Member(entity="Sales orders composite V4", content=GROUPS_CSV)])
    ),
}
