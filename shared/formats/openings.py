"""The beginning of a data file, taken apart: what it is, how it is encoded, its header line. Never raises."""

from __future__ import annotations

import codecs
import csv
import io
import re
from xml.parsers import expat

from shared.domain.checks.content_check import Kind, Opening
from shared.domain.checks.findings import ZIP_SIGNATURE

_SIGNATURES = {
    ZIP_SIGNATURE: Kind.ZIP,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": Kind.OLD_EXCEL,
    b"\x1f\x8b": Kind.GZIP,
}
_MARKUP = re.compile(r"\s*<[?!\w]")
#: What no text is full of. Zero bytes are not among it: they pad fields of old systems.
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f]")
_DELIMITERS = ",;\t|"
_SAMPLE_BYTES = 512
#: Encodings that expat cannot read, though F&O may: nothing is said about them.
_UNKNOWN_ENCODING = frozenset({18, 32})


def read_opening(content: bytes, *, is_whole: bool) -> Opening:
    """Take apart the first bytes of a file; `is_whole` says that there are no more."""
    if not content:
        return Opening(kind=Kind.EMPTY, rows=0)
    for signature, kind in _SIGNATURES.items():
        if content.startswith(signature):
            return Opening(kind=kind)
    encoding, bom = _encoding_of(content)
    text = _decoded(content if encoding == "UTF-32" else content[len(bom) :], encoding)
    if _MARKUP.match(text):
        return _xml(content, encoding, is_whole=is_whole)
    if len(_CONTROL.findall(text)) > len(text) / 20:
        return Opening(kind=Kind.BINARY)
    return _table(text, encoding, has_bom=bool(bom), is_whole=is_whole)


def _encoding_of(content: bytes) -> tuple[str, bytes]:
    """(encoding, byte order mark). Without a mark, zero bytes at a tenth of every other place or more tell UTF-16."""
    for encoding, bom in (
        ("UTF-32", codecs.BOM_UTF32_LE),  # before UTF-16LE, whose mark it begins with
        ("UTF-32", codecs.BOM_UTF32_BE),
        ("UTF-8", codecs.BOM_UTF8),
        ("UTF-16LE", codecs.BOM_UTF16_LE),
        ("UTF-16BE", codecs.BOM_UTF16_BE),
    ):
        if content.startswith(bom):
            return encoding, bom
    even, odd = (content[first:_SAMPLE_BYTES:2].count(0) for first in (0, 1))
    if even == odd or max(even, odd) < len(content[:_SAMPLE_BYTES]) / 20:
        return "UTF-8", b""
    return ("UTF-16BE" if even > odd else "UTF-16LE"), b""


def _decoded(content: bytes, encoding: str) -> str:
    """As text; what is no UTF-8 is taken for the single-byte encoding of Windows. A letter cut off is left out."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeDecodeError:
        return content.decode("cp1252" if encoding == "UTF-8" else encoding, "replace")


def _xml(content: bytes, encoding: str, *, is_whole: bool) -> Opening:
    """Parse as far as the beginning goes, and never past a document type, so that nothing expands."""
    roots: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _stop
    parser.StartElementHandler = lambda name, _: roots.append(name) if not roots else None
    try:
        parser.Parse(content, is_whole)
    except _Doctype:
        return Opening(kind=Kind.XML, encoding=encoding, has_doctype=True)
    except expat.ExpatError as error:
        if error.code in _UNKNOWN_ENCODING:
            return Opening(kind=Kind.XML, encoding=encoding)
        return Opening(kind=Kind.XML, encoding=encoding, fault=str(error))
    except (ValueError, LookupError):
        return Opening(kind=Kind.XML, encoding=encoding)  # an encoding that Python does not know
    return Opening(kind=Kind.XML, encoding=encoding, has_root=bool(roots))


class _Doctype(Exception):
    """A document type was met."""


def _stop(*_: object) -> None:
    raise _Doctype


def _table(text: str, encoding: str, *, has_bom: bool, is_whole: bool) -> Opening:
    lines, ends = records(text)
    first_ends = is_whole or len(lines) > 1
    header, delimiter = _fields(lines[0]) if lines and first_ends else (None, ",")
    rows = sum(1 for line in lines[1:] if line.strip()) if is_whole else None
    return Opening(
        kind=Kind.TEXT,
        encoding=encoding,
        has_bom=has_bom,
        line_ends=frozenset(ends),
        delimiter=delimiter,
        header=header,
        rows=rows,
    )


_LINE_END = re.compile(r"\r\n|\r|\n")
_SPOKEN = {"\r\n": "CR LF", "\r": "CR", "\n": "LF"}


def records(text: str) -> tuple[list[str], set[str]]:
    """Lines that are not within quotes, the last one perhaps cut off, and the ends that were met.

    A CR that is the very last letter says nothing: its LF may not have been read.
    """
    lines: list[str] = []
    ends: set[str] = set()
    begin, quotes, counted = 0, 0, 0
    for end in _LINE_END.finditer(text):
        quotes += text.count('"', counted, end.start())
        counted = end.start()
        if quotes % 2 or (end[0] == "\r" and end.end() == len(text)):
            continue
        lines.append(text[begin : end.start()])
        ends.add(_SPOKEN[end[0]])
        begin = end.end()
    lines.append(text[begin:])
    return lines, ends


def _fields(line: str) -> tuple[tuple[str, ...], str]:
    """The fields of a header line, and the delimiter that cuts it into most."""
    delimiter = max(_DELIMITERS, key=lambda mark: (_bare(line).count(mark), mark == ","))
    try:
        fields = next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:
        fields = [line]
    return tuple(field.strip() for field in fields), delimiter


def _bare(line: str) -> str:
    """The line without what stands in quotes."""
    return "".join(line.split('"')[::2])
