"""OpenDocument's spreadsheets (.ods), as LibreOffice writes them, read by the standard library's expat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from operator import attrgetter
from xml.parsers import expat
from zipfile import ZipFile

from jotgate.classlist.archives import legible, refuse_declaration
from jotgate.classlist.encodings import CHUNK_BYTES
from jotgate.classlist.grids import filled_rows, only_one_is_read
from jotgate.classlist.records import ENCRYPTED, MAX_LINE_CHARS, Record
from jotgate.classlist.values import date, number
from jotgate.errors import InputError
from jotgate.frozen import frozen

MEDIA_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_MAX_COLUMNS = 1_000
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_CELLS = frozenset({f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"})
#: What is written or drawn over a cell is not in it, nor is what was there before.
_ASIDE = frozenset({f"{_OFFICE}annotation", f"{_TABLE}tracked-changes", f"{_TABLE}shapes"})
_DRAWING = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0 "
_BLANKS = {f"{_TEXT}s": " ", f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
#: What may stand between the digits of a number that is shown with a format, but for what parts thousands.
_PARTS_THOUSANDS = re.compile(r"[.,'’\s\u202f%]")


@frozen
class _Row:
    #: Which sheet it is in, counted from 0, and its name.
    sheet: int
    name: str
    #: Where it begins, and how often it is there.
    line_number: int
    times: int
    cells: list[str]


class OpenDocumentSheet:
    """The first sheet of a spreadsheet that holds anything."""

    def __init__(self, archive: ZipFile) -> None:
        """Look at the sheets of *archive*.

        Raises:
            InputError: they cannot be read.
        """
        self._archive = archive
        if "META-INF/manifest.xml" in archive.namelist():
            with legible():
                manifest = archive.read("META-INF/manifest.xml")
            if b"encryption-data" in manifest:
                raise InputError([ENCRYPTED])
        filled = {row.sheet: row.name for row in _rows(archive) if any(map(str.strip, row.cells))}
        self._sheet = min(filled, default=0)
        self.remarks = only_one_is_read(list(filled.values()))

    def records(self) -> Iterator[Record]:
        """Give the cells of each row that is not blank; a formula is the value that it had when the file was saved."""
        for sheet, rows in groupby(_rows(self._archive), key=attrgetter("sheet")):
            if sheet == self._sheet:
                yield from filled_rows(
                    (row.line_number + again, row.cells) for row in rows for again in range(row.times)
                )
                return


def _rows(archive: ZipFile) -> Iterator[_Row]:
    """Give the rows of all sheets that are shown, in their order."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse_declaration
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.text
    with legible():
        part = archive.open("content.xml")
    with closing(part):
        chunk = b"-"
        while chunk:
            with legible():
                chunk = part.read(CHUNK_BYTES)
                parser.Parse(chunk, not chunk)
            yield from reader.rows
            reader.rows.clear()


class _Reader:
    """Gathers the rows of `content.xml` while it is parsed."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self._hidden: set[str] = set()
        self._style = ""
        #: Which sheet, counted from 0; none before the first and inside one that is hidden.
        self._sheets, self._name = -1, ""
        self._shown = False
        self._line_number = 1
        self._cells: list[str] = []
        #: How many elements around the place are beside the cells.
        self._aside = 0
        self._cell: dict[str, str] | None = None
        self._paragraphs: list[str] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Note where an element begins."""
        if self._aside or name in _ASIDE or name.startswith(_DRAWING):
            self._aside += 1
        elif name in _CELLS:
            self._cell, self._paragraphs = attributes, []
        elif self._cell is not None:
            if name == f"{_TEXT}p":
                self._paragraphs.append("")
            elif name in _BLANKS:
                self.text(_BLANKS[name] * min(_count(attributes, f"{_TEXT}c"), _MAX_COLUMNS))
        elif name == f"{_TABLE}table-row":
            self._cells = []
            self._times = _count(attributes, f"{_TABLE}number-rows-repeated")
        elif name == f"{_TABLE}table":
            self._sheets, self._line_number = self._sheets + 1, 1
            self._name = attributes.get(f"{_TABLE}name", "")
            self._shown = attributes.get(f"{_TABLE}style-name") not in self._hidden
        elif name == f"{_STYLE}style":
            self._style = attributes.get(f"{_STYLE}name", "")
        elif name == f"{_STYLE}table-properties" and attributes.get(f"{_TABLE}display") == "false":
            self._hidden.add(self._style)

    def text(self, text: str) -> None:
        """Add to the paragraph of a cell."""
        if self._paragraphs and not self._aside and len(self._paragraphs[-1]) < MAX_LINE_CHARS:
            self._paragraphs[-1] += text

    def end(self, name: str) -> None:
        """Note where an element ends."""
        if self._aside:
            self._aside -= 1
        elif name in _CELLS and self._cell is not None:
            again = _count(self._cell, f"{_TABLE}number-columns-repeated")
            text = _shown(self._cell, "\n".join(self._paragraphs))
            self._cells += [text] * min(again, _MAX_COLUMNS - len(self._cells))
            self._cell, self._paragraphs = None, []
        elif name == f"{_TABLE}table-row":
            while self._cells and not self._cells[-1]:
                self._cells.pop()
            if self._shown:
                self.rows.append(
                    _Row(
                        sheet=self._sheets,
                        name=self._name,
                        line_number=self._line_number,
                        times=self._times if self._cells else 1,
                        cells=self._cells,
                    )
                )
            self._line_number += self._times


def _count(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def _shown(cell: dict[str, str], text: str) -> str:
    """Return what a cell holds: *text* is what the spreadsheet showed."""
    match cell.get(f"{_OFFICE}value-type"):
        case "float" | "percentage" | "currency":
            value = cell.get(f"{_OFFICE}value", "")
            exact = number(int(value) if value.lstrip("-").isdigit() else float(value))
            return text if exact.__class__ is str and _is_spelled(exact, text) else exact
        case "date":
            return date(cell.get(f"{_OFFICE}date-value", text))
        case "time":
            return date(text or cell.get(f"{_OFFICE}time-value", ""))
        case "boolean":
            return cell.get(f"{_OFFICE}boolean-value", text).upper()
        case _:
            return text or cell.get(f"{_OFFICE}string-value", "")


def _is_spelled(number: str, text: str) -> bool:
    """Say whether *text* is that number with zeros in front or something between its digits, as `0042` is 42."""
    return not _PARTS_THOUSANDS.search(text) and re.sub(r"\D", "", text).lstrip("0") == number.lstrip("0")
