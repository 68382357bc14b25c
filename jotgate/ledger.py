"""The record of what happened: entries that are only ever added, each with a reference to ask for.

A refusal that repeats within the hour is counted on its entry.
"""

from __future__ import annotations

from hashlib import blake2b

from jotgate.frozen import frozen

_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REF_SYMBOLS = 8
_HALF_BITS = 5 * _REF_SYMBOLS // 2
_HALF = (1 << _HALF_BITS) - 1
# As many as NIST asks of such a network over few bits (SP 800-38G, FF3).
_ROUNDS = 8


@frozen
class Entry:
    """One thing that happened. Never holds a secret."""

    #: Seconds since the epoch, UTC.
    at: float
    #: What happened, as ``noun.verb_in_past``: ``browser.admitted``, ``code.refused``, ``submission.judged``.
    event: str
    #: The form's name in the settings, if one is concerned.
    form: str | None = None
    #: The `Reason` or `Verdict` as it is spelled.
    reason: str | None = None
    #: The subject of the grant or submission.
    subject: str | None = None
    #: Who did it, for what a person did.
    actor: str | None = None
    #: What it is about: a code's or ticket's prefix, a submission id.
    about: str | None = None
    #: Free text by a person, or numbers worth keeping.
    note: str | None = None
    #: The submission that it belongs to the history of, if one is concerned.
    submission_id: str | None = None
    #: How often it happened within the hour; the note is then of the last time. More than 1 only for refusals.
    count: int = 1
    #: When it happened last, seconds since the epoch, UTC; None if it happened once.
    last_at: float | None = None


def about_token(
    app: str | None, *, key_id: str | None = None, version: str | None = None, claim: str | None = None
) -> str | None:
    """Return what an entry says about a token or a key: "app ios, version 2.1, key k3y1d000", as far as it is known.

    *claim* is the one that is not valid.
    """
    named = (("app", app), ("version", version), ("key", key_id), ("claim", claim))
    return ", ".join(f"{name} {value}" for name, value in named if value) or None


class References:
    """How the entries of one store are named: in a way that is short, easy to read out, and its own.

    A reference is the entry's number, sent through a permutation that a key of the store's chooses: a Feistel network
    over its 40 bits. So a person with some references cannot tell how many entries there are, and a reference leads
    back to its entry without a search.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes = b"") -> None:
        self._key = key

    def use(self, key: bytes) -> None:
        """Name entries by *key* from now on."""
        self._key = key

    def ref_of(self, seq: int) -> str:
        """Return the reference of the entry numbered *seq*, such as ``7QK2-M4XD``."""
        left, right = seq >> _HALF_BITS, seq & _HALF
        for number in range(_ROUNDS):
            left, right = right, left ^ self._mixed(number, right)
        scattered = left << _HALF_BITS | right
        text = "".join(_SYMBOLS[scattered >> 5 * i & 31] for i in range(_REF_SYMBOLS))
        return f"{text[:4]}-{text[4:]}"

    def seq_of(self, ref: str) -> int | None:
        """Return the number of the entry that *ref* names, or None if it is not a reference. Total on any text."""
        text = ref.upper().replace("-", "").replace(" ", "")
        text = text.replace("O", "0").replace("I", "1").replace("L", "1")
        if len(text) != _REF_SYMBOLS or any(symbol not in _SYMBOLS for symbol in text):
            return None
        scattered = sum(_SYMBOLS.index(symbol) << 5 * i for i, symbol in enumerate(text))
        left, right = scattered >> _HALF_BITS, scattered & _HALF
        for number in reversed(range(_ROUNDS)):
            left, right = right ^ self._mixed(number, left), left
        return left << _HALF_BITS | right

    def _mixed(self, number: int, half: int) -> int:
        message = (number << _HALF_BITS | half).to_bytes(3, "big")
        return int.from_bytes(blake2b(message, key=self._key, digest_size=3).digest(), "big") & _HALF
