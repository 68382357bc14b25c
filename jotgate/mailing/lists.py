"""The list that `codes create` gives out, read back to mail each code to its person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from jotgate.classlist.records import Refused
from jotgate.classlist.sheets import sheet_in
from jotgate.errors import InputError
from jotgate.frozen import frozen

#: As `codes create` names its column: the second, where the class list has one of the first name.
_CODE, _CODE_BESIDE = "code", "access code"
_ADDRESS = frozenset({"email", "e-mail", "mail", "e-mail address", "email address"})
_MAX_CODES = 1_000_000


@frozen
class Listed:
    """One line of such a list."""

    line_number: int
    #: As it stands there.
    code: str
    #: Empty if the list does not say.
    address: str = ""

    def __repr__(self) -> str:
        return f"Listed(line_number={self.line_number})"


def read_codes(source: bytes | BinaryIO) -> list[Listed]:
    """Return the lines of a list of codes: CSV or a workbook with a column `code`, and perhaps one `email`.

    Raises:
        InputError: it is no such list.
    """
    lines = _lines(source)
    head = next(lines, None)
    names = [cell.strip().casefold() for cell in head[1]] if head else []
    wanted = _CODE_BESIDE if _CODE_BESIDE in names else _CODE
    codes = [place for place, name in enumerate(names) if name == wanted]
    if len(codes) != 1:
        raise InputError(
            ["this is no list of codes: its first line must name one column code, as `codes create` does"]
        )
    addresses = [place for place, name in enumerate(names) if name in _ADDRESS][:1]
    found = [
        Listed(
            line_number=number,
            code=_cell(cells, codes[0]),
            address=_cell(cells, addresses[0]) if addresses else "",
        )
        for number, cells in lines
    ]
    found = [one for one in found if one.code]
    if not found or len(found) > _MAX_CODES:
        raise InputError([f"the list has no codes, or more than {_MAX_CODES:,}"])
    return found


def _lines(source: bytes | BinaryIO) -> Iterator[tuple[int, list[str]]]:
    for record in sheet_in(source).records():
        if isinstance(record, Refused):
            raise InputError([f"line {record.line_number}: {record.sentence}"])
        yield record


def _cell(cells: list[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""
