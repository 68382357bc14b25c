"""In which language a visitor is spoken to.

Of those that the form, or the site, is offered in, the first that one of these names: the visitor by ``?lang=`` or by
having done so before, the site itself, the invitation, the class list that their code is from, the browser.
Else the first that is offered.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Request

from jotgate.config.languages import language_for, languages_of
from jotgate.door.visitors import query_of, query_value
from jotgate.languages import best_of
from jotgate.policy import FormPolicy
from jotgate.signed.invitations import PARAMETER
from jotgate.speaking import Language, language

if TYPE_CHECKING:
    from jotgate.door.base import Door

#: The parameter of the query by which a visitor chooses.
LANG = "lang"
#: The parameter of the query by which the office's next page tells what became of a change.
SAID = "said"
#: In the environ: the languages that this request was found to be for, by the form.
_FOUND = "jotgate.languages"
#: In the environ: the language of the answer, whatever the visitor wishes for.
_FIXED = "jotgate.language"
#: In the environ: that the site's languages count, whichever form it is about.
_FOR_SITE = "jotgate.languages_of_site"
#: What the address of a page may hold that belongs to the page, and nothing that is worth something once.
_KEPT = ("next", PARAMETER, "page", "left")


class Choice(NamedTuple):
    """A language that the visitor may switch to."""

    tag: str
    #: In its own words.
    name: str
    url: str
    is_current: bool


def language_of(door: Door, request: Request, policy: FormPolicy | None) -> Language:
    """Return the language of the answer to *request*, about a form or about none."""
    fixed: Language | None = request.environ.get(_FIXED)
    if fixed is not None:
        return fixed
    policy = _scope(request, policy)
    found: dict[str | None, Language] = request.environ.setdefault(_FOUND, {})
    form = None if policy is None else policy.form
    if form not in found:
        found[form] = language_for(door.parts.settings, policy, _wishes(door, request, policy))
    return found[form]


def speak(request: Request, language: Language) -> None:
    """Have everything about *request* be said in that language, which nobody may change."""
    request.environ[_FIXED] = language


def speak_as_site(request: Request) -> None:
    """Have the site's languages, not a form's, be those of everything about *request*."""
    request.environ[_FOR_SITE] = True


def chosen(door: Door, request: Request, policy: FormPolicy | None) -> str | None:
    """Return the language that the visitor chooses by this very request, if any."""
    asked = query_value(request, LANG)
    offered = languages_of(door.parts.settings, _scope(request, policy))
    return best_of([asked], offered) if asked else None


def choices(door: Door, request: Request, policy: FormPolicy | None) -> list[Choice]:
    """Return what a page lets its visitor switch to; nothing where there is one language only."""
    settings, policy = door.parts.settings, _scope(request, policy)
    offered = languages_of(settings, policy)
    if len(offered) < 2 or _FIXED in request.environ:
        return []
    current, folder = language_of(door, request, policy).tag, settings.translations
    path = _path(door, request, policy)
    if path is None:
        return []
    kept = _kept(request)
    if not door.signer.read_return(kept.get("next", "")):
        # A path that we did not sign leads nowhere.
        kept.pop("next", None)
    found = [
        Choice(
            tag=tag,
            name=language(tag, folder).say("language.name"),
            url=f"{path}?{urlencode(kept | {LANG: tag})}",
            is_current=tag == current,
        )
        for tag in offered
    ]
    return sorted(found, key=lambda choice: choice.name.casefold())


def _kept(request: Request) -> dict[str, str]:
    """Return what a page keeps of its address: in the office, whatever narrows and sorts a list."""
    query = query_of(request)
    if _FOR_SITE in request.environ:
        return {name: value for name, value in query.items() if name not in (LANG, SAID)}
    return {name: query[name] for name in _KEPT if query.get(name)}


def wished(accept_language: str, offered: tuple[str, ...]) -> str | None:
    """Return the language for what a browser's header says."""
    return best_of(_accepted(accept_language), offered)


# Browsers send one of a few such headers.
@lru_cache(maxsize=256)
def _accepted(header: str) -> tuple[str, ...]:
    return tuple(tag for tag, quality in parse_accept_header(header, LanguageAccept) if quality > 0)


def _scope(request: Request, policy: FormPolicy | None) -> FormPolicy | None:
    """Return the form whose languages count."""
    return None if _FOR_SITE in request.environ else policy


def _wishes(door: Door, request: Request, policy: FormPolicy | None) -> Iterator[str]:
    yield query_value(request, LANG)
    yield from door.cookies.language(request)
    site = door.language_of_site(request)
    yield "" if site is None else str(site)
    invitation = None if policy is None else door.invitation(request, policy.form)
    yield "" if invitation is None else invitation.language
    yield from () if policy is None else door.cookies.own_language(request, policy.form)
    yield from _accepted(request.headers.get("Accept-Language", ""))


def _path(door: Door, request: Request, policy: FormPolicy | None) -> str | None:
    """Return the address that shows the page again: its own, or the door's where it came by a post; None: none does."""
    if request.path.endswith("/enter"):
        return None
    if request.method in ("GET", "HEAD"):
        return ""
    return None if policy is None else door.door_path(request, policy.form)
