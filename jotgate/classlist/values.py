"""The values in a workbook's cells, as the text that their author saw."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from functools import lru_cache

from jotgate.classlist.cells import AS_TEXT, is_date
from jotgate.classlist.records import Doubtful
from jotgate.phrases import phrase

#: A spreadsheet keeps 15 digits of a number.
_MOST = 10**15
#: A piece of a number format: a text in quotation marks, one character that stands for itself, what is about colours,
#: languages and widths, or any other character.
_PIECE = re.compile(r'"([^"]*)"|\\(.)|(\[[^\]]*\]|_.|\*.)|(.)', re.DOTALL)
#: In a number format, these say more than how many digits there are at least.
_BEYOND_ZEROS = frozenset("#?.,%EeGg@/dmyhsDMYHS")


def number(value: float, mask: str = "General") -> str:
    """Return a number as text: a whole one without decimals, and with the zeros that its number format asks for."""
    if not math.isfinite(value):
        return Doubtful(
            str(value),
            lambda what: phrase(
                "{what} is not a number that a list can have; {remedy}", what=what, remedy=AS_TEXT
            ),
        )
    if value != int(value):
        return repr(value)
    whole = int(Decimal(repr(value)))
    if abs(whole) >= _MOST:
        return Doubtful(
            str(whole),
            lambda what: phrase(
                "{what} {number} has more digits than the 15 that a spreadsheet keeps of a number; {remedy}",
                what=what,
                number=str(whole),
                remedy=AS_TEXT,
            ),
        )
    return _in_digits(whole, _pieces(mask))


def date(text: str) -> str:
    """Return a date or a time, which is nobody's number."""
    return Doubtful(text, lambda what: is_date(what, text))


@lru_cache(maxsize=200)
def _pieces(mask: str) -> tuple[str | None, ...]:
    """Return the texts of a number format of zeros, such as `000\\-000`, None for each zero; nothing for others."""
    pieces: list[str | None] = []
    for quoted, escaped, _, other in _PIECE.findall(mask):
        if other == ";":
            break
        if other in _BEYOND_ZEROS and other:
            return ()
        pieces.append(None if other == "0" else quoted or escaped or other)
    return tuple(pieces)


def _in_digits(whole: int, pieces: tuple[str | None, ...]) -> str:
    places = pieces.count(None)
    if not places:
        return str(whole)
    digits = str(abs(whole)).zfill(places)
    left, ends = digits[: len(digits) - places], iter(digits[len(digits) - places :])
    text = "".join(next(ends) if piece is None else piece for piece in pieces)
    first = pieces.index(None)
    before = len("".join(piece or "" for piece in pieces[:first]))
    return ("-" if whole < 0 else "") + text[:before] + left + text[before:]
