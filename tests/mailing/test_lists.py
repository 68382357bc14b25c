"""The list that `codes create` gives out, read back."""

from __future__ import annotations

import io

import pytest

from jotgate import classlist
from jotgate.errors import InputError
from jotgate.mailing.lists import Listed, read_codes

ROWS = [
    ["ABCD-EFGH-JKMN", "s-1", "=Ada", "a@b.example"],
    ["", "s-2", "", ""],
    ["QRST-VWXY-Z012", "s-3", "", ""],
]


@pytest.mark.parametrize("write", [classlist.write_table, classlist.write_workbook])
def test_what_was_written_is_read(write: classlist.TableWriter) -> None:
    """Of both kinds of file; lines without a code are nobody's."""
    file = io.BytesIO()
    write(file, ROWS, columns=("code", "subject", "label", "email"))
    found = read_codes(file.getvalue())
    assert [(one.line_number, one.code, one.address) for one in found] == [
        (2, "ABCD-EFGH-JKMN", "a@b.example"),
        (4, "QRST-VWXY-Z012", ""),
    ]


def test_a_class_list_may_have_codes_of_its_own() -> None:
    """As of a locker; then ours are in the column that `codes create` named otherwise."""
    [one] = read_codes(b"id,code,access code\ns-1,17,ABCD-EFGH-JKMN\n")
    assert one.code == "ABCD-EFGH-JKMN"


@pytest.mark.parametrize("text", [b"", b"id,name\n1,Ada\n", b"code,code\nx,y\n", b"code\n", b"code\n \n"])
def test_another_list_is_refused(text: bytes) -> None:
    """Such as the class list itself, which has no codes."""
    with pytest.raises(InputError, match=r"no list of codes|has no codes"):
        read_codes(text)


def test_a_line_of_a_list_shows_no_code() -> None:
    """Not even in a traceback."""
    assert repr(Listed(line_number=2, code="ABCD-EFGH-JKMN")) == "Listed(line_number=2)"
