"""Rules that the first bytes and the zip as such give away."""

from __future__ import annotations

from shared.domain.checks.rules.rule import CERTAIN, EMPTY_LIST, POSSIBLE, Rule

RULES = (
    Rule(
        "not-a-package",
        CERTAIN,
        "the feed takes data packages, and this is no zip",
        EMPTY_LIST,
        "Send a zip with Manifest.xml, PackageHeader.xml and the data files at its root.",
    ),
    Rule(
        "not-a-file",
        CERTAIN,
        "the feed takes single data files, and this is a zip",
        EMPTY_LIST,
        "Send the data file itself, or make the feed's shape `package`.",
    ),
    Rule(
        "broken-zip",
        CERTAIN,
        "the zip cannot be read to its end",
        EMPTY_LIST,
        "Write the zip again; if it is being written while it lands, write it under another name and rename it.",
    ),
    Rule(
        "encrypted",
        CERTAIN,
        "a file in the zip has a password",
        EMPTY_LIST,
        "Make the zip without a password.",
    ),
    Rule(
        "unsafe-path",
        CERTAIN,
        "a name in the zip is absolute, leads upwards or has a backslash",
        EMPTY_LIST,
        "Give each file in the zip a plain name at its root: no drive, no backslash, no `..`.",
    ),
    Rule(
        "too-many-members",
        CERTAIN,
        "the zip holds more files than any data package",
        "",
        "Send a package of its own for each data project; packages of F&O have some 200 files at most.",
    ),
    Rule(
        "too-large-unpacked",
        CERTAIN,
        "the zip would unpack to more than any data package holds",
        "",
        "Split the data over several packages.",
    ),
    Rule(
        "compression-ratio",
        CERTAIN,
        "the zip would unpack to hundreds of times its size",
        "",
        "Look into the data files: data compresses 10 to 50 times, and only filler compresses like this.",
    ),
    Rule(
        "compression-method",
        POSSIBLE,
        "a file in the zip is packed by another method than Deflate, so it was not looked into",
        EMPTY_LIST,
        "Make the zip with the ordinary method (Deflate); Windows Explorer takes another above 2 GB.",
    ),
)
