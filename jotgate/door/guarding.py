"""Paths of the site that only an admitted browser may read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.wrappers import Request, Response

from jotgate.door.endpoints import Door
from jotgate.door.rendering import json_response
from jotgate.door.visitors import own_path, wants_json
from jotgate.errors import StoreUnavailable
from jotgate.gate import stateless_ref
from jotgate.outcomes import Reason, Refuse
from jotgate.policy import FormPolicy

#: A path that has one spelling only: lower case, nothing doubled, no name that begins with a dot.
_PLAIN = re.compile(r"(?:/[a-z0-9_~-][a-z0-9_.~-]*)+")
#: A parameter after a semicolon is no part of the name for some servers and part of it for others.
_PARAMETERS = re.compile(r";[^/]*")
_NO_PASS = {
    "error": {"reason": Reason.NO_PASS.value, "message": "This needs a pass.", "ref": Reason.NO_PASS.name}
}


class Guard:
    """Decide which requests need a pass, and turn away those without."""

    def __init__(self, door: Door) -> None:
        """Guard the prefixes that the settings name for each form."""
        self._door = door
        self._prefixes = prefixes(door.parts.settings.policies)

    def __bool__(self) -> bool:
        """Say whether anything is guarded at all."""
        return bool(self._prefixes)

    def forms_for(self, path: str) -> tuple[str, ...]:
        """Return the forms of which *path* needs one pass; *path* is decoded, as the application routes on it."""
        spellings = (path,) if _PLAIN.fullmatch(path) else (path.lower(), plain(path))
        for prefix, forms in self._prefixes:
            for spelling in spellings:
                if _is_below(spelling, prefix):
                    return forms
        return ()

    def turn_away(self, environ: dict[str, Any], forms: Sequence[str]) -> Response | None:
        """Do as the function `turn_away`; what needs no pass turns nobody away."""
        return turn_away(self._door, environ, forms) if forms else None


def turn_away(door: Door, environ: dict[str, Any], forms: Sequence[str]) -> Response | None:
    """Return the answer for a visitor without a pass for any of *forms*, or None for one who has one.

    A browser that asks for a page is sent to the door and comes back by a signed path;
    everything else gets 401 in JSON, and 503 when passes cannot be checked.

    Raises:
        UnknownForm: there is no form of such a name.
    """
    gate, cookies = door.parts.gate, door.cookies
    try:
        for form in forms:
            if gate.read_pass(form, cookies.passes(environ, form)) is not None:
                return None
    except StoreUnavailable:
        refuse = Refuse(reason=Reason.STORE_DOWN, ref=stateless_ref(Reason.STORE_DOWN))
        return _private(door.refuse(Request(environ), refuse, form=gate.policy(forms[0])))
    request = Request(environ)
    if request.method not in ("GET", "HEAD") or wants_json(request):
        return _private(json_response(401, _NO_PASS))
    back = door.signer.sign_return(own_path(request))
    location = door.door_path(request, forms[0]) + (f"?next={back}" if back else "")
    return _private(Response(status=303, headers={"Location": location}))


def prefixes(policies: Mapping[str, FormPolicy]) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Return every guarded prefix in plain spelling with its forms, the longest first."""
    found: dict[str, tuple[str, ...]] = {}
    for form, policy in policies.items():
        for prefix in map(plain, policy.protect):
            found[prefix] = (*found.get(prefix, ()), form)
    return sorted(found.items(), key=lambda item: -len(item[0]))


def plain(path: str) -> str:
    """Return *path* in its plainest spelling: without dots, doubled slashes, backslashes, parameters or capitals.

    Whatever an application might take for the guarded path has to end up below it here; that other
    paths do as well only means that they are guarded, too.
    """
    text = _PARAMETERS.sub("", path.replace("\\", "/").replace("\0", "")).strip().lower()
    return posixpath.normpath("/" + text.lstrip("/"))


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    return response
