"""Passes: the signed cookie that an admitted browser holds, for one form and one subject."""

from __future__ import annotations

import hmac
import secrets
import struct
from base64 import b64encode
from binascii import a2b_base64
from typing import NamedTuple

from jotgate.keyring import KeyRing

_PURPOSE = "pass"
_MAC_BYTES = 16
_HEAD = struct.Struct(">B16s16sI")
_VERSION = 1
#: Longer cookies are not looked at; a subject has at most 200 characters, so 800 bytes of UTF-8.
_MAX_LENGTH = 1200


class Pass(NamedTuple):
    """What an admitted browser may do, and until when. A tuple, because every guarded request makes one."""

    #: The form's name in the settings.
    form: str
    #: Whom the pass is about, or None for a class code.
    subject: str | None
    #: Random, 128 bits; what a revocation names.
    pass_id: bytes
    #: The ticket to submit with, 16 bytes.
    ticket_id: bytes
    #: Seconds since the epoch, UTC.
    expires_at: float


def new_pass_id() -> bytes:
    """Return 16 random bytes."""
    return secrets.token_bytes(16)


class PassReader:
    """Sign and verify the passes of one form. On the path of every guarded request, so short."""

    __slots__ = ("_form", "_keys", "_prefix")

    def __init__(self, form: str, keys: KeyRing) -> None:
        self._form = form
        self._prefix = form.encode() + b"\0"
        self._keys = keys.keys(_PURPOSE)

    def sign(self, held: Pass) -> str:
        """Return the cookie's value."""
        body = _HEAD.pack(_VERSION, held.pass_id, held.ticket_id, int(held.expires_at))
        if held.subject is not None:
            body += b"s" + held.subject.encode()
        mac = hmac.digest(self._keys[0], self._prefix + body, "sha256")[:_MAC_BYTES]
        # The plain alphabet is fine in a cookie (RFC 6265, section 4.1.1), and quicker to read.
        return b64encode(mac + body).decode().rstrip("=")

    def read(self, text: str, now: float) -> Pass | None:
        """Return the pass in *text*, or None if it is not ours, for another form, or over. Total on any text."""
        if len(text) > _MAX_LENGTH:
            return None
        try:
            raw = a2b_base64(text + "==")
        except ValueError:
            return None
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        message = self._prefix + body
        for key in self._keys:
            if hmac.compare_digest(hmac.digest(key, message, "sha256")[:_MAC_BYTES], mac):
                break
        else:
            return None
        version, pass_id, ticket_id, expires_at = _HEAD.unpack_from(body)
        if version != _VERSION or expires_at <= now:
            return None
        tail = body[_HEAD.size :]
        subject = tail[1:].decode() if tail else None
        return Pass(self._form, subject, pass_id, ticket_id, expires_at)
