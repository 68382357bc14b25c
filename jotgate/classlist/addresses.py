"""E-mail addresses, as far as they can be told without sending a mail."""

from __future__ import annotations

import re

#: What people write where there is none.
NONE = frozenset({"-", "--", "–", "—", "/", "?", "n/a", "none", "keine", "aucun", "aucune", "no"})
_PART = r"[^\s@<>(),:;\"\[\]\\\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffd]{1,64}"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"{_PART}@(?:{_LABEL}\.)+{_LABEL}")
_PLAIN = re.compile(r"[a-z0-9._+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,24}", re.IGNORECASE)


def plain_address(text: str) -> bool:
    """Say quickly of most addresses, and of no address at all, that nothing is wrong."""
    return not text or _PLAIN.fullmatch(text) is not None


def address(text: str) -> str | None:
    """Return the address in *text*, empty where people say that there is none; None if it cannot be one."""
    text = text.removeprefix("mailto:")
    if text.casefold() in NONE:
        return ""
    return text if not text or _ADDRESS.fullmatch(text) else None
