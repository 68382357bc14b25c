"""Reading a class list: as a whole or not at all, and every problem by its line."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import BinaryIO

from jotgate.classlist.cells import AS_TEXT, clean
from jotgate.classlist.languages import OURS
from jotgate.classlist.people import WITH_DECIMALS, Decimals, fates
from jotgate.classlist.records import MAX_PROBLEMS, ClassList, Fate, Lines, Passed, Refused, Row, of_line
from jotgate.classlist.sheets import sheet_in
from jotgate.errors import InputError
from jotgate.phrases import phrase, phrases

#: So many lines are named that were passed over; more of them repeat the same.
MAX_PASSED = 50

_DECIMAL = re.compile(r"\d+[.,]\d+")


def read(source: bytes | BinaryIO) -> list[Row]:
    """Read a class list into memory; see `checked`."""
    return list(rows(source))


def rows(source: bytes | BinaryIO) -> Iterator[Row]:
    """Check a whole class list, then give its rows one by one; see `checked`."""
    return checked(source).rows


def texts(row: Row, headings: Sequence[str]) -> list[str]:
    """Return what a list with these *headings* says of somebody, in their order."""
    found = [clean(cell) for cell in row.cells[: len(headings)]]
    return found + [""] * (len(headings) - len(found))


def checked(
    source: bytes | BinaryIO, *, by_class: bool = False, languages: tuple[str, ...] = OURS
) -> ClassList:
    """Check a whole class list.

    One of its first lines names the columns, in any order: one of `subject`, `id`, `student number` and the like,
    one of `name`, `label` and the like, or both; first and last names may have a column each. There may be one of
    `e-mail` and one of `language`, which has to be one of *languages*, by its tag or by what people call it; and has
    to be one of `class` if *by_class*. Other columns are only kept. Where there is a name but no
    number, the name is the subject *and* the label, so that two pupils of the same name need a number to be told apart.
    A list of one column needs no headings: each line is a name, such as "Schmidt, Anna". With several columns, headings
    are required, lest "Schmidt,Anna" becomes a number and a name.

    Titles above the headings and notes below the people are passed over, and remarked on.

    `source` is read from where it stands, more than once, and must not change meanwhile; what cannot be
    rewound is read into memory first. Raises `InputError` with a sentence for each problem, and then gives no
    row at all: nothing in it, columns of unknown meaning, too many cells, an empty or repeated subject, totals, what a
    spreadsheet broke, an open quotation mark, unreadable or control characters, a cell or line too long. Errors of the
    reading itself are `OSError`.
    """
    reading = _Reading(source, MAX_PROBLEMS, by_class=by_class, languages=languages)
    problems = [*reading.problems, *islice(reading.repeated(), MAX_PROBLEMS)]
    if problems:
        raise InputError([*_told(problems), *reading.remarks])
    if not reading.has_people:
        raise InputError([phrase("the list is empty"), *reading.remarks, *reading.told_of_passed()])
    return ClassList(
        remarks=(*reading.remarks, *reading.told_of_passed()),
        headings=reading.headings,
        rows=_only_rows(reading.again()),
    )


def told_apart(
    source: bytes | BinaryIO, *, by_class: bool = False, languages: tuple[str, ...] = OURS
) -> Lines:
    """Tell what becomes of each line of a class list, of as many as it has; see `checked`.

    Raises:
        InputError: the file has no lines that could be told apart.
    """
    reading = _Reading(source, None, by_class=by_class, languages=languages)
    return Lines(remarks=reading.remarks, fates=reading.with_repetitions())


class _Reading:
    """A list that was read once."""

    def __init__(
        self, source: bytes | BinaryIO, most: int | None, *, by_class: bool, languages: tuple[str, ...]
    ) -> None:
        """Look at the lines, until there are as many problems as *most*."""
        self._sheet = sheet_in(source)
        self._by_class = by_class
        self._languages = languages
        #: What stands above the columns; of one column without a heading, what it has.
        self.headings: tuple[str, ...] = ("name",)
        self._decimals = Decimals.KEPT
        self._decimals = self._look(most)
        if self._decimals is Decimals.REFUSED:
            self._look(most)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What there is to say about the list as a whole: of several sheets, the wrong one may be read."""
        decimals = phrase("the numbers are read without their decimals, which are all zero")
        return (
            *self._sheet.remarks,
            *([decimals] if self._decimals is Decimals.DROPPED else []),
            *self._numbers.without_zeros(),
        )

    def told_of_passed(self) -> list[str]:
        """Return a sentence for each of the first lines that were passed over, and how many more there are."""
        more = [_passed_over(self._more_passed)] if self._more_passed else []
        return [*self._passed, *more]

    def _note(self, passed: Passed) -> None:
        if passed.headings:
            self.headings = passed.headings
        elif len(self._passed) < MAX_PASSED:
            self._passed.append(of_line(passed.line_number, passed.sentence))
        else:
            self._more_passed += 1

    def again(self) -> Iterator[Fate]:
        """Read the list anew, knowing what its numbers are."""
        return fates(
            self._sheet.records(), self._decimals, by_class=self._by_class, languages=self._languages
        )

    def repeated(self) -> Iterator[Refused]:
        """Give the lines whose subject is in an earlier line."""
        first_lines: dict[str, int] = {}
        lines = self.again() if self._suspects else ()
        yield from filter(None, (self._repetition(fate, first_lines) for fate in lines))

    def with_repetitions(self) -> Iterator[Fate]:
        """Read the list anew, these lines among the others."""
        first_lines: dict[str, int] = {}
        return (self._repetition(fate, first_lines) or fate for fate in self.again())

    def _repetition(self, fate: Fate, first_lines: dict[str, int]) -> Refused | None:
        if not isinstance(fate, Row) or hash(fate.subject) not in self._suspects:
            return None
        first = first_lines.setdefault(fate.subject, fate.line_number)
        if first == fate.line_number:
            return None
        sentence = phrase(
            "the subject {subject} is already in line {line}; delete one of the two lines, or give each person a number"
            " of their own",
            subject=repr(fate.subject),
            line=str(first),
        )
        return Refused(line_number=fate.line_number, sentence=sentence)

    def _look(self, most: int | None) -> Decimals:
        """Gather problems, what was passed over, and of each subject eight bytes, by which repeated ones are suspected.

        Returns what becomes of decimals.
        """
        self.problems: list[Refused] = []
        self._passed: list[str] = []
        self._more_passed = 0
        hashes = array("q")
        numbers = self._numbers = _Numbers()
        for fate in self.again():
            if isinstance(fate, Row):
                hashes.append(hash(numbers.whole(fate.subject)))
            elif isinstance(fate, Passed):
                self._note(fate)
            elif most is not None:
                self.problems.append(fate)
                if len(self.problems) == most:
                    break
        self.has_people = bool(hashes)
        self._suspects = {one for one, next_one in pairwise(sorted(hashes)) if one == next_one}
        return numbers.decimals()


class _Numbers:
    """What kind of numbers a column has."""

    def __init__(self) -> None:
        self._some_end_in_zeros = self._some_have_decimals = self._some_are_none = False
        #: The longest number that begins with a zero, and the shortest that does not.
        self._padded = self._short = ""

    def whole(self, subject: str) -> str:
        """Take note of a subject, and return it without the decimals that it may lose."""
        if subject.isdigit():
            if subject[0] == "0":
                self._padded = max(self._padded, subject, key=len)
            elif not self._short or len(subject) < len(self._short):
                self._short = subject
            return subject
        if not subject[0].isdigit():
            self._some_are_none = True
            return subject
        if found := WITH_DECIMALS.fullmatch(subject):
            self._some_end_in_zeros = True
            return found[1]
        if _DECIMAL.fullmatch(subject):
            self._some_have_decimals = True
        else:
            self._some_are_none = True
        return subject

    def without_zeros(self) -> list[str]:
        """Return what is said if a spreadsheet seems to have made numbers of some, and others are text."""
        if not self._short or len(self._short) >= len(self._padded):
            return []
        sentence = phrase(
            "numbers such as {short} may have lost the zeros in front that {long} has; if so, {remedy}",
            short=self._short,
            long=self._padded,
            remedy=AS_TEXT,
        )
        return [sentence]

    def decimals(self) -> Decimals:
        """Return what becomes of decimals that are zero."""
        if not self._some_end_in_zeros or self._some_have_decimals:
            return Decimals.KEPT
        return Decimals.REFUSED if self._some_are_none else Decimals.DROPPED


def _told(problems: list[Refused]) -> list[str]:
    problems.sort(key=lambda problem: problem.line_number)
    said = [of_line(problem.line_number, problem.sentence) for problem in problems[:MAX_PROBLEMS]]
    return [*said, phrase("there may be more problems than these")] if len(said) == MAX_PROBLEMS else said


def _passed_over(number: int) -> str:
    return phrases("{number} more line was passed over", "{number} more lines were passed over", number)


def _only_rows(fates: Iterator[Fate]) -> Iterator[Row]:
    for fate in fates:
        if isinstance(fate, Refused):
            changed = phrase("changed while the list was read")
            raise InputError([of_line(fate.line_number, changed)])
        if isinstance(fate, Row):
            yield fate
