"""`/enter`: an app's token, which becomes a pass at once and is worth nothing from then on."""

from __future__ import annotations

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from jotgate.door.base import Door
from jotgate.door.returning import REFUSED, outcome
from jotgate.door.visitors import query_value, quoted_path
from jotgate.outcomes import Admit, Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.reporting import Program
from jotgate.tokens import LONGEST_TOKEN
from jotgate.vetting import ShownProof

#: Refusals after which an access code may still help.
_ABOUT_TOKENS = {Reason.BAD_TOKEN, Reason.TOKEN_USED, Reason.TOKEN_EXPIRED}
_SCHEMES = ("bearer", "dpop")
#: How browsers mark what they fetch before anybody asked for it.
_MARKS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_UNASKED = ("prefetch", "prerender", "preview")
#: Stands for a token that was too long to be read, so that it is judged as one.
_TOO_LONG = "-" * (LONGEST_TOKEN + 1)


def enter(door: Door, request: Request, form: str) -> Response:
    """Redeem the app's token that the request shows, and lead on to an address without it.

    What comes without a token is led on as well: it may hold the pass already, as a web view does that was ended by
    the system and loads its first address anew.
    """
    policy = door.parts.gate.policy(form)
    if request.method == "HEAD" or is_unasked(request):
        nothing = Response(status=204)
        # What has no content has no type either, by the letter of WSGI's checkers.
        del nothing.headers["Content-Type"]
        return nothing
    # No rule against posts from other sites: the token is the credential, it is in the request itself, and an app's
    # own page may well be the one that sends it here.
    text = shown_token(door, request)
    if not text:
        return door.redirect(door.clean_path(request, policy))
    seen = door.seen(request, form)
    decision = door.parts.gate.redeem(text, form=form, seen=seen, proof=shown_proof(door, request))
    if isinstance(decision, Admit):
        return door.let_in(request, policy, decision, seen)
    if isinstance(decision, Refuse):
        return _refused(door, request, policy, decision, text)
    return door.redirect(door.clean_path(request, policy))


def is_unasked(request: Request) -> bool:
    """Say whether the browser fetches this ahead, before anybody asked for it."""
    marks = " ".join(request.headers.get(name, "") for name in _MARKS).lower()
    return any(word in marks for word in _UNASKED)


def shown_token(door: Door, request: Request) -> str:
    """Return the token that the request shows: in its header, else its address, else a posted field; "": none."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() not in _SCHEMES or not text.strip():
        text = query_value(request, "token") or _posted_token(door, request)
    return text.strip() if len(text) <= LONGEST_TOKEN else _TOO_LONG


def shown_proof(door: Door, request: Request) -> ShownProof | None:
    """Return the proof of possession that came with the request, if any; its address is that of the site."""
    text = request.headers.get("DPoP")
    if text is None:
        return None
    path = quoted_path(request.environ.get("SCRIPT_NAME", "").rstrip("/")) + quoted_path(
        request.environ.get("PATH_INFO", "")
    )
    address = door.parts.settings.site_url + path
    return ShownProof(text=text, method=request.method, address=address)


def _posted_token(door: Door, request: Request) -> str:
    if request.method != "POST":
        return ""
    try:
        return str(door.fields(request).get("token", ""))
    except RequestEntityTooLarge:
        return _TOO_LONG


def _refused(door: Door, request: Request, policy: FormPolicy, refuse: Refuse, text: str) -> Response:
    # Of whatever app the token says it is from; only its registered address is made use of.
    told = outcome(door.parts.gate.app_named(text), form=policy.form, state=REFUSED, ref=refuse.ref)
    asks_code = policy.takes_codes and refuse.reason in _ABOUT_TOKENS
    program = _program_in(door, text, policy) if policy.reports_only else None
    return door.refuse(request, refuse, form=policy, told=told, asks_code=asks_code, program=program)


def _program_in(door: Door, text: str, policy: FormPolicy) -> Program | None:
    """Return the app and its version that an authentic token states, for who reads the report."""
    claims = door.parts.gate.claims_in(text, policy.form)
    return None if claims is None else Program(claims.app, claims.version or "")
