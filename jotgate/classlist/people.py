"""Which lines of a list are people, and which are titles, headings, notes and totals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import chain, islice

from jotgate.classlist.addresses import address, plain_address
from jotgate.classlist.cells import AS_TEXT, clean, faults, on_one_line
from jotgate.classlist.columns import (
    MAX_ABOVE,
    NO_CLASSES,
    ONE_COLUMN,
    Columns,
    are_headings,
    columns,
    in_two_lines,
    named,
)
from jotgate.classlist.languages import OURS, read_language
from jotgate.classlist.records import MAX_CELL_CHARS, Fate, Passed, Record, Refused, Row
from jotgate.classlist.wording import WORDS_OF_PROSE, is_note, is_title, is_total, may_be_no_name
from jotgate.frozen import frozen
from jotgate.phrases import one_after_another, phrase, together, with_commas

#: Of more notes than this, one after the other, nobody can say that they are none of the people.
_MAX_NOTES = 20
_SHOWN_CHARS = 60
#: A whole number that a program took for one with decimals.
WITH_DECIMALS = re.compile(r"(\d{1,15})[.,]0{1,3}")
#: What no spreadsheet has touched.
_PLAIN_NAME = re.compile(r"[^\W\d_]+(?:(?:[ ,.-]|['’](?=[^\W\d_]))+[^\W\d_]+)*(?: [^\W_]+)*\.?")
_PLAIN_NUMBER = re.compile(r"[A-Za-z][A-Za-z0-9@./_+-]*")
_TOTAL = phrase("looks like a total and not like a person; delete the line")
_NAME, _LABEL, _SUBJECT, _CLASS = (
    # Translators: what stands in a cell, such as “the name is longer than 200 characters”.
    phrase("the name"),
    phrase("the label"),
    # Translators: the number or name by which a person is known.
    phrase("the subject"),
    phrase("the class"),
)
_BELOW: Mapping[str, Callable[[str], str]] = {
    "numbers": lambda headings: phrase("the numbers are below {headings}", headings=headings),
    "names": lambda headings: phrase("the names are below {headings}", headings=headings),
    "e-mail addresses": lambda headings: phrase(
        "the e-mail addresses are below {headings}", headings=headings
    ),
    "classes": lambda headings: phrase("the classes are below {headings}", headings=headings),
    "languages": lambda headings: phrase("the languages are below {headings}", headings=headings),
}


class Decimals(Enum):
    """What `1042.0` is."""

    KEPT = "kept"  #: what it says: other numbers of the column have true decimals.
    DROPPED = "dropped"  #: 1042: the column has whole numbers only.
    REFUSED = "refused"  #: nobody can tell: the column has other things than numbers, too.


@frozen
class _Note:
    """A line that is about no person, as it seems: so it is refused if people follow, and is else passed over."""

    line_number: int
    text: str


def fates(
    records: Iterator[Record],
    decimals: Decimals = Decimals.KEPT,
    *,
    by_class: bool = False,
    languages: tuple[str, ...] = OURS,
) -> Iterator[Fate]:
    """Give what becomes of each line; not yet known is which subjects are there twice.

    Where no line names the columns and they are not clear without, that is the only thing said.
    """
    head, broken = _head(records)
    if not head:
        yield from broken
        return
    found = _heading_among(head, by_class=by_class, languages=languages)
    if isinstance(found, Refused):
        yield found
        return
    place, shape = found
    if shape.headings:
        yield from (_above(*record, shape) for record in head[:place])
        yield _headings(head[place][0], shape)
        head = head[place + 1 :]
    yield from _below(chain(head, broken, records), shape, decimals)


def _head(records: Iterator[Record]) -> tuple[list[tuple[int, list[str]]], list[Refused]]:
    """Take the first records, those among which the headings are, up to one that cannot be read."""
    head: list[tuple[int, list[str]]] = []
    for record in islice(records, MAX_ABOVE + 1):
        if isinstance(record, Refused):
            return head, [record]
        head.append(record)
    return head, []


def _heading_among(
    head: Sequence[tuple[int, list[str]]], *, by_class: bool, languages: tuple[str, ...]
) -> tuple[int, Columns] | Refused:
    """Return which record names the columns, and how; or why none does."""
    if (place := _place_of_headings(head)) is not None:
        line_number, cells = head[place]
        if place + 1 < len(head) and (both := in_two_lines(cells, head[place + 1][1])):
            place, line_number, cells = place + 1, head[place + 1][0], both
        shape = columns(cells, by_class=by_class, languages=languages)
        return Refused(line_number=line_number, sentence=shape) if isinstance(shape, str) else (place, shape)
    for line_number, cells in head:
        if any(map(str.strip, cells[1:])):
            sentence = phrase(
                'no line names the columns; put one above this line: "id" above the numbers, "name" above the names,'
                " or both"
            )
            return Refused(line_number=line_number, sentence=sentence)
    return Refused(line_number=head[0][0], sentence=NO_CLASSES) if by_class else (0, ONE_COLUMN)


def _place_of_headings(head: Sequence[tuple[int, list[str]]]) -> int | None:
    """Return the first line that names a column.

    If it has no more than two cells it may say something about the class, such as "Name" and "Grammar School", and a
    later one names both columns.
    """
    scores = [named(cells) for _, cells in head]
    first = next((place for place, score in enumerate(scores) if score), None)
    if first is not None and 2 in scores and len(_filled(head[first][1])) <= 2:
        return scores.index(2)
    return first


def _above(line_number: int, cells: Sequence[str], shape: Columns) -> Passed | Refused:
    """Take a line above the headings for a title, unless it may be a person: people are sorted with their headings."""
    number = "" if shape.number is None else clean(_at(cells, shape.number))
    name = on_one_line(" ".join(clean(_at(cells, place)) for place in shape.names))
    filled = len(_filled(cells))
    if are_headings(cells):
        person = False
    elif shape.names and shape.number is not None:
        is_whole = filled >= len(_filled(shape.headings)) and not is_title(number) and not named([number])
        person = bool(name and number) and (is_whole or any(map(str.isdigit, number)))
    elif shape.number is None and shape.count > 1 and filled == 1:
        person = False
    else:
        person = bool(number or name) and not is_title(number or name)
    if person:
        sentence = phrase(
            "stands above the headings and looks like a person; move the headings up, or delete this line"
        )
        return Refused(line_number=line_number, sentence=sentence)
    return Passed(
        line_number=line_number, sentence=phrase("{text} is taken for a title", text=repr(_shown(cells)))
    )


def _headings(line_number: int, shape: Columns) -> Passed:
    cells = shape.headings
    meant = {
        "numbers": [shape.number],
        "names": shape.names,
        "e-mail addresses": [shape.email],
        "classes": [shape.group],
        "languages": [shape.language],
    }
    said = [
        _BELOW[what](together(below))
        for what, places in meant.items()
        if (below := [repr(_shown([cells[place]])) for place in places if place is not None])
    ]
    headings = tuple(on_one_line(clean(cell)) for cell in cells[: shape.count])
    return Passed(
        line_number=line_number,
        sentence=phrase("the headings: {meanings}", meanings=with_commas(said)),
        headings=headings,
    )


def _below(records: Iterable[Record], shape: Columns, decimals: Decimals) -> Iterator[Fate]:
    """Give what becomes of the lines below the headings; a note is passed over above and below all people."""
    held: list[Fate | _Note] = []
    people, last_label = 0, ""
    for record in records:
        fate = record if isinstance(record, Refused) else _fate(*record, shape, decimals)
        among = people > 0
        if isinstance(fate, Row):
            if fate.subject.isdigit() and _counts_them(fate, people, last_label):
                fate = Refused(line_number=fate.line_number, sentence=_TOTAL)
            else:
                people, last_label = people + 1, fate.label
        if held or isinstance(fate, _Note):
            held.append(fate)
            if len(held) > _MAX_NOTES or isinstance(fate, Row | Refused):
                yield from (_settled(one, among=among) for one in held)
                held.clear()
        else:
            yield fate
    yield from (_settled(one, among=False) for one in held)


def _settled(fate: Fate | _Note, *, among: bool) -> Fate:
    """Return what becomes of a line, now that it is known whether a note is *among* people."""
    if not isinstance(fate, _Note):
        return fate
    if not among:
        return Passed(
            line_number=fate.line_number, sentence=phrase("{text} is taken for a note", text=repr(fate.text))
        )
    sentence = phrase(
        "{text} looks like a note among the people; delete the line, or fill it in", text=repr(fate.text)
    )
    return Refused(line_number=fate.line_number, sentence=sentence)


def _counts_them(row: Row, people: int, last_label: str) -> bool:
    """Say whether a row is the number of the people above, who have names, with no name or a word for a total."""
    if row.subject != str(people) or not last_label or last_label.isdigit():
        return False
    return not row.label or row.label is row.subject or is_total(row.label)


def _fate(
    line_number: int, cells: list[str], shape: Columns, decimals: Decimals
) -> Row | Refused | Passed | _Note:
    """Look at one line. Most have a number of ASCII and a name of letters, and need no second look."""
    try:
        words = " ".join([cells[place] for place in shape.names]).split()
        number = "" if shape.number is None else cells[shape.number]
        email = "" if shape.email is None else cells[shape.email].strip()
        group = "" if shape.group is None else cells[shape.group]
        language = "" if shape.language is None else read_language(cells[shape.language], shape.known)
    except IndexError:
        return _looked_at(line_number, cells, shape, decimals)
    label = " ".join(words)
    subject = label if shape.number is None else number.strip()
    if (
        len(subject) <= MAX_CELL_CHARS >= len(label)
        and _is_plain_name(label, words)
        and (subject is label or (number.__class__ is str and _is_plain_number(subject)))
        and len(cells) <= shape.count
        and plain_address(email)
        and (not group or (group.isalnum() and group.__class__ is str))
        and language is not None
        and cells != shape.headings
    ):
        return Row(
            line_number=line_number,
            subject=subject,
            label=label,
            email=email,
            group=group,
            language=language,
            cells=tuple(cells),
        )
    return _looked_at(line_number, cells, shape, decimals)


def _is_plain_name(label: str, words: Sequence[str]) -> bool:
    # The quickest first: most names are letters and blanks, some have a hyphen, and few anything else.
    joined = label.replace(" ", "")
    is_hyphenated = joined.replace("-", "").isalpha() and joined[0] != "-"
    if not (joined.isalnum() or is_hyphenated or _PLAIN_NAME.fullmatch(label)):
        return False
    if words[0].isdigit() or len(words) >= WORDS_OF_PROSE or may_be_no_name(words[0]):
        return False
    return label.isascii() or unicodedata.is_normalized("NFC", label)


def _is_plain_number(subject: str) -> bool:
    return (
        (subject.isascii() and subject.replace("-", "").isalnum())
        or _PLAIN_NUMBER.fullmatch(subject) is not None
    ) and not (subject.isalpha() and may_be_no_name(subject))


def _looked_at(
    line_number: int, cells: list[str], shape: Columns, decimals: Decimals
) -> Row | Refused | Passed | _Note:
    if cells == shape.headings:
        return Passed(line_number=line_number, sentence=phrase("the headings are here once more"))
    subject, label, found = _named(cells, shape)
    if not found and (aside := _aside(line_number, cells, shape, subject)):
        return aside
    if decimals is not Decimals.KEPT and (whole := WITH_DECIMALS.fullmatch(subject)):
        if decimals is Decimals.REFUSED:
            found.append(
                phrase(
                    "the subject {subject} may be the number {number}; {remedy}",
                    subject=subject,
                    number=whole[1],
                    remedy=AS_TEXT,
                )
            )
        label = whole[1] if shape.number is None else label
        subject = whole[1]
    if not subject:
        found.append(phrase("the subject is empty"))
    email, group, language = _email(cells, shape), _group(cells, shape), _language(cells, shape)
    found += _faults_beside(cells, shape, email, group)
    if language is None:
        found.append(_language_fault(cells, shape))
    if found or email is None or language is None:
        return Refused(line_number=line_number, sentence=one_after_another(found))
    return Row(
        line_number=line_number,
        subject=subject,
        label=label,
        email=email,
        group=group,
        language=language,
        cells=tuple(cells),
    )


def _named(cells: Sequence[str], shape: Columns) -> tuple[str, str, list[str]]:
    """Return the subject and the label, the same where there is no number, and what is wrong with them."""
    parts = [(cell, on_one_line(clean(cell))) for cell in (_at(cells, place) for place in shape.names)]
    label = on_one_line(" ".join(part for _, part in parts))
    what = _NAME if shape.number is None else _LABEL
    found = [fault for cell, part in parts for fault in faults(what, cell, part)]
    if shape.number is not None:
        cell = _at(cells, shape.number)
        subject = clean(cell)
        return on_one_line(subject), label, faults(_SUBJECT, cell, subject) + found
    if len(parts) > 1 and len(label) > MAX_CELL_CHARS:
        found.append(phrase("{what} is longer than {most} characters", what=_NAME, most=MAX_CELL_CHARS))
    return label, label, found


def _group(cells: Sequence[str], shape: Columns) -> str:
    return "" if shape.group is None else on_one_line(clean(_at(cells, shape.group)))


def _faults_beside(cells: Sequence[str], shape: Columns, email: str | None, group: str) -> Iterator[str]:
    if email is None:
        yield phrase("the e-mail address cannot be one; correct it, or leave the cell empty")
    if shape.group is not None:
        yield from faults(_CLASS, _at(cells, shape.group), group)
    if any(map(str.strip, cells[shape.count :])):
        yield phrase("more cells than columns ({count})", count=shape.count)


def _language(cells: Sequence[str], shape: Columns) -> str | None:
    return "" if shape.language is None else read_language(_at(cells, shape.language), shape.known)


def _language_fault(cells: Sequence[str], shape: Columns) -> str:
    assert shape.language is not None
    return phrase(
        "the language {text} is not among those of the site; write one of {tags}, or its name, or leave the cell empty",
        text=repr(_shown([cells[shape.language]])),
        tags=", ".join(shape.known),
    )


def _email(cells: Sequence[str], shape: Columns) -> str | None:
    text = "" if shape.email is None else clean(_at(cells, shape.email))
    return address(text) if len(text) <= MAX_CELL_CHARS else None


def _aside(
    line_number: int, cells: Sequence[str], shape: Columns, subject: str
) -> Refused | Passed | _Note | None:
    """Return what a line is that is about no person."""
    filled = _filled(cells)
    if not filled:
        return Passed(line_number=line_number, sentence=phrase("it holds nothing that can be seen"))
    texts = [subject] if subject else [clean(cells[place]) for place in filled]
    if any(map(is_total, texts)):
        return Refused(line_number=line_number, sentence=_TOTAL)
    if len(filled) != 1:
        return None
    text = on_one_line(clean(cells[filled[0]]))
    is_prose = filled[0] not in shape.names and text.count(" ") > 1 and not any(map(str.isdigit, text))
    return _Note(line_number=line_number, text=_shown(cells)) if is_prose or is_note(text) else None


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _filled(cells: Sequence[str]) -> list[int]:
    return [place for place, cell in enumerate(cells) if clean(cell)]


def _shown(cells: Sequence[str]) -> str:
    text = on_one_line(" ".join(map(clean, cells)))
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
