"""App tokens: what an app's backend states about one of its users, signed, for one form and one minute.

There are two spellings. jotgate's own needs nothing but HMAC-SHA-256: base 64 of a JSON object, a dot, base 64 of its
MAC. The other is a JWT, for backends with a library for it, and for Ed25519 keys, with which a site holds nothing that
could mint. The registered key says which key and which algorithm are good for a token, never the token itself.

Single use is not decided here: the store remembers its `token_id` for the app. Never the text, since the
same JWT can be spelled with another signature.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import Any, Literal

from jotgate.errors import InputError
from jotgate.frozen import frozen
from jotgate.signed import segments

#: How long a token may live from its issue to its expiry.
TOKEN_LIFE_SECONDS = 60
#: How far the app's clock and ours may be apart.
LEEWAY_SECONDS = 60
#: Longer texts are not looked at.
MAX_TOKEN_CHARS = 8_192
#: Prefilled and locked fields together, as JSON: an address with the token still fits into the 4,094 bytes that
#: gunicorn takes of one.
MAX_PREFILL_BYTES = 2_000
#: Wherever a subject comes from: a class list, an app's token, an invitation.
MAX_SUBJECT_CHARS = 200

_PURPOSE = b"jotgate/app-token"
_TYPE = "jotgate-app"
_VERSION = 1
_SECRET_BYTES = 32
_MAX_NAME_CHARS = 100
_KEY_ID = re.compile(r"[a-z0-9]{8}")
_TOKEN_ID = re.compile(r"[!-~]{1,100}")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_FIELD_NAME = re.compile(r"[\w-]{1,100}(?:\[[\w-]{1,50}\]){0,3}", re.ASCII)
#: Python does not spell numbers of any length.
_HUGE = 10**MAX_SUBJECT_CHARS
_UNUSABLE = re.compile("[\0\ud800-\udfff]")
#: RFC 7519, section 4.1; all but `nbf`, which may be left out.
_REQUIRED = ("iss", "aud", "sub", "exp", "iat", "jti")


class TokenFault(Enum):
    """Why a token is not good; printed as it is spelled, for operators. Visitors read one wording for all."""

    TOO_LONG = "too_long"  #: over 8,192 characters; it was not looked at.
    MALFORMED = "malformed"  #: neither of our spelling nor a JWT.
    JWT_NOT_INSTALLED = "jwt_not_installed"  #: a JWT, and the extra `jotgate[jwt]` is missing here.
    WRONG_KEY = "wrong_key"  #: it names another key than the one it was checked with.
    WRONG_ALGORITHM = "wrong_algorithm"  #: not the one that the key is registered for.
    UNSUPPORTED_HEADER = (
        "unsupported_header"  #: a JWT that brings a key along, or needs an extension to be read.
    )
    BAD_SIGNATURE = "bad_signature"  #: not signed with the key, or changed since.
    WRONG_TYPE = "wrong_type"  #: signed with the key, for another purpose or in another version.
    CLAIMS_MISSING = "claims_missing"  #: one of iss, aud, sub, exp, iat, jti is not there.
    CLAIMS_INVALID = (
        "claims_invalid"  #: a claim is of the wrong kind, empty, too long or contradicts another.
    )
    WRONG_APP = "wrong_app"  #: `iss` is not the app that the key belongs to.
    TOO_LONG_LIVED = "too_long_lived"  #: from `iat` to `exp` it is more than 60 seconds.
    EXPIRED = "expired"  #: `exp` is over, the leeway included.
    NOT_YET_VALID = "not_yet_valid"  #: `iat` lies in the future, the leeway included.


@frozen
class AppKey:
    """A key of an app, as it is registered."""

    #: Eight lower-case letters and digits; tokens name it as `kid`.
    key_id: str
    #: The app's name in the store.
    app: str
    #: HS256 is also the algorithm of our own spelling.
    algorithm: Literal["HS256", "EdDSA"]
    #: 32 bytes; for EdDSA the raw public key, which cannot sign.
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a short secret: an empty one would verify what anybody signs."""
        if len(self.secret) != _SECRET_BYTES:
            raise ValueError(f"an app's key has {_SECRET_BYTES} bytes")


@frozen
class Claims:
    """What an app token states. Field names are followed by those of RFC 7519."""

    #: `iss`: the app that minted it.
    app: str
    #: `aud`: the form that it opens, by our name.
    form: str
    #: `sub`: the user, in the app's own terms; a whole number is its digits.
    subject: str
    #: `iat`, seconds since the epoch, UTC.
    issued_at: float
    #: `exp`, seconds since the epoch, UTC; at most 60 seconds later.
    expires_at: float
    #: `jti`: by it a token is known again, within its app.
    token_id: str
    #: `kid`: the key it is signed with.
    key_id: str
    #: `prefill`: the form's answers beforehand, by field; a field's name may be nested as in `name[first]`.
    prefill: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: `locked`: the prefilled fields whose value has to come back unchanged.
    locked: tuple[str, ...] = ()
    #: `ver`: the app's own version, for reports.
    version: str | None = None
    #: `cnf.jkt`: the thumbprint (RFC 7638) of the key that the token's presenter has to prove (RFC 9449).
    proof_key: str | None = None


def mint_token(
    secret: str,
    *,
    app: str,
    form: str,
    subject: str | int,
    prefill: Mapping[str, str] | None = None,
    locked: Sequence[str] = (),
    version: str | None = None,
    proof_key: str | None = None,
    now: float | None = None,
) -> str:
    """Return a token that lets *subject* open *form* once, within the next 60 seconds.

    For the backend of an app, which needs no settings of jotgate: *secret* is the line that `jotgate apps create`
    showed. It must never be built into the app itself.

    *prefill* maps fields of the form to their answers; those in *locked* have to come back unchanged.
    *version* is the app's own, for reports. *proof_key* is the thumbprint of a key that the app holds.

    Raises:
        InputError: an argument is empty, too long or of the wrong kind; every problem is listed.
    """
    issued_at = int(time.time() if now is None else now)
    read = read_app_secret(secret) if isinstance(secret, str) else None
    key_id, secret_bytes = read or ("", bytes(_SECRET_BYTES))
    claims = Claims(
        app=app,
        form=form,
        subject=as_text(subject),
        issued_at=issued_at,
        expires_at=issued_at + TOKEN_LIFE_SECONDS,
        token_id=secrets.token_urlsafe(16),
        key_id=key_id,
        prefill=prefill or {},
        locked=tuple(locked),
        version=version,
        proof_key=proof_key,
    )
    problems = (
        [] if read else ["the secret is not one that `jotgate apps create` showed: copy the whole line"]
    )
    problems += [sentence for _, sentence in _problems(claims)]
    if problems:
        raise InputError(problems)
    return token_text(claims, AppKey(key_id=key_id, app=app, algorithm="HS256", secret=secret_bytes))


def token_text(claims: Claims, key: AppKey) -> str:
    """Return *claims* in our own spelling, signed with *key*."""
    payload: dict[str, object] = {
        "typ": _TYPE,
        "v": _VERSION,
        "kid": key.key_id,
        "iss": claims.app,
        "aud": claims.form,
        "sub": claims.subject,
        "iat": int(claims.issued_at),
        "exp": int(claims.expires_at),
        "jti": claims.token_id,
    }
    if claims.prefill:
        payload["prefill"] = dict(claims.prefill)
    if claims.locked:
        payload["locked"] = list(claims.locked)
    if claims.version is not None:
        payload["ver"] = claims.version
    if claims.proof_key is not None:
        payload["cnf"] = {"jkt": claims.proof_key}
    body = segments.encode_object(payload)
    return f"{body}.{_mac(body, key)}"


def key_id_of(text: str) -> str | None:
    """Return the id of the key that *text* says it is signed with, or None. Total on any text.

    Nothing is verified yet: it serves to find the key, and for nothing else.
    """
    if len(text) > MAX_TOKEN_CHARS:
        return None
    # Ours begins with the claims, a JWT with its header, and either has `kid`.
    first = segments.read_header(text)
    key_id = first.get("kid") if first else None
    return key_id if isinstance(key_id, str) and _KEY_ID.fullmatch(key_id) else None


def issuer_of(text: str) -> str | None:
    """Return the app that *text* says it is from, if it is a JWT that names no key, or None. Total on any text.

    Nothing is verified yet: it serves to find the app's keys, and for nothing else.
    """
    if len(text) > MAX_TOKEN_CHARS or text.count(".") != 2:
        return None
    header, payload = (segments.read_object(part) for part in text.split(".")[:2])
    if header is None or payload is None or "kid" in header:
        return None
    issuer = payload.get("iss")
    return issuer if isinstance(issuer, str) and _is_text(issuer, _MAX_NAME_CHARS) else None


def read_token(text: str, key: AppKey) -> Claims | TokenFault:
    """Return what *text* states if *key* signed it, or why it is not good. Total on any text.

    Whether it is time for it is `check_times`'s to say, whether it was there before the store's.
    """
    if len(text) > MAX_TOKEN_CHARS:
        return TokenFault.TOO_LONG
    dots = text.count(".")
    if dots not in (1, 2) or not text.isascii():
        return TokenFault.MALFORMED
    payload = _read_own(text, key) if dots == 1 else _read_jwt(text, key)
    return payload if isinstance(payload, TokenFault) else _read_claims(payload, key)


def faulty_claim(text: str) -> str | None:
    """Return the claim that an authentic token lacks or that is not valid, such as ``sub``; None: none of them."""
    payload = segments.read_object(text.split(".")[-2]) if "." in text else None
    if payload is None:
        return None
    for name in _REQUIRED:
        if name not in payload:
            return name
    claims = _claims(payload, "")
    if isinstance(claims, str):
        return claims
    return next((name for name, _ in _problems(claims)), None)


def check_times(claims: Claims, now: float) -> TokenFault | None:
    """Return why it is not the time for *claims* at *now*, or None if it is; clocks may be 60 seconds apart."""
    if now >= claims.expires_at + LEEWAY_SECONDS:
        return TokenFault.EXPIRED
    if now < claims.issued_at - LEEWAY_SECONDS:
        return TokenFault.NOT_YET_VALID
    return None


def app_secret_text(key_id: str, secret: bytes) -> str:
    """Return what the operator is shown, once: the key's id, a dot, and the secret in 43 characters."""
    return f"{key_id}.{segments.encode(secret)}"


def read_app_secret(text: str) -> tuple[str, bytes] | None:
    """Return the key's id and the secret in *text*, or None if it is not such a line. Total on any text."""
    key_id, _, encoded = text.strip().partition(".")
    secret = segments.decode(encoded) if len(encoded) == 43 else None
    return (key_id, secret) if secret is not None and _KEY_ID.fullmatch(key_id) else None


def _mac(body: str, key: AppKey) -> str:
    """Return the signature as itsdangerous makes it, with a key of its own for this purpose."""
    own = hmac.digest(key.secret, _PURPOSE, "sha256")
    return segments.encode(hmac.digest(own, body.encode(), "sha256"))


def _read_own(text: str, key: AppKey) -> dict[str, object] | TokenFault:
    if key.algorithm != "HS256":
        return TokenFault.WRONG_ALGORITHM
    body, _, mac = text.partition(".")
    # The texts are compared, not the bytes: base 64 has several spellings for these, and only ours is taken.
    if not hmac.compare_digest(_mac(body, key), mac):
        return TokenFault.BAD_SIGNATURE
    payload = segments.read_object(body)
    if payload is None:
        return TokenFault.MALFORMED
    if payload.get("typ") != _TYPE or payload.get("v") != _VERSION:
        return TokenFault.WRONG_TYPE
    return payload if payload.get("kid") == key.key_id else TokenFault.WRONG_KEY


def _read_jwt(text: str, key: AppKey) -> dict[str, object] | TokenFault:
    try:
        from jotgate.signed import jwts
    except ImportError:
        return TokenFault.JWT_NOT_INSTALLED
    payload = jwts.read_jwt(text, algorithm=key.algorithm, key=key.secret, key_id=key.key_id)
    return TokenFault[payload.name] if isinstance(payload, jwts.JwtFault) else payload


def _read_claims(payload: dict[str, object], key: AppKey) -> Claims | TokenFault:
    if any(name not in payload for name in _REQUIRED):
        return TokenFault.CLAIMS_MISSING
    claims = _claims(payload, key.key_id)
    if isinstance(claims, str) or any(_problems(claims)):
        return TokenFault.CLAIMS_INVALID
    if claims.app != key.app:
        return TokenFault.WRONG_APP
    if claims.expires_at - claims.issued_at > TOKEN_LIFE_SECONDS:
        return TokenFault.TOO_LONG_LIVED
    return claims


def _claims(payload: dict[str, object], key_id: str) -> Claims | str:
    """Return the claims as they stand there, or the name of one that makes no sense; strings are not looked into."""
    issued_at, expires_at = _seconds(payload["iat"]), _seconds(payload["exp"])
    # Who issues a token for later than now has no use for one of a minute.
    begins_at = _seconds(payload.get("nbf", payload["iat"]))
    if issued_at is None:
        return "iat"
    if begins_at is None or begins_at > issued_at:
        return "nbf"
    if expires_at is None or expires_at <= issued_at:
        return "exp"
    audience, locked = payload["aud"], payload.get("locked", [])
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if not isinstance(locked, list):
        return "locked"
    return Claims(
        app=payload["iss"],  # type: ignore[arg-type]  # `_problems` looks at the kinds of all that follow
        form=audience,  # type: ignore[arg-type]
        subject=as_text(payload["sub"]),
        issued_at=issued_at,
        expires_at=expires_at,
        token_id=payload["jti"],  # type: ignore[arg-type]
        key_id=key_id,
        prefill=payload.get("prefill") or {},  # type: ignore[arg-type]
        locked=tuple(locked),
        version=payload.get("ver"),  # type: ignore[arg-type]
        proof_key=_proof_key(payload),
    )


def _proof_key(payload: dict[str, object]) -> str | None:
    """Return the thumbprint in `cnf`, None without it; no thumbprint if it binds the token in a way unknown to us.

    Such a token must not become one that everybody may present.
    """
    if "cnf" not in payload:
        return None
    confirmation = payload["cnf"]
    thumbprint = confirmation.get("jkt") if isinstance(confirmation, dict) else None
    return thumbprint if isinstance(thumbprint, str) else ""


def _seconds(value: object) -> float | None:
    """Return a NumericDate (RFC 7519, section 2), or None if *value* is not a time of this age."""
    if type(value) not in (int, float) or not 0 <= value < 1e11:  # type: ignore[operator]
        return None
    return float(value)  # type: ignore[arg-type]


def _problems(claims: Claims) -> Iterator[tuple[str, str]]:
    """Yield the faults of *claims*: the claim, and a sentence; the values may be of any kind."""
    if not _is_text(claims.app, _MAX_NAME_CHARS):
        yield "iss", f"app must have 1 to {_MAX_NAME_CHARS} characters"
    if not _is_text(claims.form, _MAX_NAME_CHARS):
        yield "aud", f"form must have 1 to {_MAX_NAME_CHARS} characters"
    if not _is_text(claims.subject, MAX_SUBJECT_CHARS):
        yield "sub", f"subject must have 1 to {MAX_SUBJECT_CHARS} characters"
    if not (isinstance(claims.token_id, str) and _TOKEN_ID.fullmatch(claims.token_id)):
        yield "jti", "the token's id must have 1 to 100 letters, digits or signs of ASCII"
    if claims.version is not None and not _is_text(claims.version, _MAX_NAME_CHARS):
        yield "ver", f"version must have 1 to {_MAX_NAME_CHARS} characters"
    if claims.proof_key is not None and not (
        isinstance(claims.proof_key, str) and _THUMBPRINT.fullmatch(claims.proof_key)
    ):
        yield "cnf", "proof_key must be a thumbprint: base 64 of SHA-256, 43 characters (RFC 7638)"
    if claims.prefill or claims.locked:
        yield from _prefill_problems(claims.prefill, claims.locked)


def _prefill_problems(prefill: Mapping[str, str], locked: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if not isinstance(prefill, Mapping):
        yield "prefill", "prefill must be a mapping of field names to texts"
        return
    unusable = [name for name, value in prefill.items() if not _is_field(name, value)]
    for name in unusable:
        said = f"prefill must map field names, such as email or name[first], to texts: {name!r} does not"
        yield "prefill", said
    for name in locked:
        if not isinstance(name, str) or name not in prefill:
            said = f"locked names {name!r}, which prefill does not: only a value that is given can be locked"
            yield "locked", said
    if not unusable:
        size_bytes = len(segments.to_json([dict(prefill), locked]))
        if size_bytes > MAX_PREFILL_BYTES:
            said = f"prefill and locked have {size_bytes} bytes of JSON; they may have {MAX_PREFILL_BYTES}"
            yield "prefill", said


def _is_field(name: object, value: object) -> bool:
    return (
        isinstance(name, str)
        and isinstance(value, str)
        and _FIELD_NAME.fullmatch(name) is not None
        and can_be_stored(value)
    )


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and bool(value.strip()) and can_be_stored(value)


def as_text(value: Any) -> Any:
    """Return a whole number as its digits, since many sites number their people; anything else as it is."""
    return str(value) if type(value) is int and abs(value) < _HUGE else value


def can_be_subject(value: object) -> bool:
    """Say whether *value* can name somebody: a text that says something, is not too long, and that stores take."""
    return _is_text(value, MAX_SUBJECT_CHARS)


def can_be_stored(text: str) -> bool:
    """Say whether every store takes *text*: no lone half of a surrogate pair, and no NUL."""
    return _UNUSABLE.search(text) is None
