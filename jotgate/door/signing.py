"""What the door lets a page carry for it: where to go afterwards, the right to move a ticket, whose page it is."""

from __future__ import annotations

import hashlib
import re
import secrets
import struct
from collections.abc import Sequence
from functools import lru_cache

from jotgate.clock import Clock, SystemClock
from jotgate.operators import Operator
from jotgate.signed.keyring import KeyRing
from jotgate.signed.tickets import OnPage

_RETURN_SECONDS = 86_400
#: For so long a way back is signed in the same words: a flood of visitors without a pass asks for few pages.
_SAME_SECONDS = 60
_MOVE_SECONDS = 15 * 60
#: Longer than any page stays open whose form may still get its verdict.
_PAGE_SECONDS = 90 * 86_400
#: As long as a day at the office, and as long as it takes to go to the next page.
CHANGE_SECONDS = 12 * 3600
_WORD_SECONDS = 60
_MAX_WORD_CHARS = 500
#: How far the clocks of the machines that share a site may be apart.
_LEEWAY_SECONDS = 60
_MAX_TEXT_CHARS = 4_000
_SIGNED_AT = struct.Struct(">Q")
_ID_BYTES = 16
#: One slash, and no second one nor a backslash after it: browsers read those as another host.
_PATH = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")


class Signer:
    """Sign what a page carries, bound to its purpose, and for a while."""

    def __init__(self, keys: KeyRing, clock: Clock | None = None) -> None:
        self._keys = keys
        self._clock = clock or SystemClock()
        self._signed_return = lru_cache(maxsize=128)(self._sign_return)

    def sign_return(self, path: str) -> str:
        """Return *path* (with its query, percent-encoded), signed; empty if it cannot be gone back to."""
        if len(path) > _MAX_TEXT_CHARS:
            return ""
        return self._signed_return(path, int(self._clock.now()) // _SAME_SECONDS * _SAME_SECONDS)

    def _sign_return(self, path: str, now: int) -> str:
        return self._sign("return", path.encode(), now) if is_local_path(path) else ""

    def read_return(self, text: str) -> str | None:
        """Return the path in *text*, or None if we did not sign it, or not lately. Total on any text."""
        signed = self._read("return", text, _RETURN_SECONDS)
        path = None if signed is None else signed.decode()
        return path if path is not None and is_local_path(path) else None

    def sign_move(self, form: str, browser: bytes, fingerprints: Sequence[bytes]) -> str:
        """Return the right to move to this browser what these fingerprints open on *form*."""
        return self._sign("move", b"".join([_holder(browser, form), *fingerprints]))

    def read_move(self, text: str, form: str, browser: bytes) -> tuple[bytes, ...]:
        """Return the fingerprints in *text*; none if we did not sign it for this form and browser, or not lately."""
        signed = self._read("move", text, _MOVE_SECONDS)
        holder = _holder(browser, form)
        if signed is None or not signed.startswith(holder):
            return ()
        return tuple(signed[at : at + _ID_BYTES] for at in range(len(holder), len(signed), _ID_BYTES))

    def sign_page(self, form: str, browser: bytes, on_page: OnPage) -> str:
        """Return the name of a page of *form* in that browser that speaks of this ticket."""
        ticket_id, opening, page = on_page
        named = b"" if opening is None else bytes([opening]) + page
        return self._sign("page", _holder(browser, form) + ticket_id + named)

    def read_page(self, text: str, form: str, browser: bytes) -> OnPage | None:
        """Return what *text* says, or None if we did not sign it for this form and browser."""
        signed = self._read("page", text, _PAGE_SECONDS)
        holder = _holder(browser, form)
        if signed is None or not signed.startswith(holder):
            return None
        named, at = signed[len(holder) :], _ID_BYTES
        return OnPage(named) if len(named) == at else OnPage(named[:at], named[at], named[at + 1 :])

    def sign_change(self, browser: bytes, operator: Operator) -> str:
        """Return what a page of the office carries for this browser, no two the same: without it nothing is changed."""
        return self._sign("change", browser + _digest(operator) + secrets.token_bytes(_ID_BYTES))

    def allows_change(self, text: str, browser: bytes, operator: Operator) -> bool:
        """Say whether *text* is what a page carries that was made for this browser and operator, and not long ago."""
        signed, holder = self._read("change", text, CHANGE_SECONDS), browser + _digest(operator)
        return signed is not None and signed[:-_ID_BYTES] == holder

    def seed(self, posted: str) -> bytes:
        """Return what stands for what a page of the office has *posted*, the right to change included, 32 bytes.

        No two pages have the same right, and the store has none, so nobody makes it anew but who has the page.
        """
        return self._keys.macs("seed", posted.encode())[0]

    def sign_word(self, word: str) -> str:
        """Return a sentence for the next page, so that no link of somebody else's puts one there."""
        return self._sign("word", word[:_MAX_WORD_CHARS].encode())

    def read_word(self, text: str) -> str:
        """Return the sentence in *text*; "" if we did not sign it, or not just now."""
        return (self._read("word", text, _WORD_SECONDS) or b"").decode()

    def _sign(self, purpose: str, body: bytes, now: int | None = None) -> str:
        signed_at = int(self._clock.now()) if now is None else now
        return self._keys.seal(purpose, _SIGNED_AT.pack(signed_at) + body)

    def _read(self, purpose: str, text: str, max_age_seconds: int) -> bytes | None:
        message = self._keys.open(purpose, text, max_length=2 * _MAX_TEXT_CHARS)
        if message is None:
            return None
        (signed_at,) = _SIGNED_AT.unpack_from(message)
        age_seconds = self._clock.now() - signed_at
        return message[_SIGNED_AT.size :] if -_LEEWAY_SECONDS <= age_seconds <= max_age_seconds else None


def _digest(operator: Operator) -> bytes:
    return hashlib.sha256(repr(operator).encode()).digest()[:_ID_BYTES]


def _holder(browser: bytes, form: str) -> bytes:
    return browser + form.encode() + b"\0"


def is_local_path(path: str) -> bool:
    """Say whether *path* certainly stays on this site when a browser is sent there."""
    return _PATH.fullmatch(path) is not None
