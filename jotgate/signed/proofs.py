"""Proofs of possession (DPoP, RFC 9449): that who presents a token holds the key which the token is bound to.

A proof is a JWT that brings its public key along and is signed for one request: its method, its address, its moment
and its token. That the key is the right one, its thumbprint against `Claims.proof_key`, is for the caller to compare,
and so is that the proof's id was not there before.
"""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jotgate.frozen import frozen
from jotgate.signed import segments

if TYPE_CHECKING:
    from types import ModuleType

#: How far a proof's `iat` may be from now, in either direction.
LEEWAY_SECONDS = 60
#: Longer texts are not looked at.
MAX_PROOF_CHARS = 8_192

_TYPE = "dpop+jwt"
_PROOF_ID = re.compile(r"[!-~]{1,100}")
#: 32 bytes in base 64: a coordinate of P-256, or a public key of Ed25519.
_COORDINATE = re.compile(r"[A-Za-z0-9_-]{43}")
#: What makes up a public key, by algorithm, in the order of RFC 7638: name -> value, None for a coordinate.
_PUBLIC_KEYS: dict[str, dict[str, str | None]] = {
    "ES256": {"crv": "P-256", "kty": "EC", "x": None, "y": None},
    "EdDSA": {"crv": "Ed25519", "kty": "OKP", "x": None},
    # The same by its newer name (RFC 9864).
    "Ed25519": {"crv": "Ed25519", "kty": "OKP", "x": None},
}
#: Private and symmetric keys have one of these (RFC 7518, section 6).
_SECRET_PARTS = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
#: How the rest would be read otherwise; the key itself has to be there.
_REFUSED = frozenset(("crit", "b64", "zip", "enc"))
_CLAIMS = ("jti", "htm", "htu", "iat", "ath")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


class ProofFault(Enum):
    """Why a proof is not good; printed as it is spelled."""

    TOO_LONG = "too_long"  #: over 8,192 characters; it was not looked at.
    MALFORMED = "malformed"  #: not three parts of base 64, or no JSON objects in them.
    JWT_NOT_INSTALLED = "jwt_not_installed"  #: the extra `jotgate[jwt]` is missing here.
    WRONG_TYPE = "wrong_type"  #: `typ` is not dpop+jwt.
    WRONG_ALGORITHM = "wrong_algorithm"  #: neither ES256 nor Ed25519 (EdDSA).
    UNSUPPORTED_HEADER = "unsupported_header"  #: an extension that would have to be understood.
    WRONG_KEY = "wrong_key"  #: no public key for the algorithm in `jwk`, or a private one.
    BAD_SIGNATURE = "bad_signature"  #: not signed with the key that it brings along.
    CLAIMS_MISSING = "claims_missing"  #: one of jti, htm, htu, iat, ath is not there.
    CLAIMS_INVALID = "claims_invalid"  #: a claim is of the wrong kind, empty or too long.
    WRONG_METHOD = "wrong_method"  #: `htm` is another method than the request's.
    WRONG_ADDRESS = "wrong_address"  #: `htu` is another address than the request's.
    WRONG_TOKEN = "wrong_token"  #: `ath` belongs to another token.
    EXPIRED = "expired"  #: made more than 60 seconds ago.
    NOT_YET_VALID = "not_yet_valid"  #: made more than 60 seconds from now.


@frozen
class Proof:
    """A proof that is good for the request it came with."""

    #: `jkt`: SHA-256 of the key's JWK in base 64 (RFC 7638), 43 characters.
    key_thumbprint: str
    #: `jti`: by it a proof is known again, within its key.
    proof_id: str


def read_proof(text: str, *, method: str, address: str, token: str, now: float) -> Proof | ProofFault:
    """Return the proof in *text* if it was made for this request, or why it is not good. Total on any text.

    *method* and *address* are the request's; of the address neither query nor fragment counts (RFC 9449, section
    4.3), and its host is the site's own, never what the request says. *token* is the text that was presented.
    """
    if len(text) > MAX_PROOF_CHARS:
        return ProofFault.TOO_LONG
    try:
        from jotgate.signed import jwts

        signed = _read_signed(text, jwts)
    except ImportError:
        return ProofFault.JWT_NOT_INSTALLED
    if isinstance(signed, ProofFault):
        return signed
    thumbprint, claims = signed
    return _fault(claims, method, address, token, now) or Proof(
        key_thumbprint=thumbprint, proof_id=str(claims["jti"])
    )


def key_thumbprint(jwk: dict[str, str]) -> str:
    """Return the thumbprint of a public key, of which *jwk* holds the members that RFC 7638 wants and no other."""
    return segments.encode(hashlib.sha256(segments.to_json(dict(sorted(jwk.items())))).digest())


def plain_address(address: str) -> str | None:
    """Return *address* without query and fragment, in its plainest spelling, or None if it is not one of HTTP.

    Spellings are those of RFC 3986, sections 6.2.2.1, 6.2.2.2 and 6.2.3: case, escapes, the default port, no path.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    return f"{parts.scheme}://{place}{_ESCAPE.sub(_plain_escape, parts.path) or '/'}"


def _plain_escape(found: re.Match[str]) -> str:
    symbol = chr(int(found[1], 16))
    return symbol if _UNRESERVED.fullmatch(symbol) else found[0].upper()


def _read_signed(text: str, jwts: ModuleType) -> tuple[str, dict[str, object]] | ProofFault:
    """Return the thumbprint of the key that signed *text*, and its claims."""
    header = jwts.read_header(text)
    if header is None:
        return ProofFault.MALFORMED
    if header.get("typ") != _TYPE:
        return ProofFault.WRONG_TYPE
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _PUBLIC_KEYS:
        return ProofFault.WRONG_ALGORITHM
    if not _REFUSED.isdisjoint(header):
        return ProofFault.UNSUPPORTED_HEADER
    jwk = _public_jwk(header.get("jwk"), algorithm)
    key = None if jwk is None else _key(jwk, jwts)
    if jwk is None or key is None:
        return ProofFault.WRONG_KEY
    if not jwts.is_signed(text, algorithm, key):
        return ProofFault.BAD_SIGNATURE
    claims = segments.read_object(text.split(".")[1])
    return ProofFault.MALFORMED if claims is None else (key_thumbprint(jwk), claims)


def _public_jwk(jwk: object, algorithm: str) -> dict[str, str] | None:
    """Return what makes up the public key in *jwk*, or None if it is not one for *algorithm*, or a private one."""
    if not isinstance(jwk, dict) or not _SECRET_PARTS.isdisjoint(jwk):
        return None
    members = {}
    for name, wanted in _PUBLIC_KEYS[algorithm].items():
        value = jwk.get(name)
        if not isinstance(value, str):
            return None
        if not (value == wanted if wanted else _COORDINATE.fullmatch(value)):
            return None
        members[name] = value
    return members


def _key(jwk: dict[str, str], jwts: ModuleType) -> Any:
    """Return the key of these members, or None if no point of its curve is given."""
    x, y = segments.decode(jwk["x"]), segments.decode(jwk["y"]) if "y" in jwk else b""
    if x is None or y is None:
        return None
    return jwts.p256_key(x, y) if y else jwts.ed25519_key(x)


def _fault(claims: dict[str, object], method: str, address: str, token: str, now: float) -> ProofFault | None:
    """Return what in *claims* does not belong to this request."""
    if any(name not in claims for name in _CLAIMS):
        return ProofFault.CLAIMS_MISSING
    proof_id, made_at, made_for = claims["jti"], claims["iat"], claims["htu"]
    if not isinstance(proof_id, str) or not _PROOF_ID.fullmatch(proof_id):
        return ProofFault.CLAIMS_INVALID
    if type(made_at) not in (int, float) or not isinstance(made_for, str):
        return ProofFault.CLAIMS_INVALID
    if claims["htm"] != method:
        return ProofFault.WRONG_METHOD
    asked = plain_address(address)
    if asked is None or plain_address(made_for) != asked:
        return ProofFault.WRONG_ADDRESS
    if claims["ath"] != segments.encode(hashlib.sha256(token.encode(errors="replace")).digest()):
        return ProofFault.WRONG_TOKEN
    if made_at < now - LEEWAY_SECONDS:  # type: ignore[operator]
        return ProofFault.EXPIRED
    return ProofFault.NOT_YET_VALID if made_at > now + LEEWAY_SECONDS else None  # type: ignore[operator]
