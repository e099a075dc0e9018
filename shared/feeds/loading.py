"""feeds.yaml becomes a FeedBook, or one error that lists every fault with its line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from shared.domain.feed import FeedBook
from shared.errors import FaultyConfiguration
from shared.feeds.book import book_of
from shared.feeds.lines import Lines
from shared.feeds.meaning import faults_of
from shared.feeds.schema_faults import schema_fault

SCHEMA_PATH = Path(__file__).with_name("feeds.schema.json")

#: A line number and one sentence.
Fault = tuple[int, str]


def load_feeds(text: str, environ: Mapping[str, str], environment: str, title: str = "feeds.yaml") -> FeedBook:
    """Read and check a feeds file. `environ` gives the app settings that %SETTING% names.

    `title` is the file's path, for the messages and because templates are named relative to it.

    Raises:
        FaultyConfiguration: lists all faults at once, each with its line and what to write instead.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FaultyConfiguration(title, [_yaml_sentence(error)]) from error
    lines, folder = Lines(node), Path(title).parent
    faults = [*_duplicates(node), *_schema_faults(document, lines)]
    if isinstance(document, dict):
        faults += [(lines.of(keys), fault) for keys, fault in faults_of(document, environ, environment, folder)]
    if faults:
        raise FaultyConfiguration(title, [f"line {line}: {fault}" for line, fault in sorted(set(faults))])
    return book_of(document, environ, folder, hashlib.sha256(text.encode()).hexdigest()[:12])


def _yaml_sentence(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}this is not YAML: {getattr(error, 'problem', None) or error}"


def _duplicates(root: yaml.Node | None) -> Iterator[Fault]:
    """A key written twice: YAML would silently keep the last."""
    if isinstance(root, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in root.value:
            if key.value in seen:
                yield key.start_mark.line + 1, f"`{key.value}` is written twice; keep one"
            seen.add(key.value)
            yield from _duplicates(value)


def _schema_faults(document: object, lines: Lines) -> Iterator[Fault]:
    schema = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    for error in Draft202012Validator(schema).iter_errors(document):
        keys, sentence = schema_fault(error)
        yield lines.of(keys), sentence
