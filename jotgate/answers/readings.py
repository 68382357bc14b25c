"""An answer of each shape made into text, as a person would read it out. Total on whatever JSON can say.

JSON gives texts, numbers, truths, lists and dicts; anything else is not an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from jotgate.answers import dates
from jotgate.spelling import without_entities, without_markup

#: JotForm's answers are maps in maps at the most (a matrix of inputs).
_DEEPEST = 6
_MANY_DIGITS = 10**40
_MAX_JSON_CHARS = 100_000
_NAME_PARTS = ("prefix", "first", "middle", "last", "suffix")
_ADDRESS_PARTS = ("addr_line1", "addr_line2", "city", "state", "postal", "country")


def scalar(answer: object) -> str:
    """Return a text, a number, or true or false; "" for everything else."""
    if isinstance(answer, str):
        return (without_entities(answer) if "&" in answer else answer).strip()
    if isinstance(answer, bool):
        return "true" if answer else "false"
    if isinstance(answer, (int, float)):
        # Python refuses to spell integers of thousands of digits.
        return str(answer) if abs(answer) < _MANY_DIGITS else ""
    return ""


def every_part(answer: object) -> str:
    """Return all parts of an answer of any shape, each with its name, if it has one."""
    return scalar(answer) if isinstance(answer, str) else _parts(answer, _DEEPEST)


def choices(answer: object) -> str:
    """Return what was chosen: a text, a list, or a map that names only what was written beside "other"."""
    return _joined("; ", (every_part(one) for one in chosen(answer)))


def chosen(answer: object) -> Sequence[object]:
    """Return one by one what was chosen."""
    if isinstance(answer, dict):
        return list(answer.values())
    return answer if isinstance(answer, list) else [answer]


def name(answer: object) -> str:
    """Return a person's name."""
    return _known(answer, _NAME_PARTS, " ")


def address(answer: object) -> str:
    """Return an address on one line."""
    return _known(answer, _ADDRESS_PARTS, ", ")


def phone(answer: object) -> str:
    """Return a telephone number, whole or of its parts."""
    parts = _texts(answer)
    if parts.get("full"):
        return parts["full"]
    if "phone" not in parts:
        return every_part(answer)
    area = parts.get("area")
    return _joined(" ", (parts.get("country", ""), f"({area})" if area else "", parts["phone"]))


def date(answer: object) -> str:
    """Return a date, with its time if it has one: ``2016-07-29 9:05 PM``."""
    parts = _texts(answer)
    if not parts.keys() & {"year", "datetime"}:
        return every_part(answer)
    day = dates.day_of(parts)
    hour, minute = parts.get("hour", ""), parts.get("min", "")
    if not hour:
        # Some pages post only the field that people see.
        hour, _, minute = parts.get("timeInput", "").partition(":")
    time = dates.time_of(hour, minute, parts.get("ampm", ""))
    return _joined(" ", (day, time)) if day else ""


def time(answer: object) -> str:
    """Return a time, or the two ends of a range."""
    parts = _texts(answer)
    if "hourSelect" not in parts:
        return parts["timeInput"] if parts.keys() == {"timeInput"} else every_part(answer)
    ends = (
        dates.time_of(*(parts.get(part + which, "") for part in ("hourSelect", "minuteSelect", "ampm")))
        for which in ("", "Range")
    )
    return _joined(" - ", ends)


def appointment(answer: object) -> str:
    """Return when an appointment is, how long it takes, and by the clocks of which zone; "" if none was chosen."""
    parts = _texts(answer)
    if "date" not in parts:
        return every_part(answer)
    if not parts["date"]:
        return ""
    minutes = parts.get("duration")
    return _joined(", ", (parts["date"], f"{minutes} minutes" if minutes else "", parts.get("timezone", "")))


def appointment_start(answer: object) -> str:
    """Return when an appointment is."""
    parts = _texts(answer)
    return parts["date"] if "date" in parts else every_part(answer)


def limits(answer: object) -> str:
    """Return the two ends of a range."""
    return _known(answer, ("from", "to"), " - ")


def matrix(answer: object) -> str:
    """Return a matrix row by row: a map of rows, or a list of them; a row is one answer, or its cells.

    Cells may come as a JSON text. Empty rows are left out, an empty cell between others is ``-``.
    """
    if isinstance(answer, dict):
        rows = [(without_markup(row), _cells(cells)) for row, cells in answer.items()]
    elif isinstance(answer, list):
        rows = [("", _cells(cells)) for cells in answer]
    else:
        return scalar(answer)
    return _joined("; ", (f"{row}: {cells}" if row and cells else cells for row, cells in rows))


def payment(answer: object) -> str:
    """Return the products, with what was paid in all, of a payment, which comes as JSON texts, in a map or alone."""
    order = unpacked(answer)
    if not isinstance(order, dict):
        return every_part(order)
    bill = unpacked(order.get("paymentArray"))
    if isinstance(bill, dict):
        total = _joined(" ", (scalar(bill.get(part)) for part in ("total", "currency")))
        products = unpacked(bill.get("product"))
        bought = [scalar(one) for one in chosen(products)]
        return _joined("; ", (*bought, f"total: {total}" if scalar(bill.get("total")) else ""))
    return every_part({part: _product(unpacked(one)) for part, one in order.items()})


def packed(answer: object) -> str:
    """Return a widget's answer, which may be a JSON text of several parts."""
    return every_part(unpacked(answer))


def unpacked(answer: object) -> object:
    """Return what a JSON text of a list or a map holds; anything else as it is."""
    if not isinstance(answer, str) or answer.lstrip()[:1] not in ("[", "{") or len(answer) > _MAX_JSON_CHARS:
        return answer
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return answer


def _product(one: object) -> object:
    """Return a product by its name alone, where it has one."""
    return scalar(one.get("name")) or one if isinstance(one, dict) else one


def _cells(cells: object) -> str:
    cells = unpacked(cells)
    if not isinstance(cells, (list, dict)):
        return scalar(cells)
    texts = [_parts(cell, 2) for cell in chosen(cells)]
    return ", ".join(text or "-" for text in texts) if any(texts) else ""


def _known(answer: object, known: Sequence[str], separator: str) -> str:
    if not isinstance(answer, dict):
        return every_part(answer)
    return _joined(separator, [_text(answer[part]) for part in known if part in answer]) or every_part(answer)


def _texts(answer: object) -> dict[str, str]:
    """Return the parts of a map as texts; none of anything else."""
    if not isinstance(answer, dict):
        return {}
    return {part: _text(one) for part, one in answer.items()}


def _text(part: object) -> str:
    return scalar(part) if isinstance(part, str) else _parts(part, 2)


def _parts(answer: object, depth: int) -> str:
    if not isinstance(answer, (list, dict)):
        return scalar(answer)
    if not depth:
        return ""
    named = answer.items() if isinstance(answer, dict) else [("", one) for one in answer]
    texts = [(part, _parts(one, depth - 1)) for part, one in named]
    # Numbers are places in a list.
    shown = (f"{part}: {text}" if part and text and not part.isdigit() else text for part, text in texts)
    return _joined("; " if depth == _DEEPEST else ", ", shown)


def _joined(separator: str, texts: Iterable[str]) -> str:
    return separator.join(filter(None, texts))
