"""Paths of the site that only an admitted browser may read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from werkzeug.wrappers import Request, Response

from jotgate.door.endpoints import Door
from jotgate.door.rendering import json_response
from jotgate.door.visitors import own_path, wants_json
from jotgate.errors import StoreUnavailable
from jotgate.gate import stateless_ref
from jotgate.outcomes import Reason, Refuse
from jotgate.policy import FormPolicy

#: A parameter after a semicolon is no part of the name for some servers and part of it for others.
_PARAMETERS = re.compile(r";[^/]*")


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
        spellings = {path.lower(), plain(path)}
        for prefix, forms in self._prefixes:
            if any(_is_below(spelling, prefix) for spelling in spellings):
                return forms
        return ()

    def turn_away(self, request: Request, forms: Sequence[str]) -> Response | None:
        """Return the answer for a visitor without a pass for any of *forms*, or None for one who has one.

        A browser that asks for a page is sent to the door and comes back by a signed path;
        everything else gets 401 in JSON, and 503 when passes cannot be checked.

        Raises:
            UnknownForm: there is no form of such a name.
        """
        form = forms[0]
        door = self._door
        try:
            if any(door.held(request, one) is not None for one in forms):
                return None
        except StoreUnavailable:
            refuse = Refuse(reason=Reason.STORE_DOWN, ref=stateless_ref(Reason.STORE_DOWN))
            return _private(door.refuse(request, refuse, form=door.parts.gate.policy(form)))
        if request.method not in ("GET", "HEAD") or wants_json(request):
            error = {
                "reason": Reason.NO_PASS.value,
                "message": "This needs a pass.",
                "ref": Reason.NO_PASS.name,
            }
            return _private(json_response(401, {"error": error}))
        back = door.signer.sign_return(own_path(request))
        location = door.door_path(request, form) + (f"?next={back}" if back else "")
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
