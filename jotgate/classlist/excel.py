"""Excel's workbooks (.xlsx), read by openpyxl (extra `jotgate[excel]`)."""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO
from zipfile import ZipFile

from jotgate.classlist.archives import legible, refuse_doctype
from jotgate.classlist.grids import filled_rows, only_one_is_read
from jotgate.classlist.records import NEEDS_OPENPYXL, Record
from jotgate.classlist.values import date, number
from jotgate.errors import InputError
from jotgate.phrases import phrase

_ROWS_AT_ONCE = 500
#: How Excel writes some characters that XML cannot have: line ends of other systems.
_ESCAPED = re.compile("_x000[9AD]_")


class ExcelSheet:
    """The first sheet of a workbook that holds anything."""

    def __init__(self, stream: BinaryIO, archive: ZipFile) -> None:
        """Open the workbook *archive*, which is what *stream* holds.

        Raises:
            InputError: it cannot be read, or the extra is missing.
        """
        try:
            import openpyxl
        except ImportError:
            raise InputError([NEEDS_OPENPYXL]) from None
        for part in archive.namelist():
            if part.endswith((".xml", ".rels")):
                refuse_doctype(archive, part)
        with legible(), _unwarned():
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        for sheet in shown:
            sheet.reset_dimensions()
        filled = [sheet for sheet in shown if any(filled_rows(_rows(sheet)))]
        if not shown:
            raise InputError(
                [phrase("this workbook has no sheet that can be read; save it as an ordinary .xlsx workbook")]
            )
        self._sheet = (filled or shown)[0]
        self.remarks = only_one_is_read([sheet.title for sheet in filled])

    def records(self) -> Iterator[Record]:
        """Give the cells of each row that is not blank; a formula is the value that it had when the file was saved."""
        return filled_rows(_rows(self._sheet))


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Give the rows in the order of the sheet, blank ones too."""
    found = enumerate(sheet.iter_rows(), start=1)
    while True:
        with legible(), _unwarned():
            rows = [
                (line_number, list(map(_text, cells))) for line_number, cells in islice(found, _ROWS_AT_ONCE)
            ]
        if not rows:
            return
        yield from rows


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keep openpyxl from telling of what it leaves out, such as print areas."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _text(cell: Any) -> str:
    match cell.value:
        case None:
            return ""
        case str(text):
            return _ESCAPED.sub("\n", text) if "_x000" in text else text
        case bool(truth):
            return str(truth).upper()
        case int(value) | float(value):
            return number(value, cell.number_format)
        case datetime.datetime() | datetime.date() | datetime.time() as value:
            return date(value.isoformat().removesuffix("T00:00:00"))
        case value:
            return date(str(value))
