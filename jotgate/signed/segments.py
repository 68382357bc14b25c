"""Base 64 without padding, in one spelling, and JSON objects in it: what our texts and dotted tokens are made of."""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NoReturn

_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
#: The other alphabet's own symbols become foreign ones.
_FROM_URL_SAFE = bytes.maketrans(b"-_+/", b"+/  ")
#: How a text may end whose length has this remainder by four, so that the unused bits of its last symbol are zero.
_ENDS = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    "",
    "AQgw",
    "AEIMQUYcgkosw048",
)
#: Of what is remembered: a JWT's header is shorter, unless it brings a key, and a token of our own is longer.
_MAX_HEADER_CHARS = 100


def encode(raw: bytes) -> str:
    """Return *raw* in URL-safe base 64 without padding (RFC 7515, section 2)."""
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URL_SAFE).decode()


def decode(text: str) -> bytes | None:
    """Return the bytes that *text* stands for, or None if `encode` spells them in another way, or not at all."""
    try:
        raw = a2b_base64(text.encode().translate(_FROM_URL_SAFE) + b"==")
    except ValueError:
        return None
    # The decoder skips foreign symbols, so that fewer bytes come, and ignores the unused bits of the last one.
    chars = len(text)
    return raw if len(raw) == chars * 3 // 4 and text[-1:] in _ENDS[chars % 4] else None


def encode_object(value: object) -> str:
    """Return *value* as compact JSON in base 64; the same value always gives the same text."""
    return encode(to_json(value))


def to_json(value: object) -> bytes:
    """Return *value* as compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_object(text: str) -> dict[str, object] | None:
    """Return the JSON object in *text*, or None if there is none, or it is nested too deeply to be read."""
    raw = decode(text)
    if raw is None:
        return None
    try:
        value = _JSON.decode(raw.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def read_header(text: str) -> Mapping[str, object] | None:
    """Return the JSON object before the first dot of *text*, as `read_object` does; the JWTs of a key share one."""
    first = text.partition(".")[0]
    return _remembered(first) if len(first) <= _MAX_HEADER_CHARS else read_object(first)


@lru_cache(maxsize=64)
def _remembered(text: str) -> Mapping[str, object] | None:
    found = read_object(text)
    return None if found is None else MappingProxyType(found)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON (RFC 8259, section 6)")


_JSON = json.JSONDecoder(parse_constant=_refuse)
