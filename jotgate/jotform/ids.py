"""The ids by which JotForm knows accounts' things: forms and submissions."""

from __future__ import annotations

import re

from jotgate.errors import InputError

#: ASCII digits only: ``\\d`` would take other scripts' digits, ``$`` a line end.
_ID = re.compile(r"[0-9]{1,20}")


def is_id(text: str) -> bool:
    """Say whether *text* is a JotForm id: 1 to 20 ASCII digits."""
    return _ID.fullmatch(text) is not None


def checked_id(text: object) -> str:
    """Return *text* if it is a JotForm id.

    Raises:
        InputError: it is anything else; no address is made of it.
    """
    if isinstance(text, str) and is_id(text):
        return text
    shown = ascii(text[:30]) if isinstance(text, str) else type(text).__name__
    raise InputError([f"not a JotForm id (1 to 20 digits): {shown[:40]}"])
