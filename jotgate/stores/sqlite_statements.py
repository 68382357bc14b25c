"""Statements as SQLite takes them quickest: numbers for the names of their parameters, and many values in one look.

Python's driver makes a text of each name and looks it up, for each row anew; that takes longer than to bind the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from jotgate.stores.driver import Row

_PARAMETER = re.compile(r"'(?:[^']|'')*'|(= :each\b)|:(\w+)")
#: How many values of ``:each`` one statement may be about. It is prepared for no other number, and then kept.
_AT_ONCE = (1, 10, 100)


class Statement(NamedTuple):
    """One statement, ready to be run."""

    text: str
    #: Return a row's values in the order of their numbers.
    pick: Callable[[Mapping[str, Any]], Row]
    #: How many values of ``:each`` -> the statement about so many.
    texts: Mapping[int, str]
    #: The statement with its names.
    named: str

    def about(self, values: Sequence[Any], others: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
        """Iterate over what to run to learn about all of *values*, with the values of the other names."""
        picked, most = self.pick(others), _AT_ONCE[-1]
        for first in range(0, len(values), most):
            some = values[first : first + most]
            size = next(size for size in _AT_ONCE if size >= len(some))
            # One that comes several times is looked up once.
            yield self.texts[size], (*picked, *some, *[some[-1]] * (size - len(some)))

    def for_rows(self, rows: Sequence[Mapping[str, Any]]) -> tuple[str, Callable[[Mapping[str, Any]], Row]]:
        """Return what to run for these rows, and what picks its values.

        What none of them has is written as NULL: the driver looks for an adapter of every None.
        """
        empty = [name for name, value in rows[0].items() if value is None]
        empty = [name for name in empty if [row[name] for row in rows].count(None) == len(rows)]
        if not empty:
            return self.text, self.pick
        return _without(self.named, frozenset(empty))


@lru_cache(maxsize=256)
def _without(text: str, names: frozenset[str]) -> tuple[str, Callable[[Mapping[str, Any]], Row]]:
    statement = numbered(_PARAMETER.sub(lambda found: "NULL" if found[2] in names else found[0], text))
    return statement.text, statement.pick


class Statements(dict[str, "Statement"]):
    """Statements by their names, each made ready when it is first asked for: a process runs few of them.

    Threads that ask at once may each make one ready, and it makes no difference which of them stays.
    """

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[str, str] = {}

    def learn(self, texts: Mapping[str, str]) -> None:
        """Know these, too, in place of others of the same name."""
        self._texts |= texts
        for name in texts:
            self.pop(name, None)

    def __missing__(self, name: str) -> Statement:
        """Return a statement that nobody has asked for, without the locks that nobody needs who writes alone."""
        made = self[name] = numbered(self._texts[name].replace(" FOR UPDATE", ""))
        return made


def numbered(text: str) -> Statement:
    """Return the statement with the names ``:name`` in it."""
    names = list(dict.fromkeys(found[2] for found in _PARAMETER.finditer(text) if found[2]))
    about_each = any(found[1] for found in _PARAMETER.finditer(text))
    texts = {size: _written(text, names, size) for size in (_AT_ONCE if about_each else (1,))}
    return Statement(texts[1], _picker(names), texts, text)


def _written(text: str, names: Sequence[str], size: int) -> str:
    each = ", ".join(f"?{len(names) + place}" for place in range(1, size + 1))

    def replaced(match: re.Match[str]) -> str:
        if match[1]:
            return f"IN ({each})"
        return f"?{names.index(match[2]) + 1}" if match[2] else match[0]

    return _PARAMETER.sub(replaced, text)


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Row]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple([values[name] for name in names])
