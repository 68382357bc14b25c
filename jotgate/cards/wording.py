"""The words on a card: ours in the language of the card, or the owner's, with what is filled in."""

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
    text = _ours(printed, card) if printed.text is None else printed.text.replace("\r\n", "\n").strip()
    # Filled in last, so that a name is never read for what can be filled in.
    return [
        [_PLACE.sub(lambda found: values[found[1]], line) for line in part.split("\n")]
        for part in _PARAGRAPHS.split(text)
        if part
    ]


def shown_address(address: str) -> str:
    """Return an address as people type it."""
    return address.removeprefix("https://").rstrip("/")


def _ours(printed: Printed, card: Card | None) -> str:
    language = (card and card.language) or printed.language
    # What stands for each value, so that a translation that asks for something else gives way to the English.
    unfilled = {name: language.apart(f"{{{name}}}") for name in _FILLED_IN}
    return "\n\n".join(language.say(key, **unfilled) for key in _keys(printed.layout, card))


def _keys(layout: Layout, card: Card | None) -> tuple[str, ...]:
    if layout is Layout.LIST:
        return ("card.list",)
    if layout is not Layout.ONE:
        return ("card.scan",)
    if card and card.name:
        return ("greeting", "card.letter.code", "card.letter.yours")
    return ("card.letter.code", "card.letter.keep")
