"""Rules that a file's place, name and size give away; most of them reject always."""

from __future__ import annotations

from shared.domain.checks.rules.rule import ALWAYS, NO_ROWS, POSSIBLE, Rule

RULES = (
    Rule(
        "no-feed",
        ALWAYS,
        "no feed looks for files at this path",
        "",
        "Write the file where one of the feeds looks for it, or add a feed.",
    ),
    Rule(
        "company",
        ALWAYS,
        "the legal entity in the path is not one of the feed's",
        "an import into the wrong legal entity, or none at all",
        "Move the file under one of the feed's legal entities, or add this one to its companies.",
    ),
    Rule(
        "overwritten",
        ALWAYS,
        "the file was replaced before it was sent",
        "",
        "This version was never sent. If a newer one lies under the same name, it is a job of its own; "
        "write each delivery under a name of its own.",
    ),
    Rule(
        "unfit-name",
        ALWAYS,
        "the file's name cannot stand in the package that is made of it",
        "",
        "Nothing was sent. Write the file again under a name of letters, digits, spaces and `-_.`.",
    ),
    Rule(
        "not-in-bundle",
        ALWAYS,
        "the feed takes bundles, and the file's name is none of their members'",
        "",
        "Nothing was sent. Name the file as feeds.yaml has it, or add it to the bundle's members.",
    ),
    Rule(
        "bundle-incomplete",
        ALWAYS,
        "a file of the bundle had not landed when its time was over",
        "",
        "Nothing was sent. Find out why this file was not written; then write all files of the bundle again.",
    ),
    Rule(
        "empty-file",
        ALWAYS,
        "the file has 0 bytes",
        NO_ROWS,
        "Nothing was sent. Write the file again with its content; if the feed has nothing to say today, write no file.",
    ),
    Rule(
        "too-large",
        ALWAYS,
        "the file is over the feed's max_size",
        "a time-out, or 413 Request Entity Too Large",
        "Split the file, or raise the feed's max_size after trying it in a sandbox.",
    ),
    Rule(
        "large",
        POSSIBLE,
        "the file is over the feed's warn_size",
        "a time-out, or 413 Request Entity Too Large",
        "Split the file if the send fails; raise the feed's warn_size if files of this size are known to load.",
    ),
)
