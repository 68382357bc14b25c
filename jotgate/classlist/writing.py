"""Writing names and codes for spreadsheets, so that no cell becomes a formula and nothing is lost on the way back."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol

from jotgate.classlist.cells import FORMULA, MARKED_NUMBER
from jotgate.classlist.records import NEEDS_OPENPYXL
from jotgate.errors import InputError
from jotgate.phrases import phrase

#: A sheet has 2^20 rows, and one of them is for the headings.
MAX_WORKBOOK_ROWS = (1 << 20) - 1
_NO_ROOM = phrase(
    "a workbook has room for {most} people; name a file that ends in .csv", most=MAX_WORKBOOK_ROWS
)
_MAX_CELL_CHARS = 32_767
#: How wide the columns are, in digits.
_WIDTHS = {"code": 18, "link": 80}
_WIDTH = 30
#: The number format of text: Excel and LibreOffice leave such a cell as it is, even when it is edited.
_TEXT_FORMAT = "@"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class TableWriter(Protocol):
    """Writes a table into a file."""

    def __call__(self, stream: BinaryIO, rows: Iterable[Sequence[str]], *, columns: Sequence[str]) -> int:
        """Write *rows* below the headings *columns*, and return how many there were."""
        ...


def write_table(
    stream: BinaryIO, rows: Iterable[Sequence[str]], *, columns: Sequence[str], separator: str = ","
) -> int:
    """Write rows of text as CSV, headings first and one by one, and return how many there were.

    It is UTF-8 with a byte order mark and CRLF, for Excel. A cell that a spreadsheet would take for a formula
    gets an apostrophe in front, as in `'=1+1`; `read` takes it away again. Excel in much of Europe wants
    `separator=";"`. `stream` stays open. Errors of the writing are `OSError`: the file is incomplete then.
    """
    stream.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
    try:
        writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
        writer.writerow(columns)
        written = 0
        for row in rows:
            writer.writerow(row if _is_plain(row) else map(_defused, row))
            written += 1
        return written
    finally:
        text.detach()


def writer(path: str | os.PathLike[str], *, separator: str = ",", people: int = 0) -> TableWriter:
    """Return how a table is written into a file of that name: as a workbook if it ends in `.xlsx`, else as CSV.

    Raises:
        InputError: a workbook cannot hold so many *people*, or needs the extra `jotgate[excel]`.
    """
    if Path(path).suffix.lower() != ".xlsx":
        return partial(write_table, separator=separator)
    if people > MAX_WORKBOOK_ROWS:
        raise InputError([_NO_ROOM])
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        raise InputError([NEEDS_OPENPYXL]) from None
    return write_workbook


def write_workbook(stream: BinaryIO, rows: Iterable[Sequence[str]], *, columns: Sequence[str]) -> int:
    """Write rows of text as a workbook of Excel, headings first, and return how many there were.

    Every cell is text and stays it: no spreadsheet makes a number, a date or a formula of it. Until all rows are there,
    openpyxl keeps them in a temporary file that only its owner can read. `stream` stays open; whatever ends the
    rows early, those before are in it. Errors of the writing are `OSError`.

    Raises:
        InputError: there are more rows than a sheet has.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    book.properties.creator = "jotgate"
    sheet = book.create_sheet("jotgate")
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(column, _WIDTH)
    cells = [WriteOnlyCell(sheet) for _ in columns]
    for cell in cells:
        cell.number_format = _TEXT_FORMAT
    written = -1
    try:
        for row in chain([columns], rows):
            if written == MAX_WORKBOOK_ROWS:
                raise InputError([_NO_ROOM])
            for cell, text in zip(cells, row, strict=True):
                cell.value = _fitting(text)
                # Or a text such as "=1" would be a formula.
                cell.data_type = "s"
            sheet.append(cells)
            written += 1
    finally:
        # By way of memory: openpyxl does not let go of a stream that fails.
        packed = io.BytesIO()
        book.save(packed)
        stream.write(packed.getbuffer())
    return written


def _fitting(text: str) -> str:
    """Return what a cell of a workbook can hold of *text*."""
    cut = text if len(text) <= _MAX_CELL_CHARS else text[: _MAX_CELL_CHARS - 1] + "…"
    return _NOT_IN_XML.sub("\ufffd", cut)


def _is_plain(row: Sequence[str]) -> bool:
    """Say of most rows, quicker than the pattern would, that no formula begins in any of their cells."""
    # A generator would take twice as long.
    for cell in row:  # noqa: SIM110
        if cell and (cell[0] == "-" or not cell.replace("-", "").isalnum()):
            return False
    return True


def _defused(cell: str) -> str:
    """Return a text that is read back as *cell*, and that no spreadsheet runs as a formula."""
    text = FORMULA.sub(r"\1'\2", cell)
    return f"'{text}" if MARKED_NUMBER.match(cell) else text


def open_new(path: str | os.PathLike[str]) -> BinaryIO:
    """Create a file that only its owner can read, for secrets that are shown once. Open it before any code is created.

    Raises `InputError` if something is there already (it is never overwritten, nor is a link followed) or if
    the file cannot be created.
    """
    shown = os.fsdecode(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        return os.fdopen(os.open(path, flags, 0o600), "wb")
    except FileExistsError:
        raise InputError([f"{shown!r} exists already and is not overwritten; choose another name"]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError([f"{shown!r} cannot be created: {reason}"]) from error
