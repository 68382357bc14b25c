"""What a request costs in a plain WSGI site: jotgate's middleware beside other middlewares, over the bare site."""

from __future__ import annotations

import hashlib
import hmac
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from itsdangerous import BadData, TimestampSigner
from werkzeug.http import parse_cookie
from werkzeug.middleware.proxy_fix import ProxyFix

from jotgate.admission.grants import Person, Terms
from jotgate.wsgi import JotGateMiddleware
from tests.bench.measuring import Row
from tests.bench.site import (
    FORM,
    SECRET,
    Application,
    Caller,
    Environ,
    cookies_after,
    environ,
    forged,
    hello,
    settings_for,
)  # fmt: skip

BASE = "bare WSGI site"
PASSING = "jotgate, nothing protected"
VALID = "jotgate, protected path, valid pass"
#: Who is refused, and with what: a page is sent to the door.
REFUSED = {
    "jotgate, forged pass, page: 303": 303,
    "jotgate, no pass, page: 303": 303,
    "jotgate, forged pass, JSON: 401": 401,
    "jotgate, no pass, JSON: 401": 401,
}
WHITENOISE = "WhiteNoise"
HMAC = "floor: HMAC-SHA-256 by hand"
REPOZE = "repoze.who, ticket cookie"
#: Another cookie of the site's, which every gate has to look past.
_OTHERS = "theme=dark; "
_PATH = "/report"


def passing(scratch: Path) -> Iterator[Row]:
    """Return the rows of a request that the middleware does not own."""
    yield Row(name=BASE, call=Caller(hello, environ()))
    yield Row(name=PASSING, base=BASE,
              call=Caller(_jotgate(scratch / "plain.db"), environ()))  # fmt: skip
    yield Row(name="jotgate, another path protected", base=BASE,
              call=Caller(_jotgate(scratch / "other.db", protect=("/exam",)), environ()))  # fmt: skip
    yield Row(name="floor: a look at the path", base=BASE, call=Caller(_looks_at_path, environ()))
    yield Row(name="ProxyFix (werkzeug)", base=BASE, call=Caller(ProxyFix(hello, x_host=1), environ()))


def passing_whitenoise(scratch: Path) -> Iterator[Row]:
    """Return WhiteNoise's row: it looks each path up among the files that it serves."""
    from whitenoise import WhiteNoise

    files = scratch / "static"
    files.mkdir(exist_ok=True)
    for number in range(20):
        (files / f"{number}.css").write_text("p {}")
    served = WhiteNoise(hello, root=str(files), prefix="static/")
    yield Row(name=WHITENOISE, base=BASE, call=Caller(served, environ()))


def gated(scratch: Path) -> Iterator[Row]:
    """Return the rows of requests with a valid pass, and with a forged one or none."""
    protected = _jotgate(scratch / "protected.db", protect=(_PATH,))
    cookies = _OTHERS + pass_for(protected)
    reads_passes = _jotgate(scratch / "reads.db", application=_needs_pass)
    own = _OTHERS + pass_for(reads_passes)
    wrong = forged(cookies, FORM)
    wants_json = {"HTTP_ACCEPT": "application/json"}
    yield Row(name=BASE, call=Caller(hello, environ()))
    yield Row(name=VALID, base=BASE,
              call=Caller(protected, environ(HTTP_COOKIE=cookies)))  # fmt: skip
    yield Row(name="jotgate, the visit's passes, valid pass", base=BASE,
              call=Caller(reads_passes, environ(HTTP_COOKIE=own)))  # fmt: skip
    bad = (
        environ(HTTP_COOKIE=wrong),
        environ(),
        environ(HTTP_COOKIE=wrong, **wants_json),
        environ(**wants_json),
    )
    for (name, status), request in zip(REFUSED.items(), bad, strict=True):
        yield Row(name=name, base=BASE, call=Caller(protected, request, status=status))
    yield from _floors()


def gated_beaker(scratch: Path) -> Iterator[Row]:
    """Return the rows of Beaker's signed session cookie."""
    from beaker.middleware import SessionMiddleware

    # It warns of each forged cookie, which would be measured along.
    warnings.filterwarnings("ignore", module="beaker")

    def site(request: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        session = request["beaker.session"]
        if request["PATH_INFO"] == "/login":
            session["user"] = "s-1042"
            session.save()
        elif session.get("user") is None:
            return _forbidden(start_response)
        return hello(request, start_response)

    options = {
        "session.type": "cookie",
        "session.validate_key": SECRET,
        "session.data_serializer": "json",
        "session.cookie_expires": True,
    }
    gate = SessionMiddleware(site, options)
    cookies = _OTHERS + cookies_after(gate, "/login")
    yield from _both("Beaker, session in a signed cookie", gate, cookies, forged(cookies, "beaker"))


def gated_repoze(scratch: Path) -> Iterator[Row]:
    """Return the rows of repoze.who with a signed ticket cookie."""
    from repoze.who.classifiers import default_challenge_decider, default_request_classifier
    from repoze.who.middleware import PluggableAuthenticationMiddleware
    from repoze.who.plugins.auth_tkt import AuthTktCookiePlugin
    from repoze.who.plugins.redirector import RedirectorPlugin

    def site(request: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "REMOTE_USER" in request:
            return hello(request, start_response)
        start_response("401 Unauthorized", [("Content-Length", "0")])
        return [b""]

    ticket = AuthTktCookiePlugin(SECRET, "ticket", digest_algo="sha256")
    login = RedirectorPlugin("/login", came_from_param="next")
    gate = PluggableAuthenticationMiddleware(
        site,
        [("ticket", ticket)],
        [("ticket", ticket)],
        [("login", login)],
        [],
        default_request_classifier,
        default_challenge_decider,
    )
    who = {"repoze.who.userid": "s-1042", "tokens": (), "userdata": ""}
    cookies = _OTHERS + ticket.remember(environ(), who)[0][1].partition(";")[0]
    yield from _both(REPOZE, gate, cookies, forged(cookies, "ticket"), refusal=302)


def pass_for(gate: JotGateMiddleware) -> str:
    """Return the cookies of a browser that was admitted with a code."""
    code = next(gate.parts.grants.create(Terms(form=FORM), [Person(subject="s-1042")])).code
    return cookies_after(gate, f"/jotgate/f/{FORM}", f"code={code}".encode())


def _jotgate(
    store: Path, *, application: Application = hello, protect: tuple[str, ...] = ()
) -> JotGateMiddleware:
    return JotGateMiddleware(application, settings_for(store, protect=protect))


def _needs_pass(request: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    return (
        hello(request, start_response)
        if FORM in request["jotgate.visit"].passes
        else _forbidden(start_response)
    )


def _looks_at_path(request: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    if request.get("PATH_INFO", "").startswith("/jotgate/"):
        return _forbidden(start_response)
    return hello(request, start_response)


def _floors() -> Iterator[Row]:
    """Return the rows of the least that a gate can be: one signature in one cookie, and nothing else."""
    key = SECRET.encode()
    body = f"students.s-1042.{int(time.time()) + 86_400}"
    cookies = f"{_OTHERS}gate={body}.{hmac.digest(key, body.encode(), 'sha256').hex()}"
    yield from _both(HMAC, _hmac_gate(key), cookies, cookies[:-2] + "xx")
    signer = TimestampSigner(SECRET, digest_method=hashlib.sha256)
    cookies = f"{_OTHERS}gate={signer.sign(body).decode()}"
    yield from _both(
        "floor: itsdangerous TimestampSigner", _itsdangerous_gate(signer), cookies, cookies[:-2] + "xx"
    )


def _hmac_gate(key: bytes) -> Application:
    def gate(request: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        _, _, value = request.get("HTTP_COOKIE", "").partition("gate=")
        body, _, mac = value.partition(";")[0].rpartition(".")
        own = hmac.digest(key, body.encode(), "sha256").hex()
        if hmac.compare_digest(own, mac) and float(body.rpartition(".")[2]) > time.time():
            return hello(request, start_response)
        return _forbidden(start_response)

    return gate


def _itsdangerous_gate(signer: TimestampSigner) -> Application:
    def gate(request: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        text = parse_cookie(request.get("HTTP_COOKIE", "")).get("gate", "")
        try:
            signer.unsign(text, max_age=86_400)
        except BadData:
            return _forbidden(start_response)
        return hello(request, start_response)

    return gate


def _both(name: str, gate: Application, cookies: str, wrong: str, *, refusal: int = 403) -> Iterator[Row]:
    """Return a peer's row with a valid cookie, and the one with a forged cookie."""
    yield Row(name=name, base=BASE, call=Caller(gate, environ(HTTP_COOKIE=cookies)))
    refused = Caller(gate, environ(HTTP_COOKIE=wrong), status=refusal)
    yield Row(name=f"{name}, forged: {refusal}", base=BASE, call=refused)


def _forbidden(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("403 Forbidden", [("Content-Length", "0")])
    return [b""]
