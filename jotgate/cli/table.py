"""Listings: each column is declared once, for the table that people read and for the objects that scripts read."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Generic, TypeVar

from jotgate.cli.output import emit, plain, say

T = TypeVar("T")

_LINES_AT_ONCE = 500
_GAP = "  "
#: A sentence is cut to no fewer characters.
_MIN_CUT = 12


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One thing that a listing says of every row."""

    #: Its name in JSON.
    name: str
    #: Its heading in the table; None keeps it to scripts.
    heading: str | None
    #: What scripts get: a text, a number, a list, or None.
    value: Callable[[T], object]
    #: What people read where there is nothing.
    none: str = "-"
    #: What people read, if not the value alone.
    cell: Callable[[T], str] | None = None

    def text(self, row: T) -> str:
        """Return what people read of *row*."""
        return plain(self.cell(row)) if self.cell else _text(self.value(row), self.none)


class Table(Generic[T]):
    """The columns of one listing."""

    def __init__(self, *columns: Column[T]) -> None:
        self._columns = columns
        self._shown = [column for column in columns if column.heading is not None]

    def record(self, row: T) -> dict[str, object]:
        """Return *row* as scripts read it."""
        return {column.name: column.value(row) for column in self._columns}

    def lines(self, rows: Iterable[T], *, most: int | None = None) -> Iterator[str]:
        """Yield the lines of the table, in bounded memory; none at all if there are no rows.

        Sentences and names are cut, so that a line has *most* characters; ids and addresses never, as people copy them.
        """
        headings = [column.heading or "" for column in self._shown]
        return _aligned(headings, ([column.text(row) for column in self._shown] for row in rows), most)

    def print(self, rows: Iterable[T], *, as_json: bool) -> int:
        """Print *rows* for a script or for people, as they come; return how many there were."""
        number = 0

        def passing() -> Iterator[T]:
            nonlocal number
            for row in rows:
                number += 1
                yield row

        if as_json:
            for row in passing():
                emit(self.record(row))
        else:
            for line in self.lines(passing(), most=_terminal_columns()):
                say(line)
        return number


def _text(value: object, none: str) -> str:
    match value:
        case None | []:
            return none
        case int():
            return f"{value:,}"
        case list():
            return plain(",".join(map(str, value)))
        case _:
            return plain(str(value))


def _terminal_columns() -> int | None:
    """Return how wide the terminal is, None if there is none: files and other programs get everything."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _aligned(
    headings: Sequence[str], rows: Iterable[Sequence[str]], most: int | None = None
) -> Iterator[str]:
    """Yield the lines; the first few hundred rows decide the widths."""
    rows = iter(rows)
    head = list(islice(rows, _LINES_AT_ONCE))
    if not head:
        return
    widths = [max(len(row[at]) for row in (headings, *head)) for at in range(len(headings))]
    if most is not None:
        widths = _fitting(
            widths, [_least(headings[at], [row[at] for row in head]) for at in range(len(headings))], most
        )
    for row in chain((headings, *head), rows):
        yield _line(row if most is None else [*map(_cut, row, widths)], widths)


def _least(heading: str, cells: Sequence[str]) -> int:
    """Return how narrow a column may become: its heading and its longest word that stands alone are never cut."""
    return max(len(heading), _MIN_CUT, *(len(cell) for cell in cells if " " not in cell))


def _fitting(widths: Sequence[int], least: Sequence[int], most: int) -> list[int]:
    """Return *widths*, the widest made narrower one by one, until a line has *most* characters or nothing gives way."""
    fitting = list(widths)
    while sum(fitting) + len(_GAP) * (len(fitting) - 1) > most:
        spare = [width if width > low else 0 for width, low in zip(fitting, least, strict=True)]
        if not any(spare):
            break
        fitting[spare.index(max(spare))] -= 1
    return fitting


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width or " " not in cell else cell[: width - 1] + "\N{HORIZONTAL ELLIPSIS}"
