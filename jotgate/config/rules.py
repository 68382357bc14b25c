"""The rules for single values: what each may be, in the words of the sentence that refuses it.

Every rule is total: it returns a value or raises `ValueError`, whatever it is given.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

from jotgate.hosts import MAX_PORT, read_origin
from jotgate.phrases import phrase
from jotgate.signed.keyring import MIN_SECRET_BYTES

T = TypeVar("T")

MAX_SECONDS = 366 * 24 * 3600
MAX_DAYS = 36_525
_UNIT_SECONDS = MappingProxyType({"s": 1, "m": 60, "h": 3600, "d": 24 * 3600})
_DURATION = r"([0-9]{1,9})([smhd])"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
#: Times beyond these years cannot be shown in every zone.
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
_ZONE_NAME = r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}"
_PATH = r"/|(?:/[!-.0-\[\]-~]+)+/?"
_URL_PREFIX = r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+"
_PROXY = r"https?://(?:[A-Za-z0-9._~!$&'()*+,;=:%-]+@)?[A-Za-z0-9._-]{1,253}(?::([0-9]{1,5}))?/?"
_SQLITE = r"sqlite:///(.+)"
_POSTGRESQL = r"postgres(?:ql)?://[!-~]+"
_API_KEY = r"[!-~]{1,200}"
_QUOTATION_MARKS = ('""', "''", "``", "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}")
_UNFIT_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")


def text(value: object) -> str:
    """Take text on one line; not empty, no control characters, no broken Unicode."""
    if not isinstance(value, str):
        raise ValueError("it must be text")
    if not value.strip():
        raise ValueError("it must not be empty")
    if any(unicodedata.category(letter) in _UNFIT_CATEGORIES for letter in value):
        raise ValueError("it must not hold line breaks or control characters")
    return value


def short_text(most: int) -> Callable[[object], str]:
    """Make the rule for text on one line, of at most *most* characters."""

    def rule(value: object) -> str:
        taken = text(value)
        if len(taken) > most:
            raise ValueError(f"it must have at most {most} characters")
        return taken

    return rule


def matching(pattern: str, wanted: str) -> Callable[[object], str]:
    """Make the rule for text that matches *pattern* from end to end; *wanted* completes "it must be"."""

    def rule(value: object) -> str:
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            raise ValueError(f"it must be {wanted}")
        return value

    return rule


def choice(*options: str) -> Callable[[object], str]:
    """Make the rule for one of *options*."""
    wanted = " or ".join(f'"{option}"' for option in options)

    def rule(value: object) -> str:
        if not isinstance(value, str) or value not in options:
            raise ValueError(f"it must be {wanted}")
        return value

    return rule


def whole_number(lowest: int, highest: int) -> Callable[[object], int]:
    """Make the rule for a whole number within bounds, both included."""

    def rule(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise ValueError(f"it must be a whole number from {lowest} to {highest}")
        return value

    return rule


def list_of(rule: Callable[[object], T], *, most: int, least: int = 0) -> Callable[[object], tuple[T, ...]]:
    """Make the rule for a list or tuple whose members all fit *rule*; a bare value is refused."""

    def whole(value: object) -> tuple[T, ...]:
        if not isinstance(value, (list, tuple)):
            raise ValueError("it must be a list, even for one value")
        if not least <= len(value) <= most:
            raise ValueError(f"it must be a list of {least} to {most}")
        return tuple(_member(rule, number, member) for number, member in enumerate(value, start=1))

    return whole


def _member(rule: Callable[[object], T], number: int, member: object) -> T:
    try:
        return rule(member)
    except ValueError as problem:
        raise ValueError(f"its member number {number}: {problem}") from None


def api_key(value: object) -> str:
    """Take a key as JotForm shows it."""
    if not isinstance(value, str) or re.fullmatch(_API_KEY, value) is None:
        raise ValueError("it must be the key as JotForm shows it, with nothing around it")
    return _unquoted(value)


def _unquoted(value: str) -> str:
    """Refuse quotation marks that came along, as from a file of environment variables: they would be part of a key."""
    if len(value) > 1 and value[0] + value[-1] in _QUOTATION_MARKS:
        raise ValueError("it has quotation marks around it, which are not part of it: leave them out")
    return value


def secret(value: object) -> bytes:
    """Take a secret to sign with: bytes, or text that stands for its UTF-8 bytes."""
    if isinstance(value, str):
        value = _unquoted(text(value)).encode()
    if not isinstance(value, bytes):
        raise ValueError("it must be text or bytes")
    if len(value) < MIN_SECRET_BYTES:
        raise ValueError(f"it must have at least {MIN_SECRET_BYTES} bytes")
    return value


def callback(value: object) -> Callable[..., object]:
    """Take a function."""
    if not callable(value):
        raise ValueError("it must be a function")
    return value


def origin(value: object) -> str:
    """Take an origin, and return it as browsers spell it."""
    return str(read_origin(text(value)))


def origin_or_any(value: object) -> str:
    """Take an origin, or "*" for any."""
    return "*" if value == "*" else origin(value)


def days(value: object) -> float:
    """Take a number of days as text such as "90d"; return seconds."""
    match = re.fullmatch(_DURATION, value) if isinstance(value, str) else None
    if match is None or match[2] != "d" or not 1 <= int(match[1]) <= MAX_DAYS:
        raise ValueError(f'it must be days, such as "90d", 1 to {MAX_DAYS}')
    return int(match[1]) * float(_UNIT_SECONDS["d"])


def duration(value: object) -> float:
    """Take seconds as a number, or text such as "24h"; return seconds."""
    if isinstance(value, str) and (match := re.fullmatch(_DURATION, value)):
        value = int(match[1]) * _UNIT_SECONDS[match[2]]
    # Comparing before converting: NaN fits no bounds, and some whole numbers fit no float.
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 1 <= value <= MAX_SECONDS:
        raise ValueError('it must be seconds, or text such as "30m", "24h" or "7d", 1 second to 366 days')
    return float(value)


def moment(value: object) -> dt.datetime:
    """Take a date with a time: a datetime, or ISO 8601 text; without an offset it stays naive."""
    if isinstance(value, str) and re.fullmatch(_MOMENT, value):
        # The offset Z is beyond Python 3.10's own reading.
        value = _iso(value.replace("Z", "+00:00"))
    if not isinstance(value, dt.datetime):
        raise ValueError(
            phrase('it must be a date with a time, such as "2026-09-01 08:00" or "2026-09-01T06:00:00Z"')
        )
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ValueError(
            phrase("it must be in the years {first} to {last}", first=str(_FIRST_YEAR), last=str(_LAST_YEAR))
        )
    return value


def _iso(written: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(written)
    except ValueError:
        return None


class ClocksChange(ValueError):
    """By the clocks of a timezone, a time is none, or two."""


def instant(when: dt.datetime, zone: ZoneInfo) -> float:
    """Return *when* in seconds since the epoch, UTC; if it is naive, by the clocks of *zone*.

    Raises:
        ClocksChange: they never show this time, or show it twice and nobody can say which one is meant.
    """
    if when.utcoffset() is not None:
        return when.timestamp()
    first, second = (when.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    if before is not None and after is not None and before != after:
        # PEP 495: in the hour that is skipped, fold 0 has the smaller offset; in the doubled one, the larger.
        which = "does not exist" if before < after else "comes twice"
        raise ClocksChange(
            f"the clocks of its timezone change then, and this time {which}: add an offset to it"
        )
    return first.timestamp()


def beginning(text: str, zone: ZoneInfo) -> float:
    """Return the moment at which something begins, as `instant`: a date alone is the beginning of that day."""
    return _first_of(text, zone) if re.fullmatch(_DAY, text) else instant(moment(text), zone)


def end(text: str, zone: ZoneInfo) -> float:
    """Return the moment at which something ends, as `instant`: a date alone is the end of that day."""
    return _first_of(text, zone, days=1) if re.fullmatch(_DAY, text) else instant(moment(text), zone)


def _first_of(text: str, zone: ZoneInfo, days: int = 0) -> float:
    """Return the first moment of a day: where the clocks skip midnight, or show it twice, there is one as well."""
    day = moment(f"{text} 00:00") + dt.timedelta(days=days)
    return day.replace(tzinfo=zone).timestamp()


def timezone(value: object) -> str:
    """Take the IANA name of a timezone that this machine knows."""
    if isinstance(value, str) and re.fullmatch(_ZONE_NAME, value) and _is_zone(value):
        return value
    raise ValueError('it must be the IANA name of a timezone, such as "Europe/Berlin"')


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def page(value: object) -> str:
    """Take the path of a page of this site; it can lead nowhere else."""
    # A browser takes // and the backslash for the beginning of another host.
    if not isinstance(value, str) or re.fullmatch(_PATH, value) is None:
        raise ValueError(
            'it must be a path of this site that begins with one "/", such as "/students": without "//",'
            " backslash or space, letters beyond ASCII percent-encoded"
        )
    return value


def path_prefix(value: object) -> str:
    """Take a path prefix as the site's routes see it, decoded."""
    path = text(value)
    segments = path.split("/")[1:]
    # The guard compares decoded paths: one that is spelled otherwise would never match, and protect nothing.
    if not path.startswith("/") or any(letter in path for letter in "\\%?#;"):
        raise ValueError(
            'it must be a decoded path that begins with "/", without backslash, "%", "?", "#", ";"'
        )
    if any(segment in (".", "..") for segment in segments) or "" in segments[:-1]:
        raise ValueError('it must not hold "//", "/./" or "/../"')
    return path.rstrip("/") or "/"


def url_prefix(value: object) -> str:
    """Take the path under which the door stands."""
    if not isinstance(value, str) or re.fullmatch(_URL_PREFIX, value) is None:
        raise ValueError('it must be a path such as "/jotgate": letters, digits, hyphens, no "/" at its end')
    return value


def proxy(value: object) -> str:
    """Take the address of a forward proxy, which may hold the proxy's own credentials."""
    match = re.fullmatch(_PROXY, value) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[1] or 1) <= MAX_PORT:
        raise ValueError('it must be the address of a proxy, such as "http://proxy.example:3128"')
    return match[0]


def store(value: object) -> str:
    """Take the address of the store."""
    if isinstance(value, str) and (re.fullmatch(_POSTGRESQL, value) or sqlite_path(value) is not None):
        return value
    raise ValueError(
        'it must be "sqlite:///jotgate.db" (relative to the working directory), "sqlite:////srv/jotgate.db"'
        ' (absolute) or "postgresql://user@host/database"; a path has no "?", and a store in memory is not'
        " possible, because other processes could not share it"
    )


def sqlite_path(address: str) -> Path | None:
    """Return the file of an SQLite store from its address, as SQLAlchemy reads one; None if it names none."""
    match = re.fullmatch(_SQLITE, address, re.DOTALL)
    if match is None or not match[1].isprintable() or "?" in match[1]:
        return None
    if match[1].startswith((":", "file:")) or match[1].endswith(("/", "\\")):
        return None
    return Path(match[1])
