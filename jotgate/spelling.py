"""One text, however it is spelled: entities, markup, invisible characters, blanks."""

from __future__ import annotations

import re
import sys
import unicodedata

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
_ONE_SPELLING = re.compile(r"[A-Za-z0-9._:/+-]*|[a-z0-9._:/+-]*@[a-z0-9.-]*")
_MAX_MARKUP_CHARS = 100_000


def tidy(text: str) -> str:
    """Return *text* with composed letters (NFC), single blanks, none around it, and nothing that nobody sees."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(INVISIBLE))
    return " ".join(text.split())


def other_spellings(text: str) -> list[str]:
    """Return how *text* may be spelled elsewhere, the likeliest first; none for most numbers and user names.

    Entities, invisible characters, blanks, composed letters (NFC, NFD), plain forms (NFKC), the kind of an apostrophe,
    and of an e-mail address its capitals are spelling; everything else makes it another text.
    """
    if _ONE_SPELLING.fullmatch(text):
        return []
    plain = tidy(without_entities(text))
    straight = plain.replace("\u2019", "'")
    plainest = unicodedata.normalize("NFKC", straight)
    found = [plain, straight, straight.replace("'", "\u2019"), plainest, unicodedata.normalize("NFD", plain)]
    if "@" in plainest:
        found.append(plainest.casefold())
    return [one for one in dict.fromkeys(found) if one and one != text]


def without_entities(text: str) -> str:
    """Return *text* with the characters that HTML's entities stand for."""
    if "&" not in text:
        return text
    return re.sub(_ENTITY, _character, re.sub(_AMPERSANDS, "&", text))


def without_markup(text: str) -> str:
    """Return what a browser would show of HTML, on one line; what stood on lines of its own comes between ``;``.

    Total on any text. The result is text: whoever puts it into a page escapes it.
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
    # Loaded on first use: few answers hold markup.
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        """Gather what is shown, line by line."""

        def __init__(self) -> None:
            super().__init__(convert_charrefs=True)
            self.lines: list[list[str]] = [[]]
            self.unseen = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.unseen += tag in _UNSEEN
            if tag in _LINES:
                self.lines.append([])
            if tag == "img":
                self.handle_data(dict(attrs).get("alt") or "")

        def handle_endtag(self, tag: str) -> None:
            self.unseen -= tag in _UNSEEN
            if tag in _LINES:
                self.lines.append([])
            if tag in _CELLS:
                self.handle_data(" ")

        def handle_data(self, data: str) -> None:
            if not self.unseen:
                self.lines[-1].append(data)

    reader = Reader()
    reader.feed(markup)
    reader.close()
    return "; ".join(filter(None, (" ".join("".join(line).split()) for line in reader.lines)))
