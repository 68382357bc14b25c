"""Class lists in, names and codes out: the files that school offices exchange with a spreadsheet.

Reading accepts the workbooks of Excel (extra `jotgate[excel]`) and LibreOffice, and text as these and school software
write it: comma, semicolon, tab or bar between the cells, a first line `sep=;`, UTF-8, UTF-16 with its byte order mark,
Windows-1252 and its kin for Arabic, Polish, Turkish and Ukrainian, Mac Roman, any line ends, titles above and notes
below. It takes a list whole or not at all, and names every problem by its line. Writing defuses cells that a
spreadsheet would run as formulas, and reading undoes just that.
"""

from __future__ import annotations

from jotgate.classlist.coded import CodedLine, CodedList, read_coded
from jotgate.classlist.columns import class_places
from jotgate.classlist.reading import checked, read, rows, texts, told_apart
from jotgate.classlist.records import (
    MAX_CELL_CHARS,
    MAX_PROBLEMS,
    ClassList,
    Fate,
    Lines,
    Passed,
    Refused,
    Row,
)
from jotgate.classlist.writing import (
    MAX_WORKBOOK_ROWS,
    TableWriter,
    open_new,
    write_table,
    write_workbook,
    writer,
)

__all__ = [
    "MAX_CELL_CHARS",
    "MAX_PROBLEMS",
    "MAX_WORKBOOK_ROWS",
    "ClassList",
    "CodedLine",
    "CodedList",
    "Fate",
    "Lines",
    "Passed",
    "Refused",
    "Row",
    "TableWriter",
    "checked",
    "class_places",
    "open_new",
    "read",
    "read_coded",
    "rows",
    "texts",
    "told_apart",
    "write_table",
    "write_workbook",
    "writer",
]
