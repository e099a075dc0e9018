"""Rows of a file that streams by, counted where its format allows: CSV and XML, not workbooks."""

from __future__ import annotations

import codecs
from xml.parsers import expat

_CSV = (".csv", ".txt", ".tsv")


class RowCounter:
    """Counts nothing: the format cannot be counted."""

    @staticmethod
    def for_name(name: str) -> RowCounter:
        """The counter for a file's name."""
        lower = name.casefold()
        if lower.endswith(_CSV):
            return CsvRows()
        return XmlRows() if lower.endswith(".xml") else RowCounter()

    def feed(self, block: bytes) -> None:
        """Take the next bytes of the file."""

    def rows(self) -> int | None:
        """Rows seen, header excluded; None when the format cannot be counted or the file is not what it says."""
        return None


class CsvRows(RowCounter):
    """Records of a CSV file less its header. A line break inside quotes ends no record; a blank line is none."""

    def __init__(self) -> None:
        self._start = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._quoted = False
        self._blank = True
        self._records = 0
        self._readable = True

    def feed(self, block: bytes) -> None:
        """See RowCounter."""
        if self._decoder is None:
            self._start += block
            if len(self._start) < 4:
                return
            block, self._start = self._start, b""
            self._decoder = _decoder(block)
        self._take(block, final=False)

    def rows(self) -> int | None:
        """See RowCounter."""
        if self._decoder is None:
            self._decoder = _decoder(self._start)
        self._take(self._start, final=True)
        self._start = b""
        records = self._records + (0 if self._blank else 1)
        return max(0, records - 1) if self._readable else None

    def _take(self, block: bytes, final: bool) -> None:
        if not self._readable or self._decoder is None:
            return
        try:
            text = self._decoder.decode(block, final)
        except UnicodeDecodeError:
            self._readable = False
            return
        for number, piece in enumerate(text.split('"')):
            if number:
                self._quoted = not self._quoted
                self._blank = False
            if not self._quoted:
                self._count(piece)

    def _count(self, unquoted: str) -> None:
        lines = unquoted.split("\n")
        for line in lines[:-1]:
            if not self._blank or line.strip("\r\ufeff"):
                self._records += 1
            self._blank = True
        if lines[-1].strip("\r\ufeff"):
            self._blank = False


def _decoder(start: bytes) -> codecs.IncrementalDecoder:
    """UTF-16 where a BOM or a zero byte says so (F&O's CSV-Unicode), else UTF-8, else what never fails."""
    if start[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return codecs.getincrementaldecoder("utf-16")()
    if start[1:2] == b"\x00":
        return codecs.getincrementaldecoder("utf-16-le")()
    return codecs.getincrementaldecoder("utf-8")("replace")


class XmlRows(RowCounter):
    """Elements right below the root of an XML file. A document type is not read, so that nothing expands."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._depth = 0
        self._found = 0
        self._readable = True

    def feed(self, block: bytes) -> None:
        """See RowCounter."""
        self._parse(block, final=False)

    def rows(self) -> int | None:
        """See RowCounter."""
        self._parse(b"", final=True)
        return self._found if self._readable else None

    def _parse(self, block: bytes, final: bool) -> None:
        if not self._readable:
            return
        try:
            self._parser.Parse(block, final)
        except (expat.ExpatError, ValueError):
            self._readable = False

    def _start(self, _: str, __: dict[str, str]) -> None:
        self._depth += 1
        self._found += self._depth == 2

    def _end(self, _: str) -> None:
        self._depth -= 1

    def _refuse(self, *_: object) -> None:
        raise ValueError("a data file has no document type")
