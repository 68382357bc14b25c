"""Catalogues for tests: a site's own, and the language that nobody speaks but that shows what was not translated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from gettext import NullTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from jotgate.languages import OURS
from jotgate.sentences import SENTENCES, SINGULARS
from jotgate.speaking import Language

OFFICE_TEMPLATE = OURS / "office.pot"
_PSEUDO = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "àƀćđéƒĝĥíĵķĺḿñóƥɋŕśťúṽŵẋýžÀƁĆĐÉƑĜĤÍĴĶĹḾÑÓƤɊŔŚŤÚṼŴẊÝŽ",
)


def write_catalogue(folder: Path, locale: str, sentences: Mapping[str, str]) -> None:
    """Write a compiled catalogue as a site has it."""
    catalog = Catalog(locale=locale)
    for key, text in sentences.items():
        if key in SINGULARS:
            catalog.add((SINGULARS[key], SENTENCES[key]), (text,) * catalog.num_plurals, context=key)
        else:
            catalog.add(SENTENCES[key], text, context=key)
    place = folder / locale / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "jotgate.mo").open("wb") as file:
        write_mo(file, catalog)


def write_office_catalogue(folder: Path, locale: str, say: Callable[[str], str]) -> None:
    """Write a compiled catalogue of the office, in which *say* says every sentence."""
    with OFFICE_TEMPLATE.open("rb") as file:
        catalog = read_po(file, locale=locale)
    for message in catalog:
        if message.pluralizable:
            message.string = (say(message.id[1]),) * catalog.num_plurals
        elif message.id:
            message.string = say(message.id)
    with (folder / locale / "LC_MESSAGES" / "office.mo").open("wb") as file:
        write_mo(file, catalog)


def pseudo(text: str) -> str:
    """Return a sentence without any plain letter, and longer than the English as many languages are."""
    parts = re.split(r"(\{\w+\}|`[^`]*`)", text)
    said = "".join(part if part.startswith(("{", "`")) else part.translate(_PSEUDO) for part in parts)
    return f"⟦{said}{'·' * (len(text) // 4)}⟧"


def pseudo_sentences() -> dict[str, str]:
    """Return every sentence as the pseudo-language says it."""
    return {key: pseudo(text) for key, text in SENTENCES.items()}


class _Pseudo(NullTranslations):
    """Everything is translated, whatever it is."""

    def pgettext(self, context: str, message: str) -> str:
        return pseudo(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid2)


PSEUDO = Language("eo", _Pseudo())


def plain_words(html: str, allowed: Callable[[str], str]) -> list[str]:
    """Return the words of plain letters that people see or hear of a page, but for what *allowed* takes out."""
    html = re.sub(r"(?s)<(script|style)\b.*?</\1>|<!--.*?-->", "", html)
    said = re.findall(r'(?:title|alt|placeholder|aria-label)="([^"]*)"', html)
    said += re.findall(r'<input[^>]*type="(?:submit|button)"[^>]*value="([^"]*)"', html)
    said += re.sub(r"(?s)<[^>]*>", "\n", html).split("\n")
    return re.findall(r"[A-Za-z]{2,}", allowed("\n".join(said)))
