"""What the sheets of all workbooks have in common: rows without end, and other sheets beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jotgate.classlist.records import Record
from jotgate.errors import InputError

MAX_ROWS = 200_000
#: A sheet may be formatted down to its last row: after so many blank ones it is over.
MAX_BLANK_ROWS = 10_000


def filled_rows(rows: Iterator[tuple[int, list[str]]]) -> Iterator[Record]:
    """Give the rows that are not blank, up to the end of the list.

    Raises:
        InputError: there are more than `MAX_ROWS`.
    """
    last = 0
    for line_number, cells in rows:
        if line_number - last > MAX_BLANK_ROWS:
            return
        if any(map(str.strip, cells)):
            if line_number > MAX_ROWS:
                raise InputError(
                    [f'this workbook has more than {MAX_ROWS:,} rows; save the list as "CSV UTF-8"']
                )
            last = line_number
            yield line_number, cells


def only_one_is_read(names: Sequence[str]) -> tuple[str, ...]:
    """Return what is said if several sheets hold something."""
    if len(names) < 2:
        return ()
    shown = ", ".join(repr(name[:40]) for name in names[1:6]) + (" and others" if len(names) > 6 else "")
    return (f"only the first sheet, {names[0][:40]!r}, is read, not {shown}",)
