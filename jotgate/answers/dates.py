"""Dates and times in JotForm's parts, and as people spell them."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: JotForm's birth dates name their months in the language of the form.
_LANGUAGES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "jan feb mar apr may jun jul aug sep oct nov dec",
)
_MONTHS = {name: at for names in _LANGUAGES for at, name in enumerate(names.split(), start=1)}
_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?(?: ?([ap])\.?m\.?)?"
#: It is compiled on first use: few texts come near it.
_DATE = (
    r"(?:(?P<year>[0-9]{4})(?P<mark>[-/. ])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})"
    r"|(?P<one>[0-9]{1,2})(?P<sign>[-/. ])(?P<two>[0-9]{1,2})(?P=sign)(?P<last>[0-9]{4})"
    r"|(?:(?P<before>[0-9]{1,2})(?:st|nd|rd|th|\.)? )?(?P<name>[^\W\d_]+)\.?"
    r"(?: (?P<after>[0-9]{1,2})(?:st|nd|rd|th)?)?,? (?P<named>[0-9]{4}))"
    rf"(?:(?:, | |t){_CLOCK})?"
)


def spelled(text: str) -> str | None:
    """Return a date, a time or both, in small letters and with single blanks, in one spelling; None for anything else.

    A date becomes ``2016-07-29``, with its time after a blank, by 24 hours. Where nobody can say which number is the
    month, they stay in their order: ``07-04-2016``.
    """
    if found := re.fullmatch(_CLOCK, text):
        return _clock(*found.groups())
    found = re.fullmatch(_DATE, text)
    date = None if found is None else _date(found)
    if found is None or date is None:
        return None
    hour, minute, half = found.groups()[-3:]
    if hour is None:
        return date
    time = _clock(hour, minute, half)
    return None if time is None else f"{date} {time}"


def day_of(parts: Mapping[str, str]) -> str:
    """Return JotForm's year, month and day as ``2016-07-29``; "" if there is no year."""
    year, month, day = (parts.get(part, "") for part in ("year", "month", "day"))
    if not year:
        # Some rows have nothing but this.
        return parts.get("datetime", "").removesuffix(" 00:00:00")
    number = month_of(month)
    if number is None and not month.isdigit():
        return " ".join(filter(None, (day, month, year)))
    month = f"{number:02}" if number else month.zfill(2)
    return "-".join((year, month, day.zfill(2))) if day else f"{year}-{month}"


def month_of(name: str) -> int | None:
    """Return the number of a month by its name, or None."""
    return _MONTHS.get(name.casefold())


def time_of(hour: str, minute: str, half: str) -> str:
    """Return an hour and its minutes as JotForm shows them, such as ``9:05 PM``; "" without an hour."""
    if not hour:
        return ""
    return " ".join(filter(None, (f"{hour}:{minute.zfill(2)}", half)))


def _date(found: re.Match[str]) -> str | None:
    if year := found["year"]:
        return _iso(year, int(found["month"]), int(found["day"]))
    if year := found["named"]:
        month, days = month_of(found["name"]), [day for day in (found["before"], found["after"]) if day]
        return _iso(year, month, int(days[0])) if month and len(days) == 1 else None
    year, one, two = found["last"], int(found["one"]), int(found["two"])
    if one == two or two > 12:
        return _iso(year, one, two)
    if one > 12:
        return _iso(year, two, one)
    return f"{one:02}-{two:02}-{year}" if one and two else None


def _iso(year: str, month: int, day: int) -> str | None:
    return f"{year}-{month:02}-{day:02}" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _clock(hour: str, minute: str, half: str | None) -> str | None:
    hours = int(hour)
    if half is not None:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half == "p" else 0)
    return f"{hours:02}:{minute}" if hours < 25 and int(minute) < 60 else None
