"""Listings: each column is declared once, for the table that people read and for the objects that scripts read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from jotgate.cli.output import emit, plain, say

T = TypeVar("T")

_LINES_AT_ONCE = 500


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

    def lines(self, rows: Iterable[T]) -> Iterator[str]:
        """Yield the lines of the table, in bounded memory; none at all if there are no rows."""
        headings = [column.heading or "" for column in self._shown]
        return _aligned(headings, ([column.text(row) for column in self._shown] for row in rows))

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
            for line in self.lines(passing()):
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


def _aligned(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines; the first few hundred rows decide the widths."""
    rows = iter(rows)
    head = list(islice(rows, _LINES_AT_ONCE))
    if not head:
        return
    widths = [max(len(row[at]) for row in (headings, *head)) for at in range(len(headings))]
    for row in (headings, *head):
        yield _line(row, widths)
    for row in rows:
        yield _line(row, widths)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
