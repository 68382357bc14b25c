"""The words on a card: ours, or the owner's with what is filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jotgate.cards.records import Card, Layout, Printed
from jotgate.errors import InputError
from jotgate.phrases import phrase, phrases

#: As much as fits beside the picture, and on a page.
_MAX_CHARS = {Layout.EIGHT: 140, Layout.TEN: 90, Layout.LARGE: 200, Layout.ONE: 2_500, Layout.LIST: 600}
_PLACE = re.compile(r"\{(\w*)\}")
_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_FILLED_IN = ("name", "class", "number", "code", "address", "title", "site")

_ON_CARD = "Scan this, or open the address and type the code."
_ON_LIST = "Everybody opens {address} and types their code."
_LETTER = """Hello {name},

this is your access code for {title}. Scan the picture with the camera of a phone or tablet, or open the address and
type the code.

The code is for you alone. Keep this letter until you have sent the form. If you lose it, tell us: you get another
code, and this one ends."""
_LETTER_TO_NOBODY = """This is the access code for {title}. Scan the picture with the camera of a phone or tablet, or
open the address and type the code.

Keep this letter until you have sent the form."""


def problems(printed: Printed) -> Iterator[str]:
    """Give what is wrong with the owner's text, one sentence each."""
    text = printed.text
    if text is None:
        return
    most = _MAX_CHARS[printed.layout]
    if len(text.strip()) > most:
        yield phrases(
            "the text has {number} character; there is room for {most} on this layout",
            "the text has {number} characters; there is room for {most} on this layout",
            len(text.strip()),
            most=most,
        )
    for name in dict.fromkeys(_PLACE.findall(text)):
        if name not in _FILLED_IN:
            known = ", ".join(f"{{{one}}}" for one in _FILLED_IN)
            yield phrase(
                "nothing can be filled in for {place}; the text may have {known}",
                place="{" + name + "}",
                known=known,
            )


def paragraphs(printed: Printed, card: Card | None = None) -> list[list[str]]:
    """Return the text for one card, or above a list, as the lines of its paragraphs.

    Raises:
        InputError: see `problems`.
    """
    if found := list(problems(printed)):
        raise InputError(found)
    values = {
        "name": card.name if card else "",
        "class": card.group if card else "",
        "number": card.number if card else "",
        "code": card.code if card else "",
        "address": shown_address(printed.address),
        "title": printed.title or printed.site or shown_address(printed.address),
        "site": printed.site,
    }
    if printed.text is None:
        # Ours are wrapped in the source.
        text = _ours(printed.layout, card).replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n")
    else:
        text = printed.text.replace("\r\n", "\n").strip()
    # Filled in last, so that a name is never read for what can be filled in.
    return [
        [_PLACE.sub(lambda found: values[found[1]], line) for line in part.split("\n")]
        for part in _PARAGRAPHS.split(text)
        if part
    ]


def shown_address(address: str) -> str:
    """Return an address as people type it."""
    return address.removeprefix("https://").rstrip("/")


def _ours(layout: Layout, card: Card | None) -> str:
    if layout is Layout.LIST:
        return _ON_LIST
    if layout is not Layout.ONE:
        return _ON_CARD
    return _LETTER if card and card.name else _LETTER_TO_NOBODY
