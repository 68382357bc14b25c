"""The browser cookie: a random id that owns tickets and recognises a retried request."""

from __future__ import annotations

import secrets
import struct

from jotgate.frozen import frozen
from jotgate.signed.keyring import KeyRing

_PURPOSE = "browser"
_ID_BYTES = 16
_BODY = struct.Struct(f">{_ID_BYTES}sI")
_TEXT_LENGTH = 48


@frozen
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
    """Return the cookie's value, 48 characters."""
    return keys.seal(_PURPOSE, _BODY.pack(browser.browser_id, int(browser.since)))


def read_browser(text: str, keys: KeyRing) -> Browser | None:
    """Return the browser that *text* names, or None if we did not sign it. Total on any text."""
    body = keys.open(_PURPOSE, text, max_length=_TEXT_LENGTH)
    if body is None:
        return None
    browser_id, since = _BODY.unpack(body)
    return Browser(browser_id=browser_id, since=float(since))
