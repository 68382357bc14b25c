"""How the bytes of a list become letters, if they do."""

from __future__ import annotations

import codecs
import re
from itertools import islice
from typing import BinaryIO

from jotgate.errors import InputError
from jotgate.frozen import frozen
from jotgate.phrases import phrase

CHUNK_BYTES = 1 << 16
#: What some school software exports as ".xls" is a page for browsers, or XML.
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:[!?]|html|table|head|meta)", re.IGNORECASE)
#: What offices hand on as a "list" as well.
_DOCUMENT = re.compile(rb"%PDF-|\{\\rtf")
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
#: So many words beyond ASCII are looked at, and so many of them are shown to a person.
_MOST_WORDS, _SHOWN_WORDS = 1_000, 3
_MAX_SHOWN_CHARS = 30
_LOWER, _UPPER = "ß-öø-ÿœšž", "À-ÖØ-ÞŒŠŽŸ"
_LETTER = f"A-Za-z{_LOWER}{_UPPER}"
#: Marks that may stand beside a letter anywhere; those that stand within no word; those that stand in front of none.
_ANYWHERE, _NOT_WITHIN, _NOT_IN_FRONT = "’‘–—´ªº°\xa0\xad", "“”„‚«»‹›¿¡•", "…€™†®©"
_OTHER = f"[^\x00-\x7f{_LOWER}{_UPPER}{_ANYWHERE}{_NOT_WITHIN}{_NOT_IN_FRONT}]"
#: What no name has: a capital behind a small letter or in front of one within a word, or a mark out of place.
_ODD = re.compile(
    f"(?<=[a-z{_LOWER}])[{_UPPER}]|(?<=[{_LETTER}])[{_UPPER}](?=[a-z{_LOWER}])"
    f"|(?<=[{_LETTER}])[{_NOT_WITHIN}](?=[{_LETTER}])|[{_NOT_IN_FRONT}](?=[{_LETTER}])"
    f"|(?<=[{_LETTER}]){_OTHER}|{_OTHER}(?=[{_LETTER}])"
)
#: Letters of Windows-1250 in Polish, and those that it shares with Windows-1252.
_POLISH_LOWER, _POLISH_UPPER = "ąćęłńśźżáâäçéëíîóôöúüýß", "ĄĆĘŁŃŚŹŻÁÂÄÇÉËÍÎÓÔÖÚÜÝ"
#: What Windows writes where Windows-1252 lacks letters, and what a word is there.
_ELSEWHERE = {
    "cp1250": re.compile(f"[A-Z{_POLISH_UPPER}]?[a-z{_POLISH_LOWER}]+|[A-Z{_POLISH_UPPER}]+"),
    "cp1251": re.compile("[А-ЯҐЄІЇЁ]?[а-яґєіїё]+|[А-ЯҐЄІЇЁ]+|№"),
    "cp1256": re.compile("[\\u0621-\\u063a\\u0640-\\u0652\\u067e\\u0686\\u0698\\u06af]+"),
}
#: Turkish has six letters in the places where Windows-1252 has some of Iceland's, whose other letters it lacks.
_TURKISH = re.compile("[A-Za-zÇĞİÖŞÜçğıöşüÂÎÛâîû]+")
_ONLY_TURKISH = re.compile("[ĞİŞğış]")


@frozen
class Encoding:
    """How bytes become letters."""

    codec: str
    #: What the codec does with bytes that are no letters.
    errors: str
    #: What people call it, if the file does not say it and its letters do not prove it; else empty.
    guessed: str = ""
    #: Words by which a person sees whether that was right; none, if nothing that can be seen depends on it.
    words: tuple[str, ...] = ()


def encoding(stream: BinaryIO) -> Encoding:
    """Return how the whole of what the stream holds is encoded.

    Windows-1252 can make something of nearly any bytes, so it is only taken for a list that is not UTF-8
    anywhere beyond ASCII. Text that is UTF-8 in one place and broken in another is reported by its lines. Mac Roman,
    which Excel on a Mac long wrote, is only taken where Windows-1252 spells a word as nobody does ("MŸller"), and
    Mac Roman none; and one that Windows writes elsewhere only where all words are of one language there.

    Raises:
        InputError: it is not text, or text of another kind.
    """
    chunk = stream.read(CHUNK_BYTES)
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding(codec="utf-16", errors="replace")
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
    words: dict[bytes, None] = {}
    while chunk:
        text = decoder.decode(chunk)
        broken = broken or bool(_NOT_UTF_8.search(text))
        genuine = genuine or bool(_BEYOND_ASCII.search(text))
        if broken and not genuine and len(words) < _MOST_WORDS:
            words.update(dict.fromkeys(word for word in _WORD.findall(chunk) if not word.isascii()))
        chunk = stream.read(CHUNK_BYTES)
    broken = broken or bool(decoder.decode(b"", final=True))
    if genuine or not broken:
        return Encoding(codec="utf-8-sig", errors="surrogateescape")
    return _guessed(list(words))


def _guessed(words: list[bytes]) -> Encoding:
    """Tell encodings apart by words with letters beyond ASCII, and show a person first those that look odd even so."""
    codec = _likely_codec(words)
    read = [word.decode(codec, "replace") for word in words]
    odd_first = sorted(read, key=lambda word: not _ODD.search(word)) if codec == "cp1252" else read
    shown = (
        word for word in map(_visible, odd_first) if len(word) <= _MAX_SHOWN_CHARS and not word.isascii()
    )
    return Encoding(
        codec=codec,
        errors="surrogateescape",
        guessed="Mac Roman" if codec == "mac_roman" else codec.replace("cp", "Windows-"),
        words=tuple(islice(shown, _SHOWN_WORDS)),
    )


def _likely_codec(words: list[bytes]) -> str:
    if not _looks_odd(words, "cp1252"):
        turkish = [word.decode("cp1254", "replace") for word in words]
        is_turkish = all(map(_TURKISH.fullmatch, turkish)) and any(map(_ONLY_TURKISH.search, turkish))
        return "cp1254" if is_turkish else "cp1252"
    if not _looks_odd(words, "mac_roman"):
        return "mac_roman"
    for codec, a_word in _ELSEWHERE.items():
        if all(a_word.fullmatch(word.decode(codec, "replace")) for word in words):
            return codec
    return "cp1252"


def _visible(word: str) -> str:
    """Return a word without the marks in it that nobody sees, such as a space that breaks no line."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in word).split())


def _looks_odd(words: list[bytes], codec: str) -> bool:
    return any(_ODD.search(word.decode(codec, "replace")) for word in words)
