"""One text, however it is spelled: entities, markup, invisible characters, blanks."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import Literal

#: What nobody sees: the soft hyphen, joiners, marks of direction, the byte order mark, variation selectors.
INVISIBLE = dict.fromkeys(
    map(
        ord,
        "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062"
        "\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\ufe0e\ufe0f\ufeff",
    )
)
#: Older rows of JotForm's hold what PHP's htmlspecialchars makes, at times made twice. Other names, and ends without a
#: semicolon, may be part of an address.
_AMPERSANDS = r"&(?:amp;|#0{0,4}38;)+"
_ENTITY = r"&(?:(lt|gt|quot|apos|nbsp)|#([0-9]{2,7})|#[xX]([0-9a-fA-F]{2,6}));"
_NAMED = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": "\u00a0"}
_SURROGATES = range(0xD800, 0xE000)
#: Ends of these stand between two texts; `td` and `th` are cells of one line.
_LINES = frozenset({"br", "p", "div", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "dd", "dt"})
_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset({"script", "style", "head", "title"})
#: A mark ends before the next one begins, so that the text is read once, whatever stands in it: the standard library's
#: parser takes minutes for a hundred thousand open ones, and fails at a number of five thousand digits.
_MARK = r"<(?P<closing>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?P<rest>[^<>]*)>|<[!?/][^<>]*>"
_ALT = r"""\salt=(?:"([^"]*)"|'([^']*)')"""
_NAMED_CHARACTER = r"&[a-zA-Z][a-zA-Z0-9]{1,31};"
#: Whatever is sorted (its combining class is not 0) is neither letter nor digit.
_HEAP = r"([^\w\s\x00-\x7f]{32,})"
_ONE_SPELLING = re.compile(r"[A-Za-z0-9._:/+-]*|[a-z0-9._:/+-]*@[a-z0-9.-]*")
_MAX_MARKUP_CHARS = 100_000


def tidy(text: str) -> str:
    """Return *text* with composed letters (NFC), single blanks, none around it, and nothing that nobody sees."""
    if not text.isascii():
        text = normal_form("NFC", text.translate(INVISIBLE))
    return " ".join(text.split())


def folded(text: str) -> str:
    """Return *text* as a search compares it: without accents, small letters, single blanks."""
    if not text.isascii():
        text = "".join(
            one for one in normal_form("NFKD", text.translate(INVISIBLE)) if not unicodedata.combining(one)
        )
    return " ".join(text.casefold().split())


def other_spellings(text: str) -> list[str]:
    """Return how *text* may be spelled elsewhere, the likeliest first; none for most numbers and user names.

    Entities, invisible characters, blanks, composed letters (NFC, NFD), plain forms (NFKC), the kind of an apostrophe,
    and of an e-mail address its capitals are spelling; everything else makes it another text.
    """
    if _ONE_SPELLING.fullmatch(text):
        return []
    plain = tidy(without_entities(text))
    straight = plain.replace("\u2019", "'")
    plainest = normal_form("NFKC", straight)
    found = [plain, straight, straight.replace("'", "\u2019"), plainest, normal_form("NFD", plain)]
    if "@" in plainest:
        found.append(plainest.casefold())
    return [one for one in dict.fromkeys(found) if one and one != text]


def normal_form(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """Return *text* in one of Unicode's normal forms, but a heap of 32 marks and more as it is.

    The letter under it is not a letter any more, and to sort its marks takes time by the square of their number.
    """
    if text.isascii():
        return text
    heaps = re.split(_HEAP, text)
    return "".join(part if at % 2 else unicodedata.normalize(form, part) for at, part in enumerate(heaps))


def without_entities(text: str) -> str:
    """Return *text* with the characters that HTML's entities stand for."""
    if "&" not in text:
        return text
    return re.sub(_ENTITY, _character, re.sub(_AMPERSANDS, "&", text))


def without_markup(text: str) -> str:
    """Return what a browser would show of HTML, on one line; what stood on lines of its own comes between ``;``.

    Total on any text. The result is text, to be escaped before it is put into a page.
    """
    if "<" not in text:
        return " ".join(without_entities(text).split())
    return _shown_lines(text[:_MAX_MARKUP_CHARS])


def _character(found: re.Match[str]) -> str:
    name, decimal, hexadecimal = found.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if code <= sys.maxunicode and code not in _SURROGATES else found[0]


def _shown_lines(markup: str) -> str:
    lines, unseen, at = [""], 0, 0
    markup = _without_comments(markup)
    for mark in re.finditer(_MARK, markup):
        if not unseen:
            lines[-1] += _unescaped(markup[at : mark.start()])
        at = mark.end()
        name = (mark["name"] or "").lower()
        if name in _UNSEEN:
            unseen = max(unseen + (-1 if mark["closing"] else 1), 0)
        elif name in _LINES:
            lines.append("")
        elif not unseen:
            lines[-1] += _instead_of(mark, name)
    if not unseen:
        lines[-1] += _unescaped(markup[at:])
    return "; ".join(filter(None, (" ".join(line.split()) for line in lines)))


def _without_comments(markup: str) -> str:
    before, *comments = markup.split("<!--")
    return before + "".join(comment.partition("-->")[2] for comment in comments)


def _instead_of(mark: re.Match[str], name: str) -> str:
    if name == "img":
        found = re.search(_ALT, mark["rest"], re.IGNORECASE)
        return _unescaped(found[1] or found[2] or "") if found else ""
    return " " if name in _CELLS and mark["closing"] else ""


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    # Loaded on first use: few answers hold markup.
    from html import unescape

    return re.sub(_NAMED_CHARACTER, lambda found: unescape(found[0]), without_entities(text))
