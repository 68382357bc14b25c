"""The two things that the door lets a page carry for it: where to go afterwards, and the right to move a ticket."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Sequence

from jotgate.clock import Clock, SystemClock
from jotgate.keyring import KeyRing

_RETURN_SECONDS = 86_400
_MOVE_SECONDS = 15 * 60
#: How far the clocks of the machines that share a site may be apart.
_LEEWAY_SECONDS = 60
_LONGEST = 4_000
_MAC_BYTES = 16
_SIGNED_AT = struct.Struct(">Q")
_ID_BYTES = 16
#: One slash, and no second one nor a backslash after it: browsers read those as another host.
_PATH = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")


class Signer:
    """Sign what a page carries, bound to its purpose, and for a while."""

    def __init__(self, keys: KeyRing, clock: Clock | None = None) -> None:
        self._keys = keys
        self._clock = clock or SystemClock()

    def sign_return(self, path: str) -> str:
        """Return *path* (with its query, percent-encoded), signed; empty if it cannot be gone back to."""
        if len(path) > _LONGEST or not is_local_path(path):
            return ""
        return self._sign("return", path.encode())

    def read_return(self, text: str) -> str | None:
        """Return the path in *text*, or None if we did not sign it, or not lately. Total on any text."""
        signed = self._read("return", text, _RETURN_SECONDS)
        path = None if signed is None else signed.decode()
        return path if path is not None and is_local_path(path) else None

    def sign_move(self, form: str, browser: bytes, fingerprints: Sequence[bytes]) -> str:
        """Return the right to move to this browser what these fingerprints open on *form*."""
        return self._sign("move", b"".join([*fingerprints, browser, form.encode()]))

    def read_move(self, text: str, form: str, browser: bytes) -> tuple[bytes, ...]:
        """Return the fingerprints in *text*; none if we did not sign it for this form and browser, or not lately."""
        signed = self._read("move", text, _MOVE_SECONDS)
        whose = browser + form.encode()
        if signed is None or not signed.endswith(whose) or (len(signed) - len(whose)) % _ID_BYTES:
            return ()
        joined = signed[: -len(whose)]
        return tuple(joined[at : at + _ID_BYTES] for at in range(0, len(joined), _ID_BYTES))

    def _sign(self, purpose: str, body: bytes) -> str:
        message = _SIGNED_AT.pack(int(self._clock.now())) + body
        mac = self._keys.mac(purpose, message, _MAC_BYTES)
        return base64.urlsafe_b64encode(mac + message).decode().rstrip("=")

    def _read(self, purpose: str, text: str, seconds: int) -> bytes | None:
        if not text or len(text) > 2 * _LONGEST:
            return None
        try:
            raw = base64.b64decode(text.encode("ascii") + b"==", b"-_")
        except (UnicodeEncodeError, binascii.Error):
            return None
        mac, message = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if len(message) < _SIGNED_AT.size or not self._keys.verify(purpose, message, mac):
            return None
        (signed_at,) = _SIGNED_AT.unpack_from(message)
        age_seconds = self._clock.now() - signed_at
        return message[_SIGNED_AT.size :] if -_LEEWAY_SECONDS <= age_seconds <= seconds else None


def is_local_path(path: str) -> bool:
    """Say whether *path* certainly stays on this site when a browser is sent there."""
    return _PATH.fullmatch(path) is not None
