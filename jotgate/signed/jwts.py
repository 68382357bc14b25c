"""JWTs by one key of one algorithm (extra `jotgate[jwt]`).

Importing this module needs PyJWT, whose algorithms check the signatures. The header is read here, because it may not
choose anything: not the algorithm, not the key, not how the rest is to be read (RFC 8725, section 3).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from jwt import get_algorithm_by_name

from jotgate.phrases import phrase
from jotgate.signed import segments

#: A header with one of these brings its own key along, or has to be read in another way.
_REFUSED = frozenset(("crit", "b64", "zip", "enc", "jku", "jwk", "x5u", "x5c"))
_SHAPE = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_ED25519_BYTES = 32
_NO_KEY = phrase(
    "this is not an Ed25519 public key: give it as PEM (BEGIN PUBLIC KEY), as JWK or as base 64 of its 32"
    " bytes"
)
_HOLDS_PRIVATE_KEY = phrase(
    "this is a private key, which must stay where tokens are minted: give the public key that belongs to it"
)
#: What `alg` may say where a key is registered for an algorithm: "EdDSA" became "Ed25519" with RFC 9864.
_SPELLINGS = {"HS256": ("HS256",), "EdDSA": ("EdDSA", "Ed25519")}
#: A SubjectPublicKeyInfo of Ed25519 (RFC 8410, section 4) is this and the key.
_DER_HEAD = bytes.fromhex("302a300506032b6570032100")


class JwtFault(Enum):
    """Why a text is not the JWT that was asked for."""

    MALFORMED = "malformed"  #: not three parts of base 64, or no JSON objects in them.
    WRONG_TYPE = "wrong_type"  #: `typ` names another kind of JWT.
    WRONG_KEY = "wrong_key"  #: `kid` names another key.
    WRONG_ALGORITHM = "wrong_algorithm"  #: `alg` is not the key's.
    UNSUPPORTED_HEADER = (
        "unsupported_header"  #: a key in the header, or an extension that must be understood.
    )
    BAD_SIGNATURE = "bad_signature"  #: not by this key.


def read_jwt(text: str, *, algorithm: str, key: bytes, key_id: str) -> dict[str, object] | JwtFault:
    """Return the claims in *text* if *key* signed them, or why not. Total on any text, however long.

    *algorithm* is HS256, with a secret, or EdDSA, with a raw public key of Ed25519. No claim is looked at. A header
    without `kid` is as good as one that names *key_id*: what counts is the signature.
    """
    header = read_header(text)
    if header is None:
        return JwtFault.MALFORMED
    if header.get("alg") not in _SPELLINGS[algorithm]:
        return JwtFault.WRONG_ALGORITHM
    if not _REFUSED.isdisjoint(header):
        return JwtFault.UNSUPPORTED_HEADER
    if header.get("typ", "JWT") not in ("JWT", "jwt"):
        return JwtFault.WRONG_TYPE
    if header.get("kid", key_id) != key_id:
        return JwtFault.WRONG_KEY
    if not is_signed(text, algorithm, key if algorithm == "HS256" else ed25519_key(key)):
        return JwtFault.BAD_SIGNATURE
    payload = segments.read_object(text.split(".")[1])
    return JwtFault.MALFORMED if payload is None else payload


def read_header(text: str) -> Mapping[str, object] | None:
    """Return the header of *text* if it has the shape of a signed JWT, nothing verified yet. Total on any text."""
    return segments.read_header(text) if _SHAPE.fullmatch(text) else None


def is_signed(text: str, algorithm: str, key: Any) -> bool:
    """Say whether *key*, bytes for HS256 and a public key of `cryptography` otherwise, signed *text*.

    A signature in another spelling of base 64 is none.
    """
    message, _, encoded = text.rpartition(".")
    signature = segments.decode(encoded)
    if signature is None:
        return False
    # PyJWT knows the older name only.
    algorithm = "EdDSA" if algorithm == "Ed25519" else algorithm
    return get_algorithm_by_name(algorithm).verify(message.encode(), key, signature)


def ed25519_key(raw: bytes) -> Any:
    """Return the public key in *raw*, 32 bytes.

    Raises:
        ImportError: PyJWT is installed without `cryptography`.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(raw)


def p256_key(x: bytes, y: bytes) -> Any:
    """Return the public key at the point (*x*, *y*) of the curve P-256, or None if it is not on it.

    Raises:
        ImportError: as `ed25519_key`.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
    )
    try:
        return numbers.public_key()
    except ValueError:
        return None


def read_public_key(text: str) -> bytes:
    """Return the 32 bytes of an Ed25519 public key, given as PEM, as JWK or in base 64.

    Raises:
        ValueError: it is none; the message says what to hand in.
    """
    text = text.strip()
    if "PRIVATE KEY" in text:
        raise ValueError(_HOLDS_PRIVATE_KEY)
    if text.startswith("{"):
        return _from_jwk(text)
    lines = [line.strip() for line in text.splitlines()]
    if lines and lines[0] == "-----BEGIN PUBLIC KEY-----" and lines[-1] == "-----END PUBLIC KEY-----":
        lines = lines[1:-1]
    raw = _from_base64("".join(lines))
    if len(raw) == _ED25519_BYTES + len(_DER_HEAD) and raw.startswith(_DER_HEAD):
        raw = raw[len(_DER_HEAD) :]
    if len(raw) != _ED25519_BYTES:
        raise ValueError(_NO_KEY)
    return raw


def _from_jwk(text: str) -> bytes:
    try:
        jwk = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(_NO_KEY) from None
    if "d" in jwk:
        raise ValueError(_HOLDS_PRIVATE_KEY)
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519" or not isinstance(jwk.get("x"), str):
        raise ValueError(_NO_KEY)
    raw = segments.decode(jwk["x"])
    if raw is None or len(raw) != _ED25519_BYTES:
        raise ValueError(_NO_KEY)
    return raw


def _from_base64(text: str) -> bytes:
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise ValueError(_NO_KEY) from None
