"""Workbooks are read as people see them, and none that is damaged or crafted does more than get a sentence."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate import classlist
from jotgate.classlist import grids
from jotgate.errors import InputError

from .books import BOOKS, HEAD, SHEET, changed, excel, open_document, row
from .offices import Office
from .test_offices import test_a_list_gives_its_people_or_its_problems_by_line as judge
from .test_reading import rows_or_problems


@pytest.mark.parametrize("office", BOOKS.values(), ids=BOOKS)
def test_a_workbook_gives_its_people_or_its_problems_by_row(office: Office) -> None:
    """As a list in text does: subjects, labels, remarks, or a sentence for each bad row."""
    judge(office)


def test_the_end_of_a_sheet_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet of more rows than a list can have is refused; blank rows beyond count for the end, and not as rows."""
    monkeypatch.setattr(grids, "MAX_ROWS", 3)
    for book in (
        excel([HEAD, ("1", "Ann"), ("2", "Bo"), ("3", "Cy")]),
        open_document(row(*HEAD) + row("1", "Ann") + row("2", "Bo") + row("3", "Cy")),
    ):
        with pytest.raises(InputError, match='more than 3 rows; save the list as "CSV UTF-8"'):
            classlist.rows(book)
    assert len(classlist.read(excel([HEAD, ("1", "Ann"), ("2", "Bo")]))) == 2
    monkeypatch.setattr(grids, "MAX_ROWS", 30)
    monkeypatch.setattr(grids, "MAX_BLANK_ROWS", 5)
    for book in (
        excel([HEAD, ("1", "Ann"), *[()] * 6, ("2", "Bo")]),
        open_document(row(*HEAD) + row("1", "Ann") + row(times=6) + row("2", "Bo")),
    ):
        assert [one.subject for one in classlist.rows(book)] == ["1"]
    few = [("1", "Ann"), *[()] * 4, ("2", "Bo"), *[()] * 4, ("3", "Cy")]
    assert [one.line_number for one in classlist.rows(excel([HEAD, *few]))] == [2, 7, 12]


def test_a_list_in_excel_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it a sentence says what to install; text and LibreOffice's spreadsheets need nothing."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"pip install 'jotgate\[excel\]'"):
        classlist.rows(BOOKS["texts"].content)
    assert classlist.read(BOOKS["texts in LibreOffice"].content)


def test_openpyxl_is_loaded_for_excel_only() -> None:
    """Whoever has no workbooks does not wait for it."""
    run = "import sys; from jotgate import classlist; classlist.read(b'id\\n1\\n'); print('openpyxl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_workbook_may_come_through_a_pipe() -> None:
    """What cannot be rewound is read all the same."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source:
        with os.fdopen(writing, "wb") as sink:
            sink.write(BOOKS["texts"].content)
        assert [one.subject for one in classlist.rows(source)] == ["0042", "0043"]


#: A workbook, and the part of it that holds the list.
WHOLE = [
    (BOOKS["texts"].content, SHEET),
    (BOOKS["numbers with a format of zeros"].content, SHEET),
    (BOOKS["numbers with a format of zeros"].content, "xl/styles.xml"),
    (BOOKS["texts"].content, "xl/workbook.xml"),
    (BOOKS["numbers in LibreOffice"].content, "content.xml"),
    (BOOKS["rows without end in LibreOffice"].content, "content.xml"),
]
PIECES = st.sampled_from(
    [b"", b"<", b">", b'"', b"&a;", b"&#0;", b"99999999999", b"-1", b"1E999", b"NaN", b"</row>", b"z"]
)


@given(st.sampled_from(WHOLE), st.integers(0), st.integers(0, 60), PIECES | st.binary(max_size=8))
def test_any_damage_to_a_workbook_is_read_or_refused_with_sentences(
    whole: tuple[bytes, str], at: int, gone: int, piece: bytes
) -> None:
    """A few bytes changed, or a piece cut out: rows that hold their promises, or an `InputError`, and no warning."""
    rows, problems = rows_or_problems(
        changed(*whole, lambda xml: xml[: at % len(xml)] + piece + xml[at % len(xml) + gone :])
    )
    assert bool(rows) != bool(problems)
    assert all(problem.isprintable() for problem in problems)
    assert len({one.subject for one in rows}) == len(rows)
    assert all(one.subject and len(one.subject) <= classlist.MAX_CELL_CHARS for one in rows)
