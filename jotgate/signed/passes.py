"""Passes: the signed cookie that an admitted browser holds, for one form and one subject."""

from __future__ import annotations

import secrets
import struct
from typing import NamedTuple

from jotgate.signed.keyring import KeyRing

_PURPOSE = "pass"
_HEAD = struct.Struct(">B16s16sI")
_HEAD_BYTES = _HEAD.size
_VERSION = 1
#: Longer cookies are not looked at; a subject has at most 200 characters, so 800 bytes of UTF-8.
_MAX_TEXT_CHARS = 1200


class Pass(NamedTuple):
    """What an admitted browser may do, and until when. A tuple, because every guarded request makes one."""

    #: The form's name in the settings.
    form: str
    #: The subject of the pass, or None for a class code.
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

    __slots__ = ("_form", "_keys", "_purpose")

    def __init__(self, form: str, keys: KeyRing) -> None:
        self._form = form
        # A key for each form: a pass for one is worthless for every other.
        self._purpose = f"{_PURPOSE}/{form}"
        self._keys = keys

    def sign(self, held: Pass) -> str:
        """Return the cookie's value."""
        body = _HEAD.pack(_VERSION, held.pass_id, held.ticket_id, int(held.expires_at))
        if held.subject is not None:
            body += b"s" + held.subject.encode()
        return self._keys.seal(self._purpose, body)

    def read(self, text: str, now: float) -> Pass | None:
        """Return the pass in *text*, or None if it is not ours, for another form, or over. Total on any text."""
        body = self._keys.open(self._purpose, text, max_length=_MAX_TEXT_CHARS)
        if body is None:
            return None
        version, pass_id, ticket_id, expires_at = _HEAD.unpack_from(body)
        if version != _VERSION or expires_at <= now:
            return None
        tail = body[_HEAD_BYTES:]
        subject = tail[1:].decode() if tail else None
        return Pass(self._form, subject, pass_id, ticket_id, expires_at)
