"""The browser cookie: a random id that owns tickets and recognises a retried request."""

from __future__ import annotations

import base64
import binascii
import secrets
import struct
from dataclasses import dataclass

from jotgate.keyring import KeyRing

_PURPOSE = "browser"
_ID_BYTES = 16
_MAC_BYTES = 10
_BODY = struct.Struct(f">{_ID_BYTES}sI")
_TEXT_LENGTH = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """One browser, as its cookie names it."""

    #: Random, 128 bits.
    browser_id: bytes
    #: When the cookie was first set, seconds since the epoch, UTC.
    since: float


def new_browser(now: float) -> Browser:
    """Return a browser that was never seen before."""
    return Browser(browser_id=secrets.token_bytes(_ID_BYTES), since=float(int(now)))


def sign_browser(browser: Browser, keys: KeyRing) -> str:
    """Return the cookie's value: 40 characters of URL-safe base 64."""
    body = _BODY.pack(browser.browser_id, int(browser.since))
    return base64.urlsafe_b64encode(body + keys.mac(_PURPOSE, body, _MAC_BYTES)).decode()


def read_browser(text: str, keys: KeyRing) -> Browser | None:
    """Return the browser that *text* names, or None if we did not sign it. Total on any text."""
    if len(text) != _TEXT_LENGTH:
        return None
    try:
        raw = base64.b64decode(text.encode("ascii"), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    body, mac = raw[: _BODY.size], raw[_BODY.size :]
    if not keys.verify(_PURPOSE, body, mac):
        return None
    browser_id, since = _BODY.unpack(body)
    return Browser(browser_id=browser_id, since=float(since))
