"""The catalogue of rules that a file is checked by: what is wrong, what F&O makes of it, what to do.

docs/checks.md lists the same rules, and a test compares the two. Sources of the symptoms: Microsoft Learn "Data
management package REST API" and "Data management overview", threads of users, and Microsoft's own client for recurring
integrations. Where two sources differ, or only one was found, the rule warns and does not reject.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_EMPTY_LIST = "failed before staging, with an empty error list"
_NO_ROWS = "processed, with zero rows loaded"


class Weight(StrEnum):
    """What a broken rule leads to. A feed's `checks` may change that for all but the first."""

    ALWAYS = "rejects always"
    CERTAIN = "rejects"
    POSSIBLE = "warns"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `symptom` is what F&O shows when the file is sent all the same; empty when it would show nothing."""

    name: str
    weight: Weight
    wrong: str
    symptom: str
    advice: str


_ALWAYS, _CERTAIN, _POSSIBLE = Weight.ALWAYS, Weight.CERTAIN, Weight.POSSIBLE

_WHERE_AND_SIZE = (
    Rule(
        "no-feed",
        _ALWAYS,
        "no feed looks for files at this path",
        "",
        "Write the file where one of the feeds looks for it, or add a feed.",
    ),
    Rule(
        "company",
        _ALWAYS,
        "the legal entity in the path is not one of the feed's",
        "an import into the wrong legal entity, or none at all",
        "Move the file under one of the feed's legal entities, or add this one to its companies.",
    ),
    Rule(
        "overwritten",
        _ALWAYS,
        "the file was replaced before it was sent",
        "",
        "This version was never sent. If a newer one lies under the same name, it is a job of its own; "
        "write each delivery under a name of its own.",
    ),
    Rule(
        "unfit-name",
        _ALWAYS,
        "the file's name cannot stand in the package that is made of it",
        "",
        "Nothing was sent. Write the file again under a name of letters, digits, spaces and `-_.`.",
    ),
    Rule(
        "not-in-bundle",
        _ALWAYS,
        "the feed takes bundles, and the file's name is none of their members'",
        "",
        "Nothing was sent. Name the file as feeds.yaml has it, or add it to the bundle's members.",
    ),
    Rule(
        "bundle-incomplete",
        _ALWAYS,
        "a file of the bundle had not landed when its time was over",
        "",
        "Nothing was sent. Find out why this file was not written; then write all files of the bundle again.",
    ),
    Rule(
        "empty-file",
        _ALWAYS,
        "the file has 0 bytes",
        _NO_ROWS,
        "Nothing was sent. Write the file again with its content; if the feed has nothing to say today, write no file.",
    ),
    Rule(
        "too-large",
        _ALWAYS,
        "the file is over the feed's max_size",
        "a time-out, or 413 Request Entity Too Large",
        "Split the file, or raise the feed's max_size after trying it in a sandbox.",
    ),
    Rule(
        "large",
        _POSSIBLE,
        "the file is over the feed's warn_size",
        "a time-out, or 413 Request Entity Too Large",
        "Split the file if the send fails; raise the feed's warn_size if files of this size are known to load.",
    ),
)

_SHAPE = (
    Rule(
        "not-a-package",
        _CERTAIN,
        "the feed takes data packages, and this is no zip",
        _EMPTY_LIST,
        "Send a zip with Manifest.xml, PackageHeader.xml and the data files at its root.",
    ),
    Rule(
        "not-a-file",
        _CERTAIN,
        "the feed takes single data files, and this is a zip",
        _EMPTY_LIST,
        "Send the data file itself, or make the feed's shape `package`.",
    ),
    Rule(
        "broken-zip",
        _CERTAIN,
        "the zip cannot be read to its end",
        _EMPTY_LIST,
        "Write the zip again; if it is being written while it lands, write it under another name and rename it.",
    ),
    Rule(
        "encrypted",
        _CERTAIN,
        "a file in the zip has a password",
        _EMPTY_LIST,
        "Make the zip without a password.",
    ),
    Rule(
        "unsafe-path",
        _CERTAIN,
        "a name in the zip is absolute, leads upwards or has a backslash",
        _EMPTY_LIST,
        "Give each file in the zip a plain name at its root: no drive, no backslash, no `..`.",
    ),
    Rule(
        "too-many-members",
        _CERTAIN,
        "the zip holds more files than any data package",
        "",
        "Send a package of its own for each data project; packages of F&O have some 200 files at most.",
    ),
    Rule(
        "too-large-unpacked",
        _CERTAIN,
        "the zip would unpack to more than any data package holds",
        "",
        "Split the data over several packages.",
    ),
    Rule(
        "compression-ratio",
        _CERTAIN,
        "the zip would unpack to hundreds of times its size",
        "",
        "Look into the data files: data compresses 10 to 50 times, and only filler compresses like this.",
    ),
    Rule(
        "compression-method",
        _POSSIBLE,
        "a file in the zip is packed by another method than Deflate, so it was not looked into",
        _EMPTY_LIST,
        "Make the zip with the ordinary method (Deflate); Windows Explorer takes another above 2 GB.",
    ),
)

_PACKAGE = (
    Rule(
        "no-manifest",
        _CERTAIN,
        "the package has no Manifest.xml",
        _EMPTY_LIST,
        "Start from a package that the data project exports: Manifest.xml, PackageHeader.xml, data files.",
    ),
    Rule(
        "no-package-header",
        _POSSIBLE,
        "the package has no PackageHeader.xml",
        _EMPTY_LIST,
        "Start from a package that the data project exports, and keep its PackageHeader.xml.",
    ),
    Rule(
        "folder-in-package",
        _CERTAIN,
        "Manifest.xml lies in a folder of the zip",
        "400 Bad Request, or failed before staging with an empty error list",
        "Zip the files themselves, not the folder that they lie in: Manifest.xml must be at the root.",
    ),
    Rule(
        "unreadable-manifest",
        _CERTAIN,
        "Manifest.xml cannot be read",
        _EMPTY_LIST,
        "Export the package from the data project again, and change nothing but the data files.",
    ),
    Rule(
        "no-entity",
        _CERTAIN,
        "the manifest names no entity",
        _NO_ROWS,
        "Export the package from the data project again, or add the entity to its PackageEntityList.",
    ),
    Rule(
        "no-field-map",
        _CERTAIN,
        "the manifest maps no column of an entity",
        _NO_ROWS,
        "Add the EntityMapList of the data project's own package: one EntityMap for each column.",
    ),
    Rule(
        "element-order",
        _CERTAIN,
        "elements of the manifest, of an entity or of its field map are not in alphabetical order",
        "the misplaced elements are passed over without a word",
        "Put the elements into alphabetical order, as F&O's own packages have them.",
    ),
    Rule(
        "missing-member",
        _CERTAIN,
        "a data file that the manifest names is not in the zip under that name",
        _EMPTY_LIST,
        "Name the data file exactly as InputFilePath does, at the root of the zip.",
    ),
    Rule(
        "file-in-folder",
        _POSSIBLE,
        "a data file that the manifest names lies in a folder of the zip",
        _EMPTY_LIST,
        "Put the data files beside Manifest.xml, at the root of the zip, and name them so in InputFilePath.",
    ),
    Rule(
        "file-unnamed",
        _POSSIBLE,
        "a file at the root of the zip is named by no entity of the manifest",
        "the file is passed over without a word",
        "Take the file out, or add its entity to the manifest as the data project exports it.",
    ),
    Rule(
        "file-shared",
        _POSSIBLE,
        "two entities of the manifest name the same data file",
        "the same rows are imported into both",
        "Give each entity a data file of its own, unless this is meant.",
    ),
    Rule(
        "entity-twice",
        _POSSIBLE,
        "the manifest names an entity more than once",
        "rows of the second file are staged over those of the first",
        "Put all rows of an entity into one data file, unless this is meant.",
    ),
    Rule(
        "duplicate-member",
        _CERTAIN,
        "the zip holds a name twice",
        "one of the two is imported, and nothing says which",
        "Keep one file of each name in the package.",
    ),
    Rule(
        "composite-not-alone",
        _CERTAIN,
        "a composite entity shares its package with another entity",
        "",
        "Send each composite entity in a package of its own, from a data project of its own.",
    ),
    Rule(
        "wrong-entity",
        _CERTAIN,
        "the manifest names an entity that the feed's entities do not list",
        "in process for ever: the import never ends",
        "Write the entity's label exactly as the data project shows it, or add it to the feed's entities.",
    ),
    Rule(
        "encoded-entity",
        _POSSIBLE,
        "an entity's label holds `+` or `%20`",
        "in process for ever: the import never ends",
        "Write the label with plain spaces, exactly as the data project shows it.",
    ),
    Rule(
        "empty-package",
        _CERTAIN,
        "every data file of the package has 0 bytes",
        _NO_ROWS,
        "Write the data files again with their content; if there is nothing to say today, write no package.",
    ),
)

_CONTENT = (
    Rule(
        "empty-member",
        _POSSIBLE,
        "a data file of the package has 0 bytes",
        "zero rows for that entity, or failed before staging with an empty error list",
        "Write the data file with at least its header line, or leave its entity out of the package.",
    ),
    Rule(
        "no-rows",
        _POSSIBLE,
        "a data file has a header and no rows",
        "processed, with zero rows",
        "Look at the source if rows were expected; if there is nothing to say today, write no file.",
    ),
    Rule(
        "wrong-format",
        _CERTAIN,
        "a data file is of another format than is declared for it",
        _EMPTY_LIST,
        "Write the file in the declared source format, or change the format in the data project and here.",
    ),
    Rule(
        "unicode-expected",
        _CERTAIN,
        "declared CSV-Unicode, and the file is not UTF-16LE with a byte order mark",
        "a misleading mapping error, or failed before staging with an empty error list",
        "Write the file as UTF-16LE with a byte order mark (Windows calls it Unicode), "
        "or choose the source format CSV in the data project.",
    ),
    Rule(
        "unicode-line-ends",
        _CERTAIN,
        "declared CSV-Unicode, and lines do not end with CR LF",
        "a misleading mapping error",
        "End each line with CR LF, as Windows does.",
    ),
    Rule(
        "unicode-unexpected",
        _POSSIBLE,
        "declared CSV, and the file is UTF-16",
        "columns that are not found, or garbled values",
        "Write the file as UTF-8, or choose the source format CSV-Unicode in the data project.",
    ),
    Rule(
        "line-ends",
        _POSSIBLE,
        "lines of a CSV file do not all end with CR LF",
        "rows that run together, or a misleading mapping error",
        "End each line with CR LF, as Windows does.",
    ),
    Rule(
        "delimiter",
        _POSSIBLE,
        "the columns of a CSV file are not set apart by commas",
        "a mapping error, or zero rows loaded",
        "Write commas between the columns, unless the data project's source format names this delimiter.",
    ),
    Rule(
        "no-header",
        _POSSIBLE,
        "the first line of a CSV file holds none of the expected column names",
        "a mapping error, or the first row of data lost",
        "Write the column names as the first line, spelled as the mapping has them.",
    ),
    Rule(
        "missing-column",
        _POSSIBLE,
        "the field map names columns that the file does not have",
        "a mapping error, or fields that stay empty",
        "Write these columns, spelled as the mapping has them, or take them out of the data project's mapping.",
    ),
    Rule(
        "columns",
        _CERTAIN,
        "the file lacks columns that the feed's columns name",
        "a mapping error, or fields that stay empty",
        "Write these columns, spelled as the feed has them, or correct the feed's columns.",
    ),
    Rule(
        "unmapped-column",
        _POSSIBLE,
        "the file has columns that are not mapped",
        "their values are not imported, and nothing says so",
        "Add the columns to the data project's mapping, or leave them out of the file.",
    ),
    Rule(
        "duplicate-column",
        _POSSIBLE,
        "a column name comes twice in the header",
        "a mapping error, or one of the two is imported and nothing says which",
        "Give each column a name of its own.",
    ),
    Rule(
        "xml-doctype",
        _CERTAIN,
        "an XML file has a document type, which may expand without end",
        "XML is not in correct format, with zero rows in staging",
        "Write the XML without a DOCTYPE; data needs none.",
    ),
    Rule(
        "xml-late-root",
        _POSSIBLE,
        "the first 32 KB of an XML file hold no element, so nothing of it was looked into",
        "XML is not in correct format, with zero rows in staging",
        "Take the long comment at the beginning of the file out.",
    ),
    Rule(
        "broken-xml",
        _CERTAIN,
        "an XML file is not well-formed",
        "XML is not in correct format, with zero rows in staging",
        "Write the file again by a library that writes XML; look at the place named, often an & or < left as it is.",
    ),
)

#: Every rule by its name.
RULES: dict[str, Rule] = {rule.name: rule for rule in (*_WHERE_AND_SIZE, *_SHAPE, *_PACKAGE, *_CONTENT)}
