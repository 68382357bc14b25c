"""Paths of the site that only an admitted browser may read."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from jotgate.config.languages import languages_of
from jotgate.door.base import Door
from jotgate.door.choosing import wished
from jotgate.door.messages import message_for
from jotgate.door.refusing import error_of, refuse
from jotgate.door.rendering import PRIVATE, VARY, keep_private
from jotgate.door.visitors import own_path, prefers_json, quoted_path
from jotgate.errors import StoreUnavailable
from jotgate.frozen import frozen
from jotgate.languages import ENGLISH
from jotgate.outcomes import Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.speaking import Language, language

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: A path that has one spelling only: lower case, nothing doubled, no name that begins with a dot.
_PLAIN = re.compile(r"(?:/[a-z0-9_~-][a-z0-9_.~-]*)+")
#: A parameter after a semicolon does not belong to the name for some servers and part of it for others.
_PARAMETERS = re.compile(r";[^/]*")
_SLASHES = re.compile(r"/{2,}")


@frozen
class TurnedAway:
    """The answer about a visitor without a pass: a WSGI application, lighter than a `Response`.

    Requests without a pass may come in floods, so they are to cost little.
    """

    status: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""
    #: An answer that can have none states no length either (RFC 9110, section 8.6).
    has_body: bool = True

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        length = [("Content-Length", str(len(self.body)))] if self.has_body else []
        start_response(self.status, [*self.headers, *length])
        # Not nothing at all: hypercorn sends the headers with the first piece.
        return (self.body if self.has_body and environ["REQUEST_METHOD"] != "HEAD" else b"",)


class Guard:
    """Decide which requests need a pass, and turn away those without."""

    def __init__(self, door: Door) -> None:
        """Guard the prefixes that the settings name for each form."""
        self._door = door
        self._prefixes = prefixes(door.parts.settings.policies)
        #: The same of each path is found out once, as long as it is among those that were asked for lately.
        self.forms_for = lru_cache(maxsize=256)(self._forms_for)

    def __bool__(self) -> bool:
        """Say whether anything is guarded at all."""
        return bool(self._prefixes)

    def _forms_for(self, path: str) -> tuple[str, ...]:
        """Return the forms of which *path* needs one pass; *path* is decoded, as the application routes on it."""
        found = (path,) if _PLAIN.fullmatch(path) else spellings(path)
        for prefix, forms in self._prefixes:
            for spelling in found:
                if _is_below(spelling, prefix):
                    return forms
        return ()

    def reaches_into(self, mount: str) -> bool:
        """Say whether anything at *mount*, or below it, is guarded."""
        return bool(self.forms_for(mount)) or any(
            _is_below(prefix, plain(mount)) for prefix, _ in self._prefixes
        )

    def turn_away(self, environ: WSGIEnvironment, forms: Sequence[str]) -> WSGIApplication | None:
        """Do as the function `turn_away`; what needs no pass turns nobody away."""
        return turn_away(self._door, environ, forms) if forms else None


def turn_away(door: Door, environ: WSGIEnvironment, forms: Sequence[str]) -> WSGIApplication | None:
    """Return the answer for a visitor without a pass for any of *forms*, or None for one with a pass.

    A browser that asks for a page is sent to the door and comes back by a signed path;
    everything else gets 401 in JSON, and 503 when passes cannot be checked.

    Raises:
        UnknownForm: no form has such a name.
    """
    reason = lacking(door, environ, forms)
    if reason is None:
        return None
    if reason is Reason.STORE_DOWN:
        refusal, policy = Refuse.unrecorded(reason), door.parts.gate.policy(forms[0])
        response = refuse(door, Request(environ), refusal, form=policy)
        keep_private(response.headers)
        return response
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or prefers_json(environ.get("HTTP_ACCEPT", "")):
        return told_in_json(door, environ, reason, forms[0])
    return led_to(door_of(door, environ, forms[0], own_path(environ)))


def lacking(door: Door, environ: WSGIEnvironment, forms: Sequence[str]) -> Reason | None:
    """Return why to turn a visitor away who needs a pass for any of *forms*; None if the visitor may go on.

    Visitors with a pass may go on, and everybody where the forms only report.

    Raises:
        UnknownForm: no form has such a name.
    """
    gate, cookies, reason = door.parts.gate, door.cookies, Reason.NO_PASS
    try:
        for form in forms:
            if gate.read_pass(form, cookies.passes(environ, form)) is not None:
                return None
    except StoreUnavailable:
        reason = Reason.STORE_DOWN
    return None if door.reporter.lets_through(environ, forms, reason) else reason


def door_of(door: Door, environ: WSGIEnvironment, form: str, path: str) -> str:
    """Return the path of a form's door, from which one comes back to *path* if that is one of this site."""
    root, back = quoted_path(environ.get("SCRIPT_NAME", "").rstrip("/")), door.signer.sign_return(path)
    return f"{root}{door.parts.settings.url_prefix}/f/{form}" + (f"?next={back}" if back else "")


def told_in_json(door: Door, environ: WSGIEnvironment, reason: Reason, form: str) -> TurnedAway:
    """Return the answer that tells a program why its request was turned away, in the words of its own language."""
    policy, settings = door.policy(form), door.parts.settings
    tag = wished(environ.get("HTTP_ACCEPT_LANGUAGE", ""), languages_of(settings, policy)) or ENGLISH
    from_app = policy is not None and not policy.takes_codes
    return _told_in_json(reason, language(tag, settings.translations), from_app=from_app)


# To find and encode the words costs more than all the rest of such an answer.
@lru_cache(maxsize=64)
def _told_in_json(reason: Reason, language: Language, *, from_app: bool) -> TurnedAway:
    refusal = Refuse.unrecorded(reason)
    message = message_for(refusal, None, 0.0, from_app=from_app, language=language)
    status = f"{message.status} {HTTPStatus(message.status).phrase.upper()}"
    body = json.dumps(error_of(refusal, message)) + "\n"
    headers = ("Content-Type", "application/json"), PRIVATE[0], ("Vary", VARY)
    return TurnedAway(status=status, headers=headers, body=body.encode())


def led_to(location: str) -> TurnedAway:
    """Return the answer that sends a browser there."""
    # PEP 3333 servers may insist on a type, even of nothing.
    headers = ("Content-Type", "text/plain"), ("Location", location), *PRIVATE
    return TurnedAway(status="303 SEE OTHER", headers=headers)


def prefixes(policies: Mapping[str, FormPolicy]) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Return every guarded prefix in plain spelling with its forms, the longest first."""
    found: dict[str, tuple[str, ...]] = {}
    for form, policy in policies.items():
        for prefix in map(plain, policy.protect):
            found[prefix] = (*found.get(prefix, ()), form)
    return sorted(found.items(), key=lambda item: -len(item[0]))


def plain(path: str) -> str:
    """Return *path* in its plainest spelling: without dots, doubled slashes, backslashes, parameters or capitals."""
    text, before = path.replace("\\", "/").replace("\0", "").lower(), None
    # Taking one thing away may uncover another, such as a blank before a parameter.
    while text != before:
        before, text = text, posixpath.normpath(_merged(_PARAMETERS.sub("", text).strip()))
    return text


def spellings(path: str) -> set[str]:
    """Return what applications may take *path* for before they route on it.

    One merges slashes and leaves the dots, another drops parameters, a third resolves everything. Whatever
    any of them might take for a guarded path has to be among these; that other paths are as well only
    means that they are guarded, too.
    """
    text = path.replace("\0", "").strip().lower()
    found = {path.lower()}
    for one in (text, text.replace("\\", "/")):
        merged = _merged(one)
        bare = _merged(_PARAMETERS.sub("", merged))
        found |= {merged, bare, posixpath.normpath(merged), posixpath.normpath(bare)}
    return found


def _merged(path: str) -> str:
    return _SLASHES.sub("/", "/" + path)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")
