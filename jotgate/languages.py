"""The languages that visitors are spoken to in: their names, which of them suits whom, and their catalogues.

A language goes by its tag, as HTML writes it: ``pt``, ``pt-PT`` (RFC 5646). Its catalogue is gettext's, in
``pt_PT/LC_MESSAGES/jotgate.mo`` below a folder, and for the office ``office.mo`` beside it. A site's own folder comes
before ours, sentence by sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from itertools import pairwise
from pathlib import Path

#: What the sentences are written in.
ENGLISH = "en"
#: Where jotgate brings its catalogues along.
OURS = Path(__file__).parent / "translations"
DOMAIN = "jotgate"
#: What only the people read who look after a site.
OFFICE = "office"
#: What is written from right to left.
_FROM_THE_RIGHT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_TAG = re.compile(
    r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?(?:[-_.@].*)?", re.DOTALL
)
_MAX_TAG_CHARS = 64
#: Who speaks a language as it is spoken in another country. Portuguese without a country is Brazil's.
_PARENTS = {
    f"pt-{country}": "pt-PT" for country in ("AO", "CH", "CV", "GQ", "GW", "LU", "MO", "MZ", "ST", "TL")
}


def read_tag(text: str) -> str | None:
    """Return the tag of the language that *text* names in a usual spelling, such as ``pt_PT.UTF-8``; None: none."""
    match = _TAG.fullmatch(text) if len(text) <= _MAX_TAG_CHARS else None
    if match is None:
        return None
    language, script, country = match.groups()
    parts = language.lower(), script and script.title(), country and country.upper()
    return "-".join(filter(None, parts))


def best_of(wishes: Iterable[str], offered: Sequence[str]) -> str | None:
    """Return the language among *offered* for who wishes for *wishes*, the dearest first; None: it has none of them.

    Who wishes for a country's way of speaking is spoken to in another country's rather than in another language.
    """
    for wish in wishes:
        tag = read_tag(wish)
        if tag is None:
            continue
        language = tag.partition("-")[0]
        for near in (tag, _PARENTS.get(tag, tag), language):
            if near in offered:
                return near
        cousin = next((one for one in offered if one.partition("-")[0] == language), None)
        if cousin is not None:
            return cousin
    return None


def direction(tag: str) -> str:
    """Return how a language is written, as HTML says it."""
    return "rtl" if tag.partition("-")[0] in _FROM_THE_RIGHT else "ltr"


def known_languages(folder: Path | None) -> tuple[str, ...]:
    """Return every language that there are sentences in: ours, and those in a site's *folder*."""
    places = [OURS] if folder is None else [OURS, folder]
    names = [path.parts[-3] for place in places for path in place.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")]
    return tuple(sorted({ENGLISH, *filter(None, map(read_tag, names))}))


@lru_cache(maxsize=64)
def catalogue(tag: str, folder: Path | None = None, domain: str = DOMAIN) -> NullTranslations:
    """Return the sentences of a language: those of the site's *folder* before ours; what neither has stays English."""
    found = [_load(place, tag, domain) for place in (folder, OURS) if place is not None]
    chain = [one for one in found if one is not None]
    if not chain:
        return NullTranslations()
    for one, next_one in pairwise(chain):
        one.add_fallback(next_one)
    return chain[0]


def _load(folder: Path, tag: str, domain: str) -> GNUTranslations | None:
    file = folder / tag.replace("-", "_") / "LC_MESSAGES" / f"{domain}.mo"
    return GNUTranslations(BytesIO(file.read_bytes())) if file.is_file() else None
