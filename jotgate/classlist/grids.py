"""What the sheets of all workbooks have in common: rows without end, and other sheets beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jotgate.classlist.records import Record
from jotgate.errors import InputError
from jotgate.phrases import phrase

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
                    [
                        phrase(
                            'this workbook has more than {most} rows; save the list as "CSV UTF-8"',
                            most=MAX_ROWS,
                        )
                    ]
                )
            last = line_number
            yield line_number, cells


def only_one_is_read(names: Sequence[str]) -> tuple[str, ...]:
    """Return what is said if several sheets hold something."""
    if len(names) < 2:
        return ()
    first, *others = [repr(name[:40]) for name in names[:6]]
    if len(names) > 6:
        return (
            phrase(
                "only the first sheet, {first}, is read, not {others} and others; to have another one read, move it to"
                " the front",
                first=first,
                others=", ".join(others),
            ),
        )
    return (
        phrase(
            "only the first sheet, {first}, is read, not {others}; to have another one read, move it to the front",
            first=first,
            others=", ".join(others),
        ),
    )
