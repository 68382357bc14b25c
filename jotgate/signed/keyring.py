"""Keys: several at once for rotation, each bound to one purpose.

A value signed for one purpose is worthless for every other, because each purpose has
a key of its own, derived with HMAC-SHA-256 (the one-block case of RFC 5869's expand step).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from jotgate.codes import FINGERPRINT_BYTES, CodeText
from jotgate.signed import segments

#: Shorter secrets are refused: 32 bytes carry the 256 bits that SHA-256 can use.
MIN_SECRET_BYTES = 32
#: Of the 32 bytes of a MAC; 128 bits cannot be guessed.
MAC_BYTES = 16

_BLOCK_BYTES = 64
_INNER = bytes(one ^ 0x36 for one in range(256))
_OUTER = bytes(one ^ 0x5C for one in range(256))
#: A key after its first block, inside and outside: what every MAC under it begins with.
_Keyed = tuple["hashlib._Hash", "hashlib._Hash"]


class KeyRing:
    """Seal with the newest secret, open with every one that is still held."""

    __slots__ = ("_derived", "_macs", "_secrets")

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """Hold *secrets*, oldest first.

        Raises:
            ValueError: there is none, one is shorter than 32 bytes, or a bare string was given.
        """
        if isinstance(secrets, (str, bytes)) or not secrets:
            raise ValueError("a key ring needs a list of secrets, oldest first")
        if any(len(secret) < MIN_SECRET_BYTES for secret in secrets):
            raise ValueError(f"every secret needs at least {MIN_SECRET_BYTES} bytes")
        self._secrets = tuple(reversed(secrets))
        self._derived: dict[str, tuple[bytes, ...]] = {}
        self._macs: dict[str, tuple[_Keyed, ...]] = {}

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._secrets)}>"

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of all secrets held, newest first."""
        return tuple(key_id(key) for key in self.keys("id"))

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """Return the keys for *purpose*, newest first, 32 bytes each."""
        keys = self._derived.get(purpose)
        if keys is None:
            info = b"jotgate/" + purpose.encode()
            keys = tuple(hmac.digest(secret, info, "sha256") for secret in self._secrets)
            self._derived[purpose] = keys
        return keys

    def seal(self, purpose: str, body: bytes, *, mac_bytes: int = MAC_BYTES) -> str:
        """Return *body* behind the newest key's MAC, as a text that needs no escaping in an address or a cookie."""
        return segments.encode(self.mac(purpose, body)[:mac_bytes] + body)

    def open(self, purpose: str, text: str, *, max_length: int, mac_bytes: int = MAC_BYTES) -> bytes | None:
        """Return the body in *text*, or None if no key of ours sealed it for *purpose*. Total on any text.

        A text longer than *max_length* is refused unread, and so is every other spelling of a text that we made.
        """
        raw = segments.decode(text) if len(text) <= max_length else None
        if raw is None:
            return None
        given, body = raw[:mac_bytes], raw[mac_bytes:]
        for keyed in self.keyed(purpose):
            if hmac.compare_digest(_mac(keyed, body)[:mac_bytes], given):
                return body
        return None

    def mac(self, purpose: str, body: bytes) -> bytes:
        """Return the MAC of *body* under the newest key, 32 bytes."""
        return _mac(self.keyed(purpose)[0], body)

    def macs(self, purpose: str, body: bytes) -> list[bytes]:
        """Return the MAC of *body* under each key, newest first, 32 bytes each."""
        return [_mac(keyed, body) for keyed in self.keyed(purpose)]

    def keyed(self, purpose: str) -> tuple[_Keyed, ...]:
        """Return each key, newest first, ready to make MACs with."""
        keyed = self._macs.get(purpose)
        if keyed is None:
            keyed = tuple(_prepared(key) for key in self.keys(purpose))
            self._macs[purpose] = keyed
        return keyed


class CodeKeys:
    """The keys that fingerprint access codes; never rotated away under printed cards.

    Each grant names the key its fingerprint was made with, by `key_id`. Other secrets that the store must not hold
    are derived from the same keys, and name theirs in the same way.
    """

    __slots__ = ("_keys", "_ring")

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """Hold *secrets*, oldest first; the newest makes new codes.

        Raises:
            ValueError: as `KeyRing`.
        """
        self._ring = KeyRing(secrets)
        self._keys = {key_id(key): key for key in self._ring.keys("code")}

    def __repr__(self) -> str:
        return f"<CodeKeys {', '.join(self._keys)}>"

    @property
    def newest(self) -> tuple[str, bytes]:
        """Return the id and the key to make new fingerprints with."""
        return next(iter(self._keys.items()))

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of all keys held, newest first."""
        return tuple(self._keys)

    def all(self) -> tuple[bytes, ...]:
        """Return every key, newest first."""
        return tuple(self._keys.values())

    def fingerprints(self, code: CodeText) -> tuple[bytes, ...]:
        """Return what `jotgate.codes.fingerprint` gives under each key, newest first."""
        return tuple([mac[:FINGERPRINT_BYTES] for mac in self.macs("code", code.encode("ascii"))])

    def newest_fingerprints(self, codes: Iterable[CodeText]) -> list[bytes]:
        """Return what `jotgate.codes.fingerprint` gives each code under the newest key, three times as quickly."""
        keyed = self._ring.keyed("code")[0]
        return [_mac(keyed, code.encode("ascii"))[:FINGERPRINT_BYTES] for code in codes]

    def keys(self, purpose: str) -> dict[str, bytes]:
        """Return the keys for *purpose*, 32 bytes each, under the ids of the keys they stem from, newest first."""
        return dict(zip(self._keys, self._ring.keys(purpose), strict=True))

    def mac(self, purpose: str, body: bytes) -> bytes:
        """Return the MAC of *body* under the newest key for *purpose*, 32 bytes."""
        return self._ring.mac(purpose, body)

    def macs(self, purpose: str, body: bytes) -> list[bytes]:
        """Return the MAC of *body* under each key for *purpose*, newest first, 32 bytes each."""
        return self._ring.macs(purpose, body)

    def derive(self, key_id: str, purpose: str, name: str) -> bytes | None:
        """Return the secret of *name* for *purpose*, 32 bytes, or None if the key it stems from is not held."""
        key = self.keys(purpose).get(key_id)
        return None if key is None else hmac.digest(key, name.encode(), "sha256")


def _prepared(key: bytes) -> _Keyed:
    """Return the two halves of HMAC-SHA-256 (RFC 2104, section 4) under *key*, which has no more than 64 bytes."""
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    return hashlib.sha256(padded.translate(_INNER)), hashlib.sha256(padded.translate(_OUTER))


def _mac(keyed: _Keyed, body: bytes) -> bytes:
    # What `hmac` does for the same takes one and a half times as long, and keying it afresh twice.
    inner, outer = keyed
    inner, outer = inner.copy(), outer.copy()
    inner.update(body)
    outer.update(inner.digest())
    return outer.digest()


def key_id(key: bytes) -> str:
    """Name *key* in eight hex digits, without giving it away."""
    return hashlib.sha256(b"jotgate/key-id" + key).hexdigest()[:8]
