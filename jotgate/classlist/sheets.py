"""Which kind of file a class list is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from jotgate.classlist.records import ENCRYPTED, Record
from jotgate.classlist.text import TextSheet
from jotgate.errors import InputError
from jotgate.phrases import phrase

_ZIP = b"PK\x03\x04"
#: A compound file: an .xls of old, or what Excel puts around an encrypted .xlsx.
_COMPOUND = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")


class Sheet(Protocol):
    """A list that can be read as often as needed."""

    #: What there is to say about the file; one sentence each, without a full stop.
    remarks: tuple[str, ...]

    def records(self) -> Iterator[Record]:
        """Give the cells of each line that is not blank, from the first."""
        ...


def sheet_in(source: bytes | BinaryIO) -> Sheet:
    """Return the list in *source*, from where it stands; what cannot be rewound is read into memory.

    Raises:
        InputError: the file is of no kind that can be read.
    """
    if isinstance(source, bytes):
        stream: BinaryIO = io.BytesIO(source)
    else:
        stream = source if source.seekable() else io.BytesIO(source.read())
    start = stream.tell()
    beginning = stream.read(len(_ZIP))
    stream.seek(start)
    if beginning == _ZIP:
        return _workbook(stream)
    if beginning == _COMPOUND:
        old = phrase("this is an old Excel workbook (.xls); open it and save it as .xlsx")
        raise InputError([ENCRYPTED if _ENCRYPTED_PART in stream.read() else old])
    return TextSheet(stream)


def _workbook(stream: BinaryIO) -> Sheet:
    # Loaded on first use: few processes read workbooks.
    from jotgate.classlist.archives import legible, opened
    from jotgate.classlist.excel import ExcelSheet
    from jotgate.classlist.opendocument import MEDIA_TYPE, OpenDocumentSheet

    archive = opened(stream)
    parts = set(archive.namelist())
    if "mimetype" in parts:
        with legible(), archive.open("mimetype") as file:
            is_open_document = file.read(100).startswith(MEDIA_TYPE)
        if is_open_document:
            return OpenDocumentSheet(archive)
    if "xl/workbook.bin" in parts:
        raise InputError([phrase("this is a binary Excel workbook (.xlsb); open it and save it as .xlsx")])
    if any(part.startswith("xl/") for part in parts):
        return ExcelSheet(stream, archive)
    raise InputError(
        [
            phrase(
                "this is not a spreadsheet that can be read; open it and save it as .xlsx, .ods or CSV UTF-8"
            )
        ]
    )
