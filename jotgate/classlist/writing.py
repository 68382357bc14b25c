"""Writing names and codes for spreadsheets, so that no cell becomes a formula and nothing is lost on the way back."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from jotgate.classlist.cells import FORMULA, MARKED_NUMBER
from jotgate.errors import InputError


def write_codes(
    stream: BinaryIO,
    rows: Iterable[Sequence[str]],
    *,
    columns: Sequence[str] = ("code", "subject", "label"),
    separator: str = ",",
) -> int:
    """Write names and codes as CSV, as `write_table` does, and return how many rows there were.

    The file is incomplete after an `OSError`, and the codes in it should be revoked.
    """
    return write_table(stream, rows, columns=columns, separator=separator)


def write_table(
    stream: BinaryIO, rows: Iterable[Sequence[str]], *, columns: Sequence[str], separator: str = ","
) -> int:
    """Write rows of text as CSV, headings first and one by one, and return how many there were.

    It is UTF-8 with a byte order mark and CRLF, for Excel. A cell that a spreadsheet would take for a formula
    gets an apostrophe in front, as in `'=1+1`; `read` takes it away again. Excel in much of Europe wants
    `separator=";"`. `stream` stays open. Errors of the writing are `OSError`: the file is incomplete then.
    """
    stream.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
    try:
        writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
        writer.writerow(columns)
        written = 0
        for row in rows:
            writer.writerow([cell if _is_plain(cell) else _defused(cell) for cell in row])
            written += 1
        return written
    finally:
        text.detach()


def _is_plain(cell: str) -> bool:
    """Say of most cells, quicker than the pattern would, that no formula begins in them."""
    return not cell or (cell[0] != "-" and cell.replace("-", "").isalnum())


def _defused(cell: str) -> str:
    """Return what is read back as *cell*, and is no formula before that."""
    text = FORMULA.sub(r"\1'\2", cell)
    return f"'{text}" if MARKED_NUMBER.match(cell) else text


def open_new(path: str | os.PathLike[str]) -> BinaryIO:
    """Create a file that only its owner can read, for secrets that are shown once. Open it before any code is created.

    Raises `InputError` if something is there already (it is never overwritten, nor is a link followed) or if
    the file cannot be created.
    """
    shown = os.fsdecode(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        return os.fdopen(os.open(path, flags, 0o600), "wb")
    except FileExistsError:
        raise InputError([f"{shown!r} exists already and is not overwritten; choose another name"]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError([f"{shown!r} cannot be created: {reason}"]) from error
