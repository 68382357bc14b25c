"""What becomes of each line of a class list: a row, a line that is refused, or one that is passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import TypeAlias

from jotgate.frozen import frozen
from jotgate.phrases import phrase

#: Longer cells and lines are problems: a name has some twenty characters, and every line must fit in memory.
MAX_CELL_CHARS = 200
MAX_LINE_CHARS = 20_000
#: Reading stops at this many problems: a list with so many repeats the same one over and over.
MAX_PROBLEMS = 100
#: What is said of a workbook that nobody can read without its key.
ENCRYPTED = phrase("this workbook is encrypted; open it, take the encryption off, and save it again")

NEEDS_OPENPYXL = phrase(
    "workbooks of Excel need another package: {command}", command="pip install 'jotgate[excel]'"
)


@frozen
class Row:
    """One person of a class list."""

    #: Where the row begins: counted from 1, as editors count lines and spreadsheets their rows.
    line_number: int
    #: The subject of a grant: never empty, unique in its list.
    subject: str
    #: What people call the subject; empty if the list does not say. One line, single spaces.
    label: str
    #: Where to mail them; empty if the list does not say.
    email: str = ""
    #: The class; empty if the list does not say, or nobody asked.
    group: str = ""
    #: The tag of the language; empty if the list does not say.
    language: str = ""
    #: All that the line has, as it stands there; see `texts`.
    cells: tuple[str, ...] = field(default=(), repr=False, compare=False)


@frozen
class Refused:
    """A line that has to be corrected before any of the list is taken."""

    line_number: int
    #: Why, and what to do about it; no capital, no full stop.
    sentence: str


@frozen
class Passed:
    """A line that is about no person, such as a title, and does no harm."""

    line_number: int
    #: What it is taken for; no capital, no full stop.
    sentence: str
    #: What stands above the columns, if it is the line that names them: nobody wants to be told of that one.
    headings: tuple[str, ...] = ()


Fate: TypeAlias = Row | Refused | Passed
#: The number of a line, and its cells; or why it cannot be split into cells.
Record: TypeAlias = tuple[int, list[str]] | Refused


@frozen
class ClassList:
    """A list that was checked as a whole, and found good."""

    #: What was read otherwise than it stands in the file, one sentence each.
    remarks: tuple[str, ...]
    #: What stands above each of its columns.
    headings: tuple[str, ...]
    #: The people, one by one: read from the file once more, so that a million need little memory.
    rows: Iterator[Row]


@frozen
class Lines:
    """A list of which each line is looked at, be it good or not."""

    #: What is read otherwise than it stands in the file, line numbers apart; one sentence each.
    remarks: tuple[str, ...]
    #: What becomes of each line that is not blank, in their order. The list is good if there is a row, and none is
    #: refused.
    fates: Iterator[Fate]


def of_line(line_number: int, sentence: str) -> str:
    """Return what there is to say of a line, with its number."""
    return phrase("line {number}: {sentence}", number=str(line_number), sentence=sentence)


class Doubtful(str):
    """The text of a cell whose value cannot be what its author meant, such as a number that became a date."""

    __slots__ = ("fault",)

    #: Says what is wrong, from whose value it is, such as "the subject"; no full stop.
    fault: Callable[[str], str]

    def __new__(cls, text: str, fault: Callable[[str], str]) -> Doubtful:
        """Return *text* with what is wrong with it."""
        made = super().__new__(cls, text)
        made.fault = fault
        return made
