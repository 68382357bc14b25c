"""Tables for spreadsheets: they open right, no cell becomes a formula, and they are class lists again."""

from __future__ import annotations

import codecs
import csv
import io
import os
import stat
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jotgate import classlist
from jotgate.classlist import cells as one_cell
from jotgate.classlist import writing
from jotgate.classlist.people import WITH_DECIMALS
from jotgate.classlist.wording import is_note, is_total
from jotgate.errors import InputError, StoreError

COLUMNS = ("code", "subject", "label")


def written(cells: list[tuple[str, ...]], separator: str = ",") -> bytes:
    stream = io.BytesIO()
    assert classlist.write_table(stream, cells, columns=COLUMNS, separator=separator) == len(cells)
    return stream.getvalue()


def is_a_name(text: str) -> bool:
    """Say whether a list can have it for a name, spelled like that."""
    unharmed = unicodedata.is_normalized("NFC", text) and not one_cell.faults("name", text, text)
    return unharmed and not (is_total(text) or is_note(text) or WITH_DECIMALS.fullmatch(text))


NAMES = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "M"]), min_size=1, max_size=30
).filter(is_a_name)
ENTRIES = st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=8, unique_by=lambda entry: entry[0])


@given(ENTRIES, st.sampled_from(",;\t|"), st.booleans())
def test_what_was_written_is_read_back_unchanged(
    entries: list[tuple[str, str]], separator: str, formulas: bool
) -> None:
    """Names and codes that were written make a class list again, whatever is in the names."""
    if formulas:
        entries = [("=" + subject, "';-" + label + ", +1") for subject, label in entries]
    source = written([("0000-0000-0000", subject, label) for subject, label in entries], separator)
    assert [(row.subject, row.label) for row in classlist.read(source)] == entries


@pytest.mark.parametrize("subject", ["'0042", "''0042", '="0042"', "'=1", "'t Hooft", '=""', "0042"])
def test_marks_of_spreadsheets_that_are_meant_come_back(subject: str) -> None:
    """What reading would take away is written so that it stays."""
    assert classlist.read(written([("c", subject, "Ann")]))[0].subject == subject


DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@given(st.text("=+-@\t\r\n'\" ,;|a＝＋－＠", max_size=12))
def test_no_cell_is_a_formula_whatever_separator_the_reader_assumes(cell: str) -> None:
    """Split at every separator, no piece begins like a formula, and nothing is lost in reading."""
    text = written([("c", cell, "")]).decode("utf-8-sig")
    ((_, cells)) = csv.reader(io.StringIO(text, newline=""))
    shown = cells[1]
    pieces = [shown]
    for separator in ",;\t|\r\n":
        pieces = [part for piece in pieces for part in piece.split(separator)]
    assert not shown.startswith(DANGEROUS)
    assert not any(piece.lstrip(' "').startswith(DANGEROUS) for piece in pieces)
    assert one_cell._DEFUSED_FORMULA.sub(r"\1\2", shown) == cell


def test_a_codes_file_opens_right_in_excel() -> None:
    """It has a byte order mark, CRLF, headings, and quotes where needed; headings are up to the caller."""
    assert written([("A-B", "=1", 'Zoë "Z", Öz')]) == (
        codecs.BOM_UTF8 + 'code,subject,label\r\nA-B,\'=1,"Zoë ""Z"", Öz"\r\n'.encode()
    )
    stream = io.BytesIO()
    assert classlist.write_table(stream, iter([("A", "B")]), columns=("name", "code"), separator=";") == 1
    assert stream.getvalue() == codecs.BOM_UTF8 + b"name;code\r\nA;B\r\n"


def test_a_new_file_is_for_its_owner_only_and_never_in_the_place_of_another(tmp_path: Path) -> None:
    """Mode 0600 whatever the umask; an existing file, a link to nothing, and impossible paths are refused."""
    path = tmp_path / "codes.csv"
    before = os.umask(0)
    try:
        with classlist.open_new(path) as stream:
            classlist.write_table(stream, [("A", "1", "Ann")], columns=COLUMNS)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "nowhere.csv")
    for taken in path, link:
        with pytest.raises(InputError, match="exists already"):
            classlist.open_new(taken)
    assert path.read_bytes() == content
    assert not (tmp_path / "nowhere.csv").exists()
    for impossible in tmp_path / "no" / "such.csv", f"{tmp_path}/nul\0.csv", tmp_path / ("x" * 300):
        with pytest.raises(InputError, match="cannot be created"):
            classlist.open_new(impossible)


@pytest.fixture
def openpyxl() -> Any:
    return pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")


SPOILED = [
    "0042",
    "1042.0",
    "9007199254740993123",
    "=1+1",
    "+49 30",
    "-x",
    "@x",
    "3-5",
    "1E5",
    "#N/A",
    "TRUE",
    " a\tb ",
]


def test_no_spreadsheet_can_spoil_a_workbook(openpyxl: Any) -> None:
    """Each cell is text by its type and by its format; the headings stay in sight, and columns are wide enough."""
    stream = io.BytesIO()
    rows = [("0000-0000-0000", one, "Zoë Groß") for one in SPOILED]
    assert classlist.write_workbook(stream, iter(rows), columns=COLUMNS) == len(SPOILED)
    sheet = openpyxl.load_workbook(stream).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {(cell.data_type, cell.number_format) for cell in cells} == {("s", "@")}
    assert [tuple(cell.value for cell in row) for row in sheet.iter_rows()] == [COLUMNS, *rows]
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["A"].width > len("0000-0000-0000")


# A case is a workbook that is packed and unpacked: a tenth of the cases takes as long as all of others.
@settings(max_examples=max(25, settings().max_examples // 10))
@given(ENTRIES)
def test_a_workbook_of_codes_is_a_class_list_again(entries: list[tuple[str, str]]) -> None:
    """Whatever is in the names, but for the marks by which a spreadsheet keeps numbers as they are."""
    pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")
    entries = [entry for entry in entries if all(one_cell.clean(one) == one for one in entry)]
    stream = io.BytesIO()
    classlist.write_workbook(stream, (("c", *entry) for entry in entries), columns=COLUMNS)
    assert not entries or [(row.subject, row.label) for row in classlist.read(stream.getvalue())] == entries


def test_what_no_workbook_can_hold_is_replaced(openpyxl: Any) -> None:
    """Control characters, halves of letters, and the end of an answer that is longer than a cell of Excel."""
    stream = io.BytesIO()
    classlist.write_workbook(stream, [("a\x07b", "c\ud800d", "e\nf" + "g" * 40_000)], columns=COLUMNS)
    values = [cell.value for cell in openpyxl.load_workbook(stream).active[2]]
    assert values == ["a\ufffdb", "c\ufffdd", "e\nf" + "g" * 32_763 + "…"]


def test_a_workbook_holds_the_rows_before_a_fault(openpyxl: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those codes exist, so they are shown; so it is when there are more rows than a sheet has."""

    def rows() -> Iterator[tuple[str, str, str]]:
        yield ("A", "1", "Ann")
        raise StoreError("down")

    stream = io.BytesIO()
    with pytest.raises(StoreError):
        classlist.write_workbook(stream, rows(), columns=COLUMNS)
    assert [cell.value for cell in openpyxl.load_workbook(stream).active[2]] == ["A", "1", "Ann"]
    monkeypatch.setattr(writing, "MAX_WORKBOOK_ROWS", 2)
    stream = io.BytesIO()
    with pytest.raises(InputError, match="a workbook has room for"):
        classlist.write_workbook(stream, [("A", "1", "Ann")] * 3, columns=COLUMNS)
    assert openpyxl.load_workbook(stream).active.max_row == 3


def test_the_name_of_a_file_says_how_it_is_written(openpyxl: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook if it ends in .xlsx, whatever the case; without the extra that is refused before there is a file."""
    assert classlist.writer("codes.XLSX") is classlist.write_workbook
    stream = io.BytesIO()
    classlist.writer("codes.csv", separator=";")(stream, [("A", "B")], columns=("a", "b"))
    assert b"A;B" in stream.getvalue()
    with pytest.raises(InputError, match="room for 1,048,575 people"):
        classlist.writer("codes.xlsx", people=1_048_576)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"pip install 'jotgate\[excel\]'"):
        classlist.writer("codes.xlsx")
