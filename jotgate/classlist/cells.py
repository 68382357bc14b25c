"""The text of one cell: what spreadsheets and copying added to it is taken away, and what they broke is named."""

from __future__ import annotations

import re
import unicodedata

from jotgate.classlist.records import MAX_CELL_CHARS, Doubtful
from jotgate.phrases import phrase

AS_TEXT = phrase("format the column as text in the spreadsheet, and enter the number again")

#: What nobody sees and copying brings along. Joiners are part of names in some scripts; marks that turn letters round
#: are refused instead, since the text reads other than it is.
_DROPPED = dict.fromkeys(map(ord, "\u00ad\u061c\u180e\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"))
#: `="0042"`, by which a program keeps a spreadsheet from making a number of it.
_QUOTED_FORMULA = re.compile(r'=\s*"((?:[^"]|"")*)"')
#: `'0042`, by which people do the same.
MARKED_NUMBER = re.compile(r"'(?='*\d)")
#: Where a spreadsheet may see a formula begin: at a cell's start, and after each separator, since the next
#: spreadsheet may take another one for granted. The list of first characters is OWASP's ("CSV Injection"),
#: full-width ones included.
FORMULA = re.compile(r"(^|[;\t,|\r\n])((?:[^\S\t\r\n]|['\"])*)(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
_DEFUSED_FORMULA = re.compile(FORMULA.pattern.replace(")((", ")'(("))

#: Undecodable bytes become lone surrogates; U+FFFD is what others leave of letters that they could not read.
_UNREADABLE = re.compile("[\ud800-\udfff\ufffd]")
#: Control characters, and the invisible marks that make a text read other than it is.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
#: What Excel and LibreOffice show of a formula that failed, in whichever language; hash signs stand for what does not
#: fit into the column.
_ERROR_VALUE = re.compile(r"#(?:N/?[ABDV]|[¡¿]?[\w/]{2,12}[!?]|##+)|Err:\d{3}", re.IGNORECASE)
_SHORTENED = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)?E\+\d+|\d+[.,]\d+E-?\d+)", re.IGNORECASE)
#: A day or a time of day as spreadsheets write it into text, where no number of a person is like it.
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.(?:19|20)\d\d|\d{1,2}:\d\d:\d\d(?: [AP]M)?")
#: What all these have in common, of printable text.
_SPOILED = re.compile(r"#|Err:|[+-]?[\d.,]+E|\d{1,2}[.:]\d|.*\ufffd", re.IGNORECASE)


def clean(cell: str) -> str:
    """Return what the author of a cell meant: composed letters (NFC), no mark of a spreadsheet, nothing invisible."""
    text = cell.strip()
    if text.isascii() and text.isprintable() and "'" not in text and text[:1] != "=":
        return text
    if not text.isprintable():
        text = text.translate(_DROPPED).strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if quoted := text[:1] == "=" and _QUOTED_FORMULA.fullmatch(text):
        return quoted[1].replace('""', '"').strip()
    if "'" in text:
        text = _DEFUSED_FORMULA.sub(r"\1\2", text).strip()
        text = text[1:] if MARKED_NUMBER.match(text) else text
    return text


def on_one_line(text: str) -> str:
    """Return *text* with single blanks, and no line break."""
    return " ".join(text.split())


def is_date(what: str, text: str) -> str:
    """Say that it is the day or the time in *text*, which nobody's number is: "3-5" became it while it was typed."""
    return phrase("{what} is the date or time {text}; {remedy}", what=what, text=text, remedy=AS_TEXT)


def faults(what: str, cell: str, text: str) -> list[str]:
    """Return what is wrong with the *text* of a *cell*; *what* it is, is a phrase such as "the name"."""
    if (
        text.isprintable()
        and len(text) <= MAX_CELL_CHARS
        and cell.__class__ is str
        and not _SPOILED.match(text)
    ):
        return []
    found: list[str] = []
    if len(text) > MAX_CELL_CHARS:
        found.append(phrase("{what} is longer than {most} characters", what=what, most=MAX_CELL_CHARS))
    if _UNREADABLE.search(text):
        found.append(
            phrase('{what} has letters that cannot be read; save the list as "CSV UTF-8"', what=what)
        )
    if _CONTROL.search(text):
        found.append(phrase("{what} has a line break or an invisible character in it", what=what))
    if isinstance(cell, Doubtful):
        found.append(cell.fault(what))
    elif _ERROR_VALUE.fullmatch(text):
        found.append(
            phrase("{what} is {text}, the error of a formula; correct that cell", what=what, text=text)
        )
    elif _DATE.fullmatch(text):
        found.append(is_date(what, text))
    elif _SHORTENED.fullmatch(text):
        found.append(
            phrase("{what} {text} is a shortened number; {remedy}", what=what, text=text, remedy=AS_TEXT)
        )
    return found
