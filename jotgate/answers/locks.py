"""Whether a value that was filled in came back as it was: JotForm spells honest answers in its own way.

Each rule takes what was given, the answer as JotForm has it, and that answer as a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jotgate.answers import dates, readings
from jotgate.spelling import tidy, without_entities

Lock = Callable[[str, object, str], bool]

#: Patterns are compiled on first use: few forms lock anything.
_BARE = r"[0-9]{5,}"
#: The last mark is not a point: 12345 is not 1 23.45.
_MASKED = r"[+(]?[0-9][0-9 ()./-]*[ )/-][0-9]+"
_BETWEEN_CHOICES = r"[,;|\r\n]"
_NUMBER = r"\s*([+-]?)([0-9]+)(?:\.([0-9]*))?\s*"


def text(given: str, answer: object, shown: str) -> bool:
    """Take another wrapping, entities, composed letters and invisible characters for the same text."""
    came_back = tidy(shown)
    return tidy(given) == came_back or tidy(without_entities(given)) == came_back


def written(given: str, answer: object, shown: str) -> bool:
    """Take digits for the same that a mask has put marks between; never where they could be cents now."""
    return text(given, answer, shown) or (
        re.fullmatch(_BARE, given) is not None
        and re.fullmatch(_MASKED, shown) is not None
        and given == _digits(shown)
    )


def email(given: str, answer: object, shown: str) -> bool:
    """Take capitals and small letters for the same."""
    return _folded(given) == _folded(shown)


def number(given: str, answer: object, shown: str) -> bool:
    """Take 5, 05 and 5.0 for the same number."""
    return text(given, answer, shown) or ((wanted := _number(given)) is not None and wanted == _number(shown))


def phone(given: str, answer: object, shown: str) -> bool:
    """Compare digits: masks put brackets, blanks and strokes around them."""
    if any(letter.isalpha() for letter in given + shown):
        return text(given, answer, shown)
    return text(given, answer, shown) or (len(wanted := _digits(given)) > 0 and wanted == _digits(shown))


def choice(given: str, answer: object, shown: str) -> bool:
    """Take what was chosen in any order and with any mark between: ``a,b`` comes back as a list of its own order."""
    wanted = _pieces(given)
    left = sorted((_pieces(readings.scalar(one)) for one in readings.chosen(answer)), key=len, reverse=True)
    at = 0
    while at < len(wanted):
        fit = next((one for one in left if one and one == wanted[at : at + len(one)]), None)
        if fit is None:
            return False
        left.remove(fit)
        at += len(fit)
    return not any(left)


def moment(given: str, answer: object, shown: str) -> bool:
    """Take a date or a time for the same in whatever way it is spelled."""
    return text(given, answer, shown) or (
        (spelled := _spelled(given)) is not None and spelled == _spelled(shown)
    )


def part_of_moment(given: str, answer: object, shown: str) -> bool:
    """Take 7, 07 and July for the same month, and 5 and 05 for the same minute."""
    return email(given, answer, shown) or ((wanted := _place(given)) is not None and wanted == _place(shown))


def _folded(given: str) -> str:
    return tidy(without_entities(given)).casefold()


def _digits(given: str) -> str:
    return "".join(re.findall(r"\d", given))


def _number(given: str) -> tuple[str, ...] | None:
    found = re.fullmatch(_NUMBER, given)
    if found is None:
        return None
    sign, whole, fraction = found.groups(default="")
    return sign.replace("+", ""), whole.lstrip("0"), fraction.rstrip("0")


def _spelled(given: str) -> str | None:
    return dates.spelled(_folded(given))


def _place(given: str) -> int | None:
    given = given.strip()
    return int(given) if given.isdecimal() and len(given) <= 4 else dates.month_of(given)


def _pieces(given: str) -> list[str]:
    return [piece for piece in map(_folded, re.split(_BETWEEN_CHOICES, without_entities(given))) if piece]
