"""The ZIP archives that workbooks are, opened so that no crafted one fills the memory or fetches anything."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn
from xml.parsers import expat

from jotgate.classlist.records import ENCRYPTED
from jotgate.errors import InputError
from jotgate.phrases import phrase

MAX_UNPACKED_BYTES = 64 << 20
MAX_PARTS = 10_000
_CHUNK_BYTES = 1 << 12
_ENCRYPTED = 0x1


def opened(stream: BinaryIO) -> zipfile.ZipFile:
    """Open an archive whose parts are no larger than `MAX_UNPACKED_BYTES` together, as they say and no more is read.

    Raises:
        InputError: it is damaged, encrypted or too large.
    """
    with legible():
        archive = zipfile.ZipFile(stream)
    parts = archive.infolist()
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise InputError([ENCRYPTED])
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        sentence = phrase(
            "this workbook unpacks to more than {count} MB; copy the list alone into a new one, or save it as"
            ' "CSV UTF-8"',
            count=MAX_UNPACKED_BYTES >> 20,
        )
        raise InputError([sentence])
    return archive


def refuse_doctype(archive: zipfile.ZipFile, part: str) -> None:
    """Refuse XML that declares a document type: no spreadsheet writes one, and entities are declared there.

    Raises:
        InputError: it does, or is not XML.
    """
    begun = False

    def begin(*_: object) -> None:
        nonlocal begun
        begun = True

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse_declaration
    parser.StartElementHandler = begin
    with legible(), archive.open(part) as file:
        # A doctype stands before the first element.
        while not begun and (chunk := file.read(_CHUNK_BYTES)):
            parser.Parse(chunk)


def refuse_declaration(*_: object) -> NoReturn:
    """Raise what is said of a document type; a handler of expat's."""
    raise InputError([phrase("this workbook declares a document type in its XML, which no spreadsheet does")])


@contextmanager
def legible() -> Iterator[None]:
    """Make the one error of whatever the libraries raise on a workbook that is damaged.

    Raises:
        InputError: it is.
    """
    try:
        yield
    except (InputError, OSError):
        raise
    except Exception as problem:
        sentence = phrase(
            "this workbook is damaged or of an unknown kind; open it in a spreadsheet and save it as .xlsx again"
        )
        raise InputError([sentence]) from problem
