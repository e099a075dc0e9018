"""A feeds file read where the app's settings are not there: on a sender's machine, in a build."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from shared.domain.feed import Feed, FeedBook
from shared.errors import FaultyConfiguration, Terminal
from shared.feeds.loading import load_feeds

#: Stands for the activity ID behind a setting that is not there.
NO_ACTIVITY_ID = "00000000-0000-0000-0000-000000000000"


class NotReadable(Terminal):
    """A file that is not there or is no text; the message is one line."""


def read_text(path: Path) -> str:
    """The text of a feeds file. Raises NotReadable."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotReadable(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NotReadable(f"{path} cannot be read: it is not UTF-8") from error


def load_offline(path: Path, environ: Mapping[str, str]) -> FeedBook:
    """All feeds of a file, for the environment that it names; a placeholder stands for each setting that is missing.

    Raises NotReadable; FaultyConfiguration for every other fault of the file.
    """
    text = read_text(path)
    written = re.search(r"^environment:\s*['\"]?([\w-]+)", text, re.MULTILINE)
    stand_ins = dict.fromkeys(missing_settings(text, environ), NO_ACTIVITY_ID)
    return load_feeds(text, {**environ, **stand_ins}, written[1] if written else "", title=str(path))


def missing_settings(text: str, environ: Mapping[str, str]) -> list[str]:
    """The app settings that a feeds file names and that are not set, each once, in the order of the file."""
    named = dict.fromkeys(re.findall(r"%([A-Za-z_][A-Za-z0-9_]*)%", text))
    return [name for name in named if not environ.get(name)]


def feed_of(book: FeedBook, name: str, path: Path) -> Feed:
    """The import feed of that name. Raises FaultyConfiguration listing the known ones."""
    if name not in book.feeds:
        raise FaultyConfiguration(str(path), [f"has no feed {name}; it has {', '.join(book.feeds)}"])
    return book.feeds[name]
