"""Rules over a data package's directory and manifest."""

from __future__ import annotations

from shared.domain.checks.rules.rule import CERTAIN, EMPTY_LIST, NO_ROWS, POSSIBLE, Rule

RULES = (
    Rule(
        "no-manifest",
        CERTAIN,
        "the package has no Manifest.xml",
        EMPTY_LIST,
        "Start from a package that the data project exports: Manifest.xml, PackageHeader.xml, data files.",
    ),
    Rule(
        "no-package-header",
        POSSIBLE,
        "the package has no PackageHeader.xml",
        EMPTY_LIST,
        "Start from a package that the data project exports, and keep its PackageHeader.xml.",
    ),
    Rule(
        "folder-in-package",
        CERTAIN,
        "Manifest.xml lies in a folder of the zip",
        "400 Bad Request, or failed before staging with an empty error list",
        "Zip the files themselves, not the folder that they lie in: Manifest.xml must be at the root.",
    ),
    Rule(
        "unreadable-manifest",
        CERTAIN,
        "Manifest.xml cannot be read",
        EMPTY_LIST,
        "Export the package from the data project again, and change nothing but the data files.",
    ),
    Rule(
        "no-entity",
        CERTAIN,
        "the manifest names no entity",
        NO_ROWS,
        "Export the package from the data project again, or add the entity to its PackageEntityList.",
    ),
    Rule(
        "no-field-map",
        CERTAIN,
        "the manifest maps no column of an entity",
        NO_ROWS,
        "Add the EntityMapList of the data project's own package: one EntityMap for each column.",
    ),
    Rule(
        "element-order",
        CERTAIN,
        "elements of the manifest, of an entity or of its field map are not in alphabetical order",
        "the misplaced elements are passed over without a word",
        "Put the elements into alphabetical order, as F&O's own packages have them.",
    ),
    Rule(
        "missing-member",
        CERTAIN,
        "a data file that the manifest names is not in the zip under that name",
        EMPTY_LIST,
        "Name the data file exactly as InputFilePath does, at the root of the zip.",
    ),
    Rule(
        "file-in-folder",
        POSSIBLE,
        "a data file that the manifest names lies in a folder of the zip",
        EMPTY_LIST,
        "Put the data files beside Manifest.xml, at the root of the zip, and name them so in InputFilePath.",
    ),
    Rule(
        "file-unnamed",
        POSSIBLE,
        "a file at the root of the zip is named by no entity of the manifest",
        "the file is passed over without a word",
        "Take the file out, or add its entity to the manifest as the data project exports it.",
    ),
    Rule(
        "file-shared",
        POSSIBLE,
        "two entities of the manifest name the same data file",
        "the same rows are imported into both",
        "Give each entity a data file of its own, unless this is meant.",
    ),
    Rule(
        "entity-twice",
        POSSIBLE,
        "the manifest names an entity more than once",
        "rows of the second file are staged over those of the first",
        "Put all rows of an entity into one data file, unless this is meant.",
    ),
    Rule(
        "duplicate-member",
        CERTAIN,
        "the zip holds a name twice",
        "one of the two is imported, and nothing says which",
        "Keep one file of each name in the package.",
    ),
    Rule(
        "composite-not-alone",
        CERTAIN,
        "a composite entity shares its package with another entity",
        "",
        "Send each composite entity in a package of its own, from a data project of its own.",
    ),
    Rule(
        "wrong-entity",
        CERTAIN,
        "the manifest names an entity that the feed's entities do not list",
        "in process for ever: the import never ends",
        "Write the entity's label exactly as the data project shows it, or add it to the feed's entities.",
    ),
    Rule(
        "encoded-entity",
        POSSIBLE,
        "an entity's label holds `+` or `%20`",
        "in process for ever: the import never ends",
        "Write the label with plain spaces, exactly as the data project shows it.",
    ),
    Rule(
        "empty-package",
        CERTAIN,
        "every data file of the package has 0 bytes",
        NO_ROWS,
        "Write the data files again with their content; if there is nothing to say today, write no package.",
    ),
)
