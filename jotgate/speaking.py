"""One language at the door: every sentence of `jotgate.sentences`, as that language says it."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from markupsafe import Markup, escape

from jotgate.languages import ENGLISH, catalogue, direction
from jotgate.sentences import SENTENCES, SINGULARS


class Language:
    """A language: it says sentences. What it has no words for it says in English."""

    __slots__ = ("_catalogue", "direction", "tag")

    def __init__(self, tag: str, catalogue: NullTranslations) -> None:
        #: As HTML names it.
        self.tag = tag
        #: "ltr" or "rtl".
        self.direction = direction(tag)
        self._catalogue = catalogue

    def sentence(self, key: str) -> str:
        """Return what stands under *key*, with braces where values belong."""
        return self._catalogue.pgettext(key, SENTENCES[key])

    def say(self, key: str, /, **values: object) -> str:
        """Return the sentence under *key*, with *values* filled in."""
        return _filled(self.sentence(key), SENTENCES[key], values)

    def say_in_html(self, key: str, /, **values: object) -> Markup:
        """Return a sentence as HTML; escape those of *values* that are not markup already."""
        return Markup(_filled(escape(self.sentence(key)), escape(SENTENCES[key]), values))  # noqa: S704 - is escaped

    def number(self, number: int) -> str:
        """Return a whole number as one writes it: "1,000"."""
        return f"{number:,}".replace(",", self.sentence("number").strip("01"))

    def day(self, day: date) -> str:
        """Return a day of this year as a list shows it: "Mon 4 May"."""
        weekday, month = self.say(f"day.{day.weekday()}"), self.say(f"month.{day.month}")
        return self.say("moment.day", weekday=weekday, day=day.day, month=month)

    def capital(self, text: str) -> str:
        """Return *text* as it stands at the beginning of a sentence."""
        first = "\u0130" if self.tag == "tr" and text.startswith("i") else text[:1].upper()
        return first + text[1:]

    def count(self, key: str, number: int) -> str:
        """Return the sentence under *key* about a *number* of things."""
        english = SINGULARS[key], SENTENCES[key]
        text = self._catalogue.npgettext(key, *english, number)
        return _filled(text, english[number != 1], {"count": number})


def _filled(text: str, english: str, values: dict[str, object]) -> str:
    """Fill *values* in; a translation that asks for others than there are gives way to the English."""
    try:
        return text.format(**values)
    except (AttributeError, IndexError, KeyError, ValueError):
        return english.format(**values)


@lru_cache(maxsize=64)
def language(tag: str, folder: Path | None = None) -> Language:
    """Return a language by its tag, with the sentences of a site's own *folder* before ours."""
    return Language(tag, catalogue(tag, folder))


#: For who looks after the site.
IN_ENGLISH = Language(ENGLISH, NullTranslations())
