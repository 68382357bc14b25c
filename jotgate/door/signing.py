"""The two things that the door lets a page carry for it: where to go afterwards, and the right to move a ticket."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from itsdangerous import BadData, URLSafeTimedSerializer

from jotgate.keyring import KeyRing

_RETURN_SECONDS = 86_400
_MOVE_SECONDS = 15 * 60
_LONGEST = 4_000
#: One slash, and no second one nor a backslash after it: browsers read those as another host.
_PATH = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")


class Signer:
    """Sign what a page carries, bound to its purpose and to the form."""

    def __init__(self, keys: KeyRing) -> None:
        self._return = _serializer(keys, "return")
        self._move = _serializer(keys, "move")

    def sign_return(self, path: str) -> str:
        """Return *path* (with its query, percent-encoded), signed; empty if it cannot be gone back to."""
        return self._return.dumps(path) if is_local_path(path) and len(path) <= _LONGEST else ""

    def read_return(self, text: str) -> str | None:
        """Return the path in *text*, or None if we did not sign it, or not lately. Total on any text."""
        path = _read(self._return, text, _RETURN_SECONDS)
        return path if isinstance(path, str) and is_local_path(path) else None

    def sign_move(self, form: str, browser: bytes, fingerprints: Sequence[bytes]) -> str:
        """Return the right to move to this browser what these fingerprints open on *form*."""
        return self._move.dumps([form, browser.hex(), *(one.hex() for one in fingerprints)])

    def read_move(self, text: str, form: str, browser: bytes) -> tuple[bytes, ...]:
        """Return the fingerprints in *text*; none if we did not sign it for this form and browser, or not lately."""
        value = _read(self._move, text, _MOVE_SECONDS)
        if not isinstance(value, list) or value[:2] != [form, browser.hex()]:
            return ()
        return tuple(bytes.fromhex(one) for one in value[2:])


def is_local_path(path: str) -> bool:
    """Say whether *path* certainly stays on this site when a browser is sent there."""
    return _PATH.fullmatch(path) is not None


def _serializer(keys: KeyRing, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        list(reversed(keys.keys(purpose))),
        salt=b"jotgate/" + purpose.encode(),
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def _read(serializer: URLSafeTimedSerializer, text: str, seconds: int) -> object:
    if not text or len(text) > 2 * _LONGEST:
        return None
    try:
        return serializer.loads(text, max_age=seconds)
    except (BadData, UnicodeEncodeError):
        return None
