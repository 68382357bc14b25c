"""The record of what happened: entries that are only ever added, each with a reference to ask for."""

from __future__ import annotations

from dataclasses import dataclass

_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REF_SYMBOLS = 8
_REF_SPACE = 1 << 5 * _REF_SYMBOLS
# An odd factor makes a bijection: neighbouring entries get references that nobody confuses.
_SCATTER = 0x9E3779B97F
_GATHER = pow(_SCATTER, -1, _REF_SPACE)


@dataclass(frozen=True, slots=True, kw_only=True)
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
    #: Whom the grant or submission is about.
    subject: str | None = None
    #: Who did it, for what a person did.
    actor: str | None = None
    #: What it is about: a code's or ticket's prefix, a submission id.
    about: str | None = None
    #: Free text by a person, or numbers worth keeping.
    note: str | None = None
    #: The submission that it belongs to the history of, if one is concerned.
    submission_id: str | None = None


def about_token(app: str | None, *, key_id: str | None = None, version: str | None = None) -> str | None:
    """Return what an entry says about a token or a key: "app ios, version 2.1, key k3y1d000", as far as it is known."""
    named = (("app", app), ("version", version), ("key", key_id))
    return ", ".join(f"{name} {value}" for name, value in named if value) or None


def ref_of(seq: int) -> str:
    """Return the reference of the entry numbered *seq*, such as ``7QK2-M4XD``: short, easy to read out."""
    scattered = seq * _SCATTER % _REF_SPACE
    text = "".join(_SYMBOLS[scattered >> 5 * i & 31] for i in range(_REF_SYMBOLS))
    return f"{text[:4]}-{text[4:]}"


def seq_of(ref: str) -> int | None:
    """Return the number of the entry that *ref* names, or None if it is no reference. Total on any text."""
    text = ref.upper().replace("-", "").replace(" ", "").replace("O", "0").replace("I", "1").replace("L", "1")
    if len(text) != _REF_SYMBOLS or any(symbol not in _SYMBOLS for symbol in text):
        return None
    scattered = sum(_SYMBOLS.index(symbol) << 5 * i for i, symbol in enumerate(text))
    return scattered * _GATHER % _REF_SPACE
