"""One language in the office: the sentences of its pages, and those that come from elsewhere as `Phrase`.

A template says ``_("Back to {form}", form=title)`` and ``ngettext("{number} code", "{number} codes", count)`` for its
own sentences, ``pgettext("app", "Revoked")`` for a word whose translation hangs on what it is about, ``speak(problem)``
for what it was given, and ``number(count)``, ``link(url, text)``, ``code(text)`` and ``capital(text)`` for parts of
them. Code makes sentences with `jotgate.phrases.phrase`, and leaves the language to the template. The English of both
is collected in ``jotgate/translations/office.pot``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from markupsafe import Markup, escape

from jotgate.languages import OFFICE, catalogue
from jotgate.phrases import Phrase, fill_either
from jotgate.speaking import Language


class OfficeLanguage:
    """What the office says in a language. What that has no words for is said in English."""

    def __init__(self, language: Language, translations: NullTranslations) -> None:
        #: What the language says at the door: moments, and numbers.
        self.common = language
        self._translations = translations

    @property
    def context(self) -> Mapping[str, Callable[..., object]]:
        """What templates speak with."""
        return {
            "_": self.sentence,
            "pgettext": self.sentence_about,
            "ngettext": self.count,
            "speak": self.speak,
            "number": self.common.number,
            "link": link,
            "code": code,
            "capital": self.common.capital,
        }

    def speak(self, value: object) -> str:
        """Say a sentence, or a value in one; whatever is neither a phrase nor a number is said as it is."""
        return value if isinstance(value, Markup) else self._said(value, str)

    def sentence(self, english: str, /, **values: object) -> Markup:
        """Say a sentence of a page, as HTML; *values* are escaped unless they are markup."""
        return self._html(self._translations.gettext(english), english, values)

    def sentence_about(self, context: str, english: str, /) -> str:
        """Say a word of a page whose translation hangs on what it is about, such as an app."""
        return self._translations.pgettext(context, english)

    def count(self, one: str, many: str, number: int, /, **values: object) -> Markup:
        """Say a sentence of a page about a *number* of things, as HTML."""
        said = self._translations.ngettext(one, many, number)
        return self._html(said, one if number == 1 else many, {"number": number, **values})

    def _html(self, said: str, english: str, values: Mapping[str, object]) -> Markup:
        filled = fill_either(escape(said), escape(english), values, self._escaped)
        return Markup(filled)  # noqa: S704 - all of it is escaped

    def _escaped(self, value: object) -> str:
        return value if isinstance(value, Markup) else escape(self._within(value))

    def _within(self, value: object) -> str:
        """Say a value that stands in a sentence."""
        return self._said(value, self._apart)

    def _said(self, value: object, text: Callable[[str], str]) -> str:
        if isinstance(value, Phrase):
            return value.said(self._translations, self._within)
        return self.common.number(value) if isinstance(value, int) else text(str(value))

    def _apart(self, text: str) -> str:
        """Return a text so that it and the sentence around it keep their order, if one of them runs from the right.

        The marks are Unicode's (UAX 9), which attributes and titles can hold, too; no page of one direction has any.
        """
        if self.common.direction == "ltr" and not any(map(_runs_from_the_right, text)):
            return text
        return f"\u2068{text}\u2069" if text else text


def _runs_from_the_right(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in ("R", "AL")


def link(url: str, text: str) -> Markup:
    """Return a link, to stand in a sentence."""
    return Markup('<a href="{}">{}</a>').format(url, text)


def code(text: str) -> Markup:
    """Return what is typed or copied as it is, to stand in a sentence; left to right in every language."""
    return Markup('<code dir="ltr">{}</code>').format(text)


@lru_cache(maxsize=64)
def office_language(language: Language, folder: Path | None = None) -> OfficeLanguage:
    """Return the office's words in a language, those of a site's own *folder* before ours."""
    return OfficeLanguage(language, catalogue(language.tag, folder, OFFICE))
