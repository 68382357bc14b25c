"""The list that `codes create` gives out, read back, as it is or as an office has worked on it."""

from __future__ import annotations

import io

import pytest

from jotgate import classlist
from jotgate.classlist import CodedLine, read_coded
from jotgate.errors import InputError

ROWS = [
    ["ABCD-EFGH-JKMN", "s-1", "=Ada", "a@b.example"],
    ["", "s-2", "", ""],
    ["QRST-VWXY-Z012", "s-3", "", ""],
]


def read(source: str | bytes) -> list[tuple[str, ...]]:
    """Return code, name, class, number and address of each line."""
    found = read_coded(source.encode() if isinstance(source, str) else source, 9)
    return [(one.code, one.name, one.group, one.number, one.email) for one in found.lines]


@pytest.mark.parametrize("write", [classlist.write_table, classlist.write_workbook])
def test_what_was_written_is_read(write: classlist.TableWriter) -> None:
    """Of both kinds of file, also where a line has no code."""
    file = io.BytesIO()
    write(file, ROWS, columns=("code", "subject", "label", "email"))
    assert read(file.getvalue()) == [
        ("ABCD-EFGH-JKMN", "=Ada", "", "s-1", "a@b.example"),
        ("", "s-2", "", "", ""),
        ("QRST-VWXY-Z012", "s-3", "", "", ""),
    ]


def test_an_office_may_have_worked_on_it() -> None:
    """A title above it, other columns, semicolons, a byte order mark, Windows's or no line ends."""
    text = "Class 7a;;\r\n\r\nRoom;Access code;E-Mail;Klasse;Name\r\n12;abcd efgh jkmn;a@b.example;7a;Ada\r\n"
    for source in (text.encode("utf-8-sig"), text.encode("utf-16"), text.rstrip().encode("cp1252")):
        assert read(source) == [("abcd efgh jkmn", "Ada", "7a", "", "a@b.example")]


def test_a_class_list_may_have_codes_of_its_own() -> None:
    """As of a locker; then ours are in the column that `codes create` named otherwise."""
    [(code, *_)] = read("id,code,access code\ns-1,17,ABCD-EFGH-JKMN\n")
    assert code == "ABCD-EFGH-JKMN"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no line names a column"),
        ("id,name\n1,Ada\n", "no line names a column"),
        ("code,Code\nx,y\n", "two columns are called 'code'"),
    ],
)
def test_another_list_is_refused(text: str, why: str) -> None:
    """Such as the class list itself, which has no codes."""
    with pytest.raises(InputError, match=why):
        read(text)


def test_a_line_of_a_list_shows_no_code() -> None:
    """Not even in a traceback."""
    line = CodedLine(
        line_number=2, code="ABCD-EFGH-JKMN", name="", group="", number="", email="", language=""
    )
    assert repr(line) == "CodedLine(line_number=2)"
