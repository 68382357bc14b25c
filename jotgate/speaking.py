"""One language: every sentence of `jotgate.sentences`, as that language says it."""

from __future__ import annotations

from datetime import date, datetime, timezone
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from jotgate.languages import ENGLISH, catalogue, direction
from jotgate.sentences import SENTENCES, SINGULARS

_NEARBY_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


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
        return self.say("moment.day", weekday=weekday, day=self._day_of_month(day), month=month)

    def _day_of_month(self, day: date) -> str:
        return self.say("day.first") if day.day == 1 else str(day.day)

    def capital(self, text: str) -> str:
        """Return *text* as it stands at the beginning of a sentence."""
        first = "\u0130" if self.tag == "tr" and text.startswith("i") else text[:1].upper()
        return first + text[1:]

    def apart(self, text: str) -> str:
        """Return *text* so that it keeps its order within a sentence that is not HTML."""
        return f"\u2068{text}\u2069" if self.direction == "rtl" else text

    def count(self, key: str, number: int) -> str:
        """Return the sentence under *key* about a *number* of things."""
        english = SINGULARS[key], SENTENCES[key]
        text = self._catalogue.npgettext(key, *english, number)
        return _filled(text, english[number != 1], {"count": number})

    def moment(self, at: float, zone_name: str, *, now: float | None = None) -> str:
        """Return a moment as one says it: "on Monday 4 May 2026 at 08:00"; nearer to *now* "today at 08:00".

        Both times are seconds since the epoch, UTC. The words are in the named zone; UTC is named, since nobody lives
        by it. The year is left out where it is the present one.
        """
        zone = timezone.utc if zone_name == "UTC" else ZoneInfo(zone_name)
        moment = datetime.fromtimestamp(at, zone)
        present = None if now is None else datetime.fromtimestamp(now, zone)
        time = f"{moment:%H:%M}"
        if zone is timezone.utc:
            time = self.say("moment.in_utc", time=time)
        nearby = present and _NEARBY_DAYS.get((moment.date() - present.date()).days)
        if nearby:
            return self.say(f"moment.{nearby}", time=time)
        return self.say(
            "moment.this_year" if present and moment.year == present.year else "moment.other_year",
            weekday=self.say(f"weekday.{moment.weekday()}"),
            day=self._day_of_month(moment),
            month=self.say(f"month.{moment.month}"),
            year=moment.year,
            time=time,
        )


def _filled(text: str, english: str, values: dict[str, object]) -> str:
    """Fill *values* in; a translation that asks for others than there are gives way to the English."""
    try:
        return text.format(**values)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return english.format(**values)


@lru_cache(maxsize=64)
def language(tag: str, folder: Path | None = None) -> Language:
    """Return a language by its tag, with the sentences of a site's own *folder* before ours."""
    return Language(tag, catalogue(tag, folder))


#: For who looks after the site.
IN_ENGLISH = Language(ENGLISH, NullTranslations())
