"""How the bytes of a list become letters, if they do."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from jotgate.errors import InputError
from jotgate.phrases import phrase

CHUNK_BYTES = 1 << 16
#: What some school software exports as ".xls" is a page for browsers, or XML.
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:[!?]|html|table|head|meta)", re.IGNORECASE)
#: What offices hand on as a "list" as well.
_DOCUMENT = re.compile(rb"%PDF-|\{\\rtf")
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")


def encoding(stream: BinaryIO) -> tuple[str, str]:
    """Return a codec and how it is to treat errors, from the whole of what the stream holds.

    Windows-1252 can make something of nearly any bytes, so it is only taken for a list that is not UTF-8
    anywhere beyond ASCII. Text that is UTF-8 in one place and broken in another is reported by its lines.

    Raises:
        InputError: it is no text, or text of another kind.
    """
    chunk = stream.read(CHUNK_BYTES)
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "replace"
    if _DOCUMENT.match(chunk):
        raise InputError(
            [phrase('this is a document and no list; put it into a spreadsheet, and save it as "CSV UTF-8"')]
        )
    if b"\0" in chunk:
        raise InputError([phrase('this file cannot be read as text; save the list as "CSV UTF-8" first')])
    if _MARKUP.match(chunk):
        raise InputError(
            [
                phrase(
                    'this is a web page or XML, whatever its name says; open it and save it as "CSV UTF-8" first'
                )
            ]
        )
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    broken = genuine = False
    while chunk:
        text = decoder.decode(chunk)
        broken = broken or bool(_NOT_UTF_8.search(text))
        genuine = genuine or bool(_BEYOND_ASCII.search(text))
        chunk = stream.read(CHUNK_BYTES)
    broken = broken or bool(decoder.decode(b"", final=True))
    return ("cp1252" if broken and not genuine else "utf-8-sig"), "surrogateescape"
