"""Class lists: what schools really send is read whole or refused by line."""

from __future__ import annotations

import codecs
import io
import os
import threading
import tracemalloc
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate import classlist
from jotgate.errors import InputError

ZOE = [("1", "Zoë Groß"), ("2", "Al Öz")]

REAL_LISTS = {
    "plain": (b"subject,label\n1,Ann\n2,Bo\n", [("1", "Ann"), ("2", "Bo")]),
    "columns the other way round": (b"Name,Student ID\nAnn,1\n", [("1", "Ann")]),
    "excel in europe": ("Nummer;Name\r\n1;Zoë Groß\r\n2;Al Öz\r\n".encode("cp1252"), ZOE),
    "excel, csv utf-8": ("\ufeffid;name\r\n1;Zoë Groß\r\n2;Al Öz\r\n".encode(), ZOE),
    "excel, unicode text": ("\ufeffid\tname\r\n1\tZoë Groß\r\n2\tAl Öz\r\n".encode("utf-16-le"), ZOE),
    "utf-16, big end first": ("\ufeffid,name\n1,Zoë Groß\n2,Al Öz".encode("utf-16-be"), ZOE),
    "old macintosh line ends": ("id,name\r1,Zoë Groß\r2,Al Öz\r".encode(), ZOE),
    "separator stated": (b"sep=;\r\nid;name\r\n1;Ann, B\r\n", [("1", "Ann, B")]),
    "separator stated, with a mark": (b'\xef\xbb\xbf"sep=,"\r\nid,name\r\n1,Ann;B\r\n', [("1", "Ann;B")]),
    "separator stated, a tab": (b"sep=\t\r\nid\tname\r\n1\tAnn\r\n", [("1", "Ann")]),
    "bars": (b"id|name\n1|Ann\n", [("1", "Ann")]),
    "quoted separators and quotes": (b'id,name\n1,"Smith, Ann ""Nan"""\n', [("1", 'Smith, Ann "Nan"')]),
    "quoted line ends": (b'"id","name"\r\n"1","Ann\r\nSmith"\r\n2,Bo', [("1", "Ann Smith"), ("2", "Bo")]),
    "blank lines and empty cells at the end": (
        b"\n\nid;name;;\n1;Ann;;\n;;;\n\n2;Bo;;\n",
        [("1", "Ann"), ("2", "Bo")],
    ),
    "e-mail addresses": (
        b"id,name,E-Mail\n1,Ann, ann@school.example \n2,Bo\n",
        [("1", "Ann"), ("2", "Bo")],
    ),
    "columns of no use": (b"class,id,born,name\n5a,1,2010,Ann\n", [("1", "Ann")]),
    "cells left out at the end": (b"id,name\n1\n2,Bo\n", [("1", ""), ("2", "Bo")]),
    "numbers only": (b"Student-No.\n0012\n", [("0012", "")]),
    "names only": (b'Name,class\nAnn,5a\n"Bo\n  Hill",5a', [("Ann", "Ann"), ("Bo Hill", "Bo Hill")]),
    "names without a heading": ("Ann\nZoë".encode(), [("Ann", "Ann"), ("Zoë", "Zoë")]),
    "names with commas": (b"Ann\nSmith, Bo\n", [("Ann", "Ann"), ("Smith, Bo", "Smith, Bo")]),
    "names with commas, from the first line on": (
        "Müller, Jörg\nSmith, Bo\n\nAnn\n".encode(),
        [("Müller, Jörg",) * 2, ("Smith, Bo",) * 2, ("Ann", "Ann")],
    ),
    "one name with a comma": (b"Smith, Bo", [("Smith, Bo",) * 2]),
    "quoted names with commas": (b'"Hill, Ann"\n"Smith, Bo"\n', [("Hill, Ann",) * 2, ("Smith, Bo",) * 2]),
    "spaces around": (b" ID , NAME \n 1 ,  Ann \xc2\xa0 Smith \n", [("1", "Ann Smith")]),
    "accents typed as two characters": ("Nume\u0301ro;Nom\n1;Ann\n".encode(), [("1", "Ann")]),
    "persian with a joiner": ("id,name\n1,می\u200cروم\n".encode(), [("1", "می\u200cروم")]),
}

BAD_LISTS = {
    "nothing": (b"", ["the list is empty"]),
    "nothing but blank lines": (b"\r\n \r\n;;\r\n", ["the list is empty"]),
    "nothing but a separator": (b"sep=;\n\n", ["the list is empty"]),
    "headings only": (b"id,name\n", ["the list is empty"]),
    "no headings": (b"1,Ann\n2,Bo\n", ["line 1: no line names the columns; put"]),
    "no headings, and a blank behind each comma": (b"1, Ann\n2, Bo\n", ["line 1: no line names the columns"]),
    "no headings, and two commas": (b"Hill, Ann, Ms\nSmith, Bo\n", ["line 1: no line names the columns"]),
    "no headings, and first names apart": (b"Hill,Ann\nSmith,Bo\n", ["line 1: no line names the columns"]),
    "no headings, and quotation marks": (b'Hill, "Ann"\n', ["line 1: no line names the columns"]),
    "no headings, and names beside classes": (
        b"Hill, Ann\t7a\nSmith, Bo\t7b\n",
        ["line 1: no line names"],
    ),
    "two columns of numbers": (b"ID,Nr.,Name\n", ["line 1: the columns 'ID' and 'Nr.' could both be"]),
    "two columns of names": (b"sep=;\nid;name;label\n", ["line 2: the columns 'name' and 'label'"]),
    "a workbook": (b"PK\x03\x04\x14\x00", ["this workbook is damaged"]),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1", ["this is an old Excel workbook"]),
    "utf-16 without a mark": ("id,name\n1,Ann\n".encode("utf-16-le"), ["this file canno"]),
    "an open quotation mark": (b'id,name\n1,"Ann\n2,Bo\n', ["line 2: cannot be split into cells"]),
    "an open quotation mark in the headings": (b'id,"name\n1,Ann\n', ["line 1: cannot be split into cells"]),
    "an endless line": (b"id,name\n" + b"," * 90_000, ["line 2: longer than 20,000 characters"]),
    "an endless last line": (b"id,name\n" + b"," * 20_001, ["line 2: longer than 20,000 characters"]),
    "two columns of e-mail addresses": (b"Name,Mail,E-Mail\n", ["line 1: the columns 'Mail' and 'E-Mail'"]),
    "no e-mail addresses": (
        b"name,mail\nAnn,ann@school\nBo,bo@x.example;ma@x.example\nCy,C <cy@x.example>\nDi,@x.example\n",
        [f"line {line}: the e-mail address cannot be one" for line in range(2, 6)],
    ),
    "names that are the same": (
        b"Ann\nBo\nAnn\nAnn\n",
        ["line 3: the subject 'Ann' is already in li", "line 4: the"],
    ),
    "all at once": (
        b'id,name\n,Ann\n3,Bo\n4,Cy,x\n3,Di\n5,"E" d\n6,F\x07\n7,' + b"g" * 201 + b"\n8\n",
        [
            "line 2: the subject is empty",
            "line 4: more cells than columns (2)",
            "line 5: the subject '3' is already in line 3",
            "line 6: cannot be split into cells",
            "line 7: the label has a line break or an invisible character",
            "line 8: the label is longer than 200 characters",
        ],
    ),
    "after quoted line ends": (b'id,name\n1,"A\nB"\n\n,C\n', ["line 5: the subject is empty"]),
    "a line break in a number": (b'id,name\n"1\n2",A\n', ["line 2: the subject has a line break"]),
    "a reversed name": ("Ann\n\u202eBo\n".encode(), ["line 2: the name has a line break or an invisible"]),
    "utf-8 with one broken letter": (
        "id,name\n1,Zoë\n2,J".encode() + b"\xfc\n",
        ["line 3: the label has letters"],
    ),
    "not windows-1252 either": (
        b"id,name\n1,Zo\xeb\n2,J\x81\n",
        ["line 3: the label has letters", "the letters are read as Windows-1252"],
    ),
    "broken by somebody else": ("id,name\n1,Zo\ufffd\n".encode(), ["line 2: the label has letters"]),
    "utf-16 cut off": ("\ufeffid,name\n1,Ann".encode("utf-16-le")[:-1], ["line 2: the label has letters"]),
}


def pairs(source: bytes) -> list[tuple[str, str]]:
    return [(row.subject, row.label) for row in classlist.read(source)]


@pytest.mark.parametrize(("source", "expected"), REAL_LISTS.values(), ids=REAL_LISTS)
def test_lists_from_real_life_are_read(source: bytes, expected: list[tuple[str, str]]) -> None:
    """Separators, encodings, marks, quoting, headings and blank lines as offices produce them."""
    assert pairs(source) == expected


@pytest.mark.parametrize(("source", "expected"), BAD_LISTS.values(), ids=BAD_LISTS)
def test_every_problem_of_a_list_is_named_by_its_line(source: bytes, expected: list[str]) -> None:
    """A list with problems gives no row at all, and exactly one sentence for each line in trouble."""
    with pytest.raises(InputError) as caught:
        classlist.rows(source)
    problems = caught.value.problems
    assert [said[: len(start)] for said, start in zip(problems, expected, strict=True)] == expected


def test_a_row_says_where_it_begins() -> None:
    """Line numbers count what an editor shows, marks, blank lines and quoted line ends included."""
    rows = classlist.read(b'sep=,\n\nid,name\n\n1,"A\nB"\n2,C\n')
    assert [row.line_number for row in rows] == [5, 7]


def test_a_hopeless_list_is_given_up_after_a_hundred_problems() -> None:
    """The report stays readable, and says that it is not all."""
    with pytest.raises(InputError) as caught:
        classlist.read(b"id,name\n" + b",x\n" * 100_000)
    assert len(caught.value.problems) == classlist.MAX_PROBLEMS + 1
    assert "may be more" in caught.value.problems[-1]


def test_a_large_list_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """10,000 rows are checked and given in less memory than keeping them takes, repeats found late too."""
    path = tmp_path / "class.csv"
    path.write_text(
        "id;name\n" + "".join(f"s-{n};Pupil of number {n}\n" for n in range(10_000)), encoding="utf-8"
    )
    with path.open("rb") as source:
        tracemalloc.start()
        try:
            count = sum(1 for _ in classlist.rows(source))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert count == 10_000
    assert peak < 10_000 * 80
    with path.open("ab") as more:
        more.write(b"s-7;Somebody else\n")
    expected = "^line 10002: the subject 's-7' is already in line 9; delete one of"
    with path.open("rb") as source, pytest.raises(InputError, match=expected):
        classlist.rows(source)


def test_a_list_is_read_from_where_the_stream_stands_and_from_a_pipe() -> None:
    """What was read before is not looked at again, and what cannot be rewound is read all the same."""
    stream = io.BytesIO(b"other\nid\n1\n")
    stream.readline()
    assert [row.subject for row in classlist.rows(stream)] == ["1"]

    def feed(sink: BinaryIO) -> None:
        with sink:
            sink.write(b"id\n1\n2\n")

    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as sink:
        feeder = threading.Thread(target=feed, args=(sink,))
        feeder.start()
        assert [row.subject for row in classlist.rows(source)] == ["1", "2"]
        feeder.join()


def test_a_list_that_changes_between_the_readings_is_an_error() -> None:
    """Rows that were never checked are not given out."""
    stream = io.BytesIO(b"id,name\n1,Ann\n2,Bo\n")
    rows = classlist.rows(stream)
    stream.getbuffer()[8:9] = b" "
    with pytest.raises(InputError, match="line 2: changed while"):
        list(rows)


def rows_or_problems(source: bytes) -> tuple[list[classlist.Row], tuple[str, ...]]:
    try:
        return classlist.read(source), ()
    except InputError as error:
        return [], error.problems


PIECES = [
    "id",
    "name",
    "Ann",
    "1",
    "2",
    ",",
    ";",
    "\t",
    "|",
    '"',
    '""',
    "\n",
    "\r",
    "\r\n",
    " ",
    "'",
    "=",
    "sep=;",
]
PIECES += [
    "ü",
    "\ufeff",
    "\x00",
    "\x1c",
    "\u2028",
    "\ufffd",
    "\ud800",
    "\U0001f600",
    "id,name\n",
    "id;name\n",
    "\n1;",
]
ENCODINGS = st.sampled_from(
    ["utf-8", "utf-16", "utf-16-be", "cp1252", "mac_roman", "cp1251", "latin-1", "utf-32"]
)


@given(
    st.one_of(
        st.binary(max_size=300),
        st.builds(
            bytes.__add__,
            st.sampled_from([b"id,name\n", b"name\n", codecs.BOM_UTF16_LE]),
            st.binary(max_size=99),
        ),
        st.builds(
            lambda pieces, encoding: "".join(pieces).encode(encoding, "replace"),
            st.lists(st.sampled_from(PIECES), max_size=40),
            ENCODINGS,
        ),
    )
)
def test_any_bytes_are_read_or_refused_with_sentences(source: bytes) -> None:
    """Random bytes and random pieces of lists give rows that hold their promises, or an `InputError`."""
    rows, problems = rows_or_problems(source)
    assert bool(rows) != bool(problems)
    assert all(problem.isprintable() for problem in problems)
    assert len({row.subject for row in rows}) == len(rows)
    if rows:
        assert [
            one for one in classlist.told_apart(source).fates if not isinstance(one, classlist.Passed)
        ] == rows
    for row in rows:
        assert row.subject
        assert len(row.subject) <= classlist.MAX_CELL_CHARS >= len(row.label)
        (row.subject + row.label).encode("utf-8")
