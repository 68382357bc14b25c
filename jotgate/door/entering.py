"""`/enter`: an app's token, which becomes a pass at once and is worth nothing from then on."""

from __future__ import annotations

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from jotgate.admission.vetting import ShownProof
from jotgate.door.base import Door
from jotgate.door.navigating import is_navigation, is_previewer, is_unasked
from jotgate.door.refusing import refuse
from jotgate.door.returning import REFUSED, outcome
from jotgate.door.visitors import query_value, quoted_path, wants_json
from jotgate.outcomes import Admit, Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.records.reporting import Program
from jotgate.signed.tokens import MAX_TOKEN_CHARS

_SCHEMES = ("bearer", "dpop")
#: Stands for a token that was too long to be read, so that it is judged as one.
_TOO_LONG = "-" * (MAX_TOKEN_CHARS + 1)


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
    if not _is_meant(request, text):
        return _let_a_person_post(door, request, policy, text)
    return redeem(door, request, policy, text, proof=shown_proof(door, request))


def redeem(
    door: Door, request: Request, policy: FormPolicy, text: str, *, proof: ShownProof | None = None
) -> Response:
    """Let the browser in by the token *text*, or refuse it."""
    seen = door.seen(request, policy.form)
    decision = door.parts.gate.redeem(text, form=policy.form, seen=seen, proof=proof)
    if isinstance(decision, Admit | Refuse):
        door.tell(policy.form, decision)
    if isinstance(decision, Admit):
        return door.let_in(request, policy, decision, seen)
    if isinstance(decision, Refuse):
        return _refused(door, request, policy, decision, text)
    return door.redirect(door.clean_path(request, policy))


def shown_token(door: Door, request: Request) -> str:
    """Return the token that the request shows: in its header, else its address, else a posted field; "": none."""
    text = _token_in_header(request) or query_value(request, "token") or _posted_token(door, request)
    return text.strip() if len(text) <= MAX_TOKEN_CHARS else _TOO_LONG


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


def _is_meant(request: Request, text: str) -> bool:
    """Say whether the token *text* is shown to redeem it; programs of all kinds look at a bare address."""
    if request.method == "POST" or _token_in_header(request) or text is _TOO_LONG:
        return True
    return is_navigation(request)


def _let_a_person_post(door: Door, request: Request, policy: FormPolicy, text: str) -> Response:
    """Return a page that posts the token: at once where a person sees it, by the button where no script runs."""
    if wants_json(request):
        response = refuse(door, request, Refuse.unrecorded(Reason.MALFORMED), form=policy, status=405)
        response.headers["Allow"] = "POST"
        return response
    context = {
        "form": policy,
        "enter_url": f"{door.door_path(request, policy.form)}/enter",
        "token": text,
        "by_itself": not is_previewer(request),
    }
    response = door.page(request, 200, "jotgate/entering.html", context)
    # The token is in this page's address, until its script takes it out.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _token_in_header(request: Request) -> str:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() in _SCHEMES else ""


def _posted_token(door: Door, request: Request) -> str:
    if request.method != "POST":
        return ""
    try:
        return str(door.fields(request).get("token", ""))
    except RequestEntityTooLarge:
        return _TOO_LONG


def _refused(door: Door, request: Request, policy: FormPolicy, refusal: Refuse, text: str) -> Response:
    # Of whatever app the token says it is from; only its registered address is made use of.
    told = outcome(door.parts.gate.app_named(text), form=policy.form, state=REFUSED, ref=refusal.ref)
    program = _program_in(door, text, policy) if policy.reports_only else None
    return refuse(door, request, refusal, form=policy, told=told, program=program)


def _program_in(door: Door, text: str, policy: FormPolicy) -> Program | None:
    """Return the app and its version that an authentic token states, for who reads the report."""
    claims = door.parts.gate.claims_in(text, policy.form)
    return None if claims is None else Program(claims.app, claims.version or "")
