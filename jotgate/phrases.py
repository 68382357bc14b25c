"""Sentences for the people who run a site, and words for numbers, spans of time and other people's texts.

Such a sentence is English, and a text like any other. It remembers what it was made of, so that the office says it in
the language of who reads it: `phrase` and `phrases` mark what translators get.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from gettext import NullTranslations


class Phrase(str):
    """A sentence in English that can be said in other languages."""

    __slots__ = ("_number", "_plural", "_template", "_values")

    _template: str
    _plural: str
    _number: int | None
    _values: Mapping[str, object]

    def __new__(
        cls, template: str, values: Mapping[str, object], plural: str = "", number: int | None = None
    ) -> Phrase:
        """Make the sentence; *values* may be phrases themselves, and whole numbers are grouped: 1,000."""
        english = template if number in (None, 1) else plural
        made = super().__new__(cls, fill(english, values, _in_english))
        made._template, made._values, made._plural, made._number = template, values, plural, number
        return made

    def __reduce__(self) -> tuple[type[Phrase], tuple[object, ...]]:
        """Let it be copied, and cross from one process to another in an error that holds it."""
        return Phrase, (self._template, self._values, self._plural, self._number)

    def said(self, translations: NullTranslations, spell: Callable[[object], str]) -> str:
        """Return it in another language; *spell* says its values, and these phrases within it."""
        if self._number is None:
            english, text = self._template, self._template and translations.gettext(self._template)
        else:
            english = self._template if self._number == 1 else self._plural
            text = translations.ngettext(self._template, self._plural, self._number)
        return fill_either(text, english, self._values, spell)

    def filled(self, **values: object) -> Phrase:
        """Return the sentence with its *values*, which a table of sentences leaves open."""
        return Phrase(self._template, values)


def phrase(template: str, /, **values: object) -> Phrase:
    """Return a sentence for the people who run the site; *values* fill what stands in braces."""
    return Phrase(template, values)


def phrases(one: str, many: str, number: int, /, **values: object) -> Phrase:
    """Return a sentence about a *number* of things, which `{number}` stands for."""
    return Phrase(one, {"number": number, **values}, many, number)


def together(texts: Sequence[str]) -> str:
    """Return several things as one says them: "a and b", "a and b and c"."""
    return reduce(lambda before, last: phrase("{before} and {last}", before=before, last=last), texts)


def with_commas(texts: Sequence[str]) -> str:
    """Return several things with the comma of each language between: "a, b, c"."""
    return reduce(lambda before, last: phrase("{before}, {last}", before=before, last=last), texts)


def one_after_another(sentences: Sequence[str]) -> str:
    """Return several sentences without a full stop as one: "no name; no number"."""
    return reduce(lambda before, last: phrase("{before}; {last}", before=before, last=last), sentences)


def kept(english: str) -> Phrase:
    """Return a sentence of ours that was kept as English: what it was made of is not known any more."""
    return Phrase(english, {})


def fill(text: str, values: Mapping[str, object], spell: Callable[[object], str]) -> str:
    """Fill *values* into what stands in braces in *text*; one without values is as it is, with its braces."""
    return text.format_map({name: spell(value) for name, value in values.items()}) if values else text


def fill_either(text: str, english: str, values: Mapping[str, object], spell: Callable[[object], str]) -> str:
    """Fill *values* into a translation; one that asks for what is not there gives way to the *english*."""
    try:
        return fill(text, values, spell)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return fill(english, values, spell)


def _in_english(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def plain(text: str | None) -> str:
    """Return *text* without what would move a terminal's cursor; None becomes a dash."""
    if text is None:
        return "-"
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return "1 code", "30 codes", "1,000 codes"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def lasting(seconds: float) -> Phrase:
    """Return how long something takes, in one unit: "40 s", "12 min", "3 h", "2 days"."""
    seconds = abs(seconds)
    if seconds < 100:
        # Translators: seconds.
        return phrase("{number} s", number=round(seconds))
    if seconds < 100 * 60:
        # Translators: minutes.
        return phrase("{number} min", number=round(seconds / 60))
    if seconds < 48 * 3600:
        # Translators: hours.
        return phrase("{number} h", number=round(seconds / 3600))
    return phrases("{number} day", "{number} days", round(seconds / 86400))
