"""Secrecy for what the store holds only for a while: what people wrote, as JotForm told it.

A key-stream from SHAKE-256 and a MAC over the result (encrypt, then MAC), from the standard library alone. A stolen
store or backup without the settings tells nothing but how much there was.

Why at all: JotForm gives a free account 1,000 calls a day, so what one process read has to be every process's, and it
is what people wrote, which the store otherwise holds in the fields that the settings name and no others. Why of our
own: the standard library has no cipher, and one that is there only with an extra would need a second way without it.
What it rests on: SHAKE-256 under a secret prefix of a fixed length is a pseudo-random function (the argument for
KMAC, NIST SP 800-185; nothing can be appended to a sponge). A nonce of 128 random bits is new for each content, and
2^64 contents would be needed for two alike. Stream and MAC have keys of their own, derived for this purpose. The MAC
covers nonce, content and name, which says the form, the part and the stretch, each at a fixed place; it is compared
in constant time, before anything is read. What it does not do: who may write to the store can put back what was there
a few minutes ago, under the same name. Contents are compressed first, so their length tells how much alike answers
are; a reader who sees that has the store.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from jotgate.signed.keyring import MAC_BYTES, KeyRing

_NONCE_BYTES = 16


class Cipher:
    """Encipher with the newest secret of a key ring, decipher with every one that is still held."""

    def __init__(self, keys: KeyRing, purpose: str) -> None:
        """Use keys that are good for *purpose* and nothing else."""
        self._pairs = tuple(zip(keys.keys(f"{purpose}/stream"), keys.keys(f"{purpose}/mac"), strict=True))

    def encipher(self, name: str, body: bytes) -> bytes:
        """Return *body*, readable only under the same *name*."""
        stream_key, mac_key = self._pairs[0]
        nonce = secrets.token_bytes(_NONCE_BYTES)
        text = _mixed(stream_key, nonce, body)
        return _mac(mac_key, name, nonce, text) + nonce + text

    def decipher(self, name: str, content: bytes) -> bytes | None:
        """Return what was enciphered under *name*, or None if no key of ours did that. Total on any bytes."""
        given, nonce = content[:MAC_BYTES], content[MAC_BYTES : MAC_BYTES + _NONCE_BYTES]
        text = content[MAC_BYTES + _NONCE_BYTES :]
        for stream_key, mac_key in self._pairs:
            if hmac.compare_digest(_mac(mac_key, name, nonce, text), given):
                return _mixed(stream_key, nonce, text)
        return None


def _mixed(key: bytes, nonce: bytes, body: bytes) -> bytes:
    """Return *body* exclusive-or a stream that looks like noise without the key; doing it again undoes it."""
    # Key and nonce have a fixed length, so nothing can be shifted from one into the other.
    stream = hashlib.shake_256(key + nonce).digest(len(body))
    return (int.from_bytes(body, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(body), "big")


def _mac(key: bytes, name: str, nonce: bytes, text: bytes) -> bytes:
    named = name.encode()
    length = len(named).to_bytes(4, "big")
    return hmac.digest(key, length + named + nonce + text, "sha256")[:MAC_BYTES]
