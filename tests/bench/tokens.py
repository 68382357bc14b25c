"""Group ``tokens``: what checking an app token costs, beside bare libraries and beside extensions for Flask."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from itsdangerous import URLSafeSerializer

from jotgate.signed.tokens import (
    AppKey,
    Claims,
    app_secret_text,
    check_times,
    key_id_of,
    mint_token,
    read_token,
)
from tests.bench import flask_rows
from tests.bench.measuring import HEADINGS, Row, Size, Target, measure, print_table
from tests.bench.requests import available
from tests.bench.site import environ

_SECRET = bytes(range(32))
_KEY = AppKey(key_id="k7f3q9az", app="ios", algorithm="HS256", secret=_SECRET)
_FORM = "field-report"
_ITSDANGEROUS = "floor: itsdangerous, the signature and the JSON"
_OWN = "jotgate, its own spelling"
_JWT = "jotgate, JWT by HS256"
#: The bare checks hold for as long as a run takes; ours are told when they are made.
_LIFE_SECONDS = 86_400


def run(scratch: Path, size: Size) -> Iterator[Target]:
    """Measure, print, and give what a check is to cost."""
    logging.disable(logging.CRITICAL)
    sources = (own, jwts, bare_flask, flask_rows.gated_flask_httpauth, flask_rows.gated_flask_jwt_extended)
    rows = measure([row for source in sources for row in available(source, scratch)], size)
    print_table("An app token checked", HEADINGS, [row.cells() for row in rows.values()])
    yield Target(row="own app token", beside=_ITSDANGEROUS, ratios=[rows[_OWN].ratio], limits=[1.5])
    if _JWT in rows:
        yield Target(row=_JWT, beside=rows[_JWT].base or "", ratios=[rows[_JWT].ratio], limits=[0.45])


def own(_scratch: Path) -> Iterator[Row]:
    """Return the rows of tokens in jotgate's own spelling, beside what itsdangerous alone takes."""
    now = time.time()
    secret = app_secret_text(_KEY.key_id, _SECRET)
    text = mint_token(secret, app="ios", form=_FORM, subject="u-7", now=now)
    more = mint_token(secret, app="ios", form=_FORM, subject="u-7", now=now, version="3.1.4",
                      prefill={"name[first]": "Ada", "site": "North/12"}, locked=["site"])  # fmt: skip
    bare = URLSafeSerializer(
        _SECRET,
        salt=b"jotgate/app-token",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
    assert bare.loads(text)["sub"] == "u-7"
    yield Row(name=_ITSDANGEROUS, call=lambda: bare.loads(text))
    yield Row(name=_OWN, base=_ITSDANGEROUS, call=_check(text, _KEY, now))
    yield Row(name=f"{_OWN}, fields prefilled", base=_ITSDANGEROUS, call=_check(more, _KEY, now))
    forged = text[:-4] + "AAAA"
    yield Row(name=f"{_OWN}, forged", base=_ITSDANGEROUS, call=lambda: _refuse(forged, _KEY))


def jwts(_scratch: Path) -> Iterator[Row]:
    """Return the rows of JWTs, beside what PyJWT alone takes."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    now = int(time.time())
    claims = {"iss": "ios", "aud": _FORM, "sub": "u-7", "iat": now, "exp": now + 60, "jti": "0b5f6f2e"}
    lasting = claims | {"exp": now + _LIFE_SECONDS}
    options = {"require": ["iss", "aud", "sub", "exp", "iat", "jti"]}

    def both(algorithm: str, signs: Any, verifies: Any, key: AppKey) -> Iterator[Row]:
        text, long_lived = (
            jwt.encode(one, signs, algorithm, headers={"kid": key.key_id}) for one in (claims, lasting)
        )
        bare = f"PyJWT, {algorithm}"
        yield Row(
            name=bare,
            call=lambda: jwt.decode(
                long_lived, verifies, [algorithm], audience=_FORM, issuer="ios", options=options
            ),
        )
        yield Row(name=f"jotgate, JWT by {algorithm}", base=bare, call=_check(text, key, now))

    private = Ed25519PrivateKey.from_private_bytes(_SECRET)
    public = private.public_key()
    raw = public.public_bytes_raw()
    public_key = AppKey(key_id=_KEY.key_id, app="ios", algorithm="EdDSA", secret=raw)
    yield from both("HS256", _SECRET, _SECRET, _KEY)
    yield from both("EdDSA", private, public, public_key)


def bare_flask(_scratch: Path) -> Iterator[Row]:
    """Return the row that the extensions for Flask stand on."""
    yield Row(name=flask_rows.BASE, call=flask_rows.Caller(flask_rows.bare_site(), environ()))


def _check(text: str, key: AppKey, now: float) -> Callable[[], object]:
    def check() -> None:
        assert key_id_of(text) == key.key_id
        claims = read_token(text, key)
        assert isinstance(claims, Claims)
        assert check_times(claims, now) is None

    return check


def _refuse(text: str, key: AppKey) -> None:
    assert key_id_of(text) == key.key_id
    assert not isinstance(read_token(text, key), Claims)
