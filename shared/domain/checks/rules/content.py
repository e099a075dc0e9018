"""Rules over the beginning of a data file: format, encoding, header, XML."""

from __future__ import annotations

from shared.domain.checks.rules.rule import CERTAIN, EMPTY_LIST, POSSIBLE, Rule

RULES = (
    Rule(
        "empty-member",
        POSSIBLE,
        "a data file of the package has 0 bytes",
        "zero rows for that entity, or failed before staging with an empty error list",
        "Write the data file with at least its header line, or leave its entity out of the package.",
    ),
    Rule(
        "no-rows",
        POSSIBLE,
        "a data file has a header and no rows",
        "processed, with zero rows",
        "Look at the source if rows were expected; if there is nothing to say today, write no file.",
    ),
    Rule(
        "wrong-format",
        CERTAIN,
        "a data file is of another format than is declared for it",
        EMPTY_LIST,
        "Write the file in the declared source format, or change the format in the data project and here.",
    ),
    Rule(
        "unicode-expected",
        CERTAIN,
        "declared CSV-Unicode, and the file is not UTF-16LE with a byte order mark",
        "a misleading mapping error, or failed before staging with an empty error list",
        "Write the file as UTF-16LE with a byte order mark (Windows calls it Unicode), "
        "or choose the source format CSV in the data project.",
    ),
    Rule(
        "unicode-line-ends",
        CERTAIN,
        "declared CSV-Unicode, and lines do not end with CR LF",
        "a misleading mapping error",
        "End each line with CR LF, as Windows does.",
    ),
    Rule(
        "unicode-unexpected",
        POSSIBLE,
        "declared CSV, and the file is UTF-16",
        "columns that are not found, or garbled values",
        "Write the file as UTF-8, or choose the source format CSV-Unicode in the data project.",
    ),
    Rule(
        "line-ends",
        POSSIBLE,
        "lines of a CSV file do not all end with CR LF",
        "rows that run together, or a misleading mapping error",
        "End each line with CR LF, as Windows does.",
    ),
    Rule(
        "delimiter",
        POSSIBLE,
        "the columns of a CSV file are not set apart by commas",
        "a mapping error, or zero rows loaded",
        "Write commas between the columns, unless the data project's source format names this delimiter.",
    ),
    Rule(
        "no-header",
        POSSIBLE,
        "the first line of a CSV file holds none of the expected column names",
        "a mapping error, or the first row of data lost",
        "Write the column names as the first line, spelled as the mapping has them.",
    ),
    Rule(
        "missing-column",
        POSSIBLE,
        "the field map names columns that the file does not have",
        "a mapping error, or fields that stay empty",
        "Write these columns, spelled as the mapping has them, or take them out of the data project's mapping.",
    ),
    Rule(
        "columns",
        CERTAIN,
        "the file lacks columns that the feed's columns name",
        "a mapping error, or fields that stay empty",
        "Write these columns, spelled as the feed has them, or correct the feed's columns.",
    ),
    Rule(
        "unmapped-column",
        POSSIBLE,
        "the file has columns that are not mapped",
        "their values are not imported, and nothing says so",
        "Add the columns to the data project's mapping, or leave them out of the file.",
    ),
    Rule(
        "duplicate-column",
        POSSIBLE,
        "a column name comes twice in the header",
        "a mapping error, or one of the two is imported and nothing says which",
        "Give each column a name of its own.",
    ),
    Rule(
        "xml-doctype",
        CERTAIN,
        "an XML file has a document type, which may expand without end",
        "XML is not in correct format, with zero rows in staging",
        "Write the XML without a DOCTYPE; data needs none.",
    ),
    Rule(
        "xml-late-root",
        POSSIBLE,
        "the first 32 KB of an XML file hold no element, so nothing of it was looked into",
        "XML is not in correct format, with zero rows in staging",
        "Take the long comment at the beginning of the file out.",
    ),
    Rule(
        "broken-xml",
        CERTAIN,
        "an XML file is not well-formed",
        "XML is not in correct format, with zero rows in staging",
        "Write the file again by a library that writes XML; look at the place named, often an & or < left as it is.",
    ),
)
