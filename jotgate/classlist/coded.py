"""The lists that codes went out in, read back: whose code is which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from jotgate.classlist.cells import clean, on_one_line
from jotgate.classlist.columns import MAX_ABOVE, Columns, class_places, code_places, columns
from jotgate.classlist.languages import read_language
from jotgate.classlist.records import MAX_PROBLEMS, Record, Refused, of_line
from jotgate.classlist.sheets import sheet_in
from jotgate.errors import InputError
from jotgate.frozen import frozen
from jotgate.phrases import phrase

_NEEDS_CODES = phrase(
    'no line names a column "code": give the file that `codes create` wrote, or a list with such a column'
)


@frozen
class CodedLine:
    """What a list says beside one code."""

    line_number: int
    #: As it stands there; empty if the line has none.
    code: str
    name: str
    #: The class.
    group: str
    #: The subject, if it is another text than the name.
    number: str
    #: The e-mail address.
    email: str
    #: The tag of the language; empty if the list does not say, or nobody knows it.
    language: str

    def __repr__(self) -> str:
        return f"CodedLine(line_number={self.line_number})"


@frozen
class CodedList:
    """A list that codes went out in."""

    #: What there is to say about the file; one sentence each, without a full stop.
    remarks: tuple[str, ...]
    lines: tuple[CodedLine, ...]


def read_coded(source: bytes | BinaryIO, most: int) -> CodedList:
    """Read a list with a column of codes, and with those of class lists as far as there are any.

    Raises:
        InputError: it is of no kind that can be read, no column is one of codes, or it has more than *most* lines.
    """
    sheet = sheet_in(source)
    shape = None
    lines: list[CodedLine] = []
    records = sheet.records()
    for above, record in enumerate(records):
        if above > MAX_ABOVE:
            break
        if not isinstance(record, Refused) and (shape := _shape_of(record[1])):
            lines = list(_lines(records, shape, most))
            break
    if shape is None:
        raise InputError([_NEEDS_CODES])
    return CodedList(remarks=tuple(sheet.remarks), lines=tuple(lines))


@frozen
class _Shape:
    code: int
    #: None: nothing says it.
    group: int | None
    #: Of the rest.
    people: Columns


def _shape_of(cells: list[str]) -> _Shape | None:
    """Return which columns a line names; None if it names none of codes.

    Raises:
        InputError: two columns could both be meant.
    """
    codes, groups = code_places(cells), class_places(cells)
    if not codes:
        return None
    if len(codes) > 1 and cells[codes[0]].strip().casefold() == cells[codes[1]].strip().casefold():
        raise InputError(
            [f"two columns are called {cells[codes[0]].strip()!r}; rename the one that is not ours"]
        )
    people = columns(["" if place in codes else cell for place, cell in enumerate(cells)] + ["-"])
    if isinstance(people, str):
        raise InputError([people])
    return _Shape(code=codes[0], group=groups[0] if groups else None, people=people)


def _lines(records: Iterator[Record], shape: _Shape, most: int) -> Iterator[CodedLine]:
    problems: list[str] = []
    for count, record in enumerate(records):
        if count >= most:
            raise InputError([phrase("the list has more than {most} lines; give it in parts", most=most)])
        if isinstance(record, Refused):
            problems.append(of_line(record.line_number, record.sentence))
        elif not problems:
            yield _line(*record, shape)
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])


def _line(line_number: int, cells: Sequence[str], shape: _Shape) -> CodedLine:
    def text(*places: int | None) -> str:
        found = (cells[place] for place in places if place is not None and place < len(cells))
        return on_one_line(" ".join(map(clean, found)))

    name, number = text(*shape.people.names), text(shape.people.number)
    return CodedLine(
        line_number=line_number,
        code=text(shape.code),
        name=name or number,
        group=text(shape.group),
        number=number if name and number != name else "",
        email=text(shape.people.email),
        language=read_language(text(shape.people.language), shape.people.known) or "",
    )
