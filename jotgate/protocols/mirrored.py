"""What JotForm said to who asked for programs with scoped keys, as the store holds it for some minutes."""

from __future__ import annotations

from typing import NamedTuple

from jotgate.frozen import frozen


class Mirrored(NamedTuple):
    """What is known of a form, or of its submissions above one id up to another."""

    low: str
    high: str
    #: Enciphered.
    content: bytes


@frozen
class MirrorTurn:
    """The right to ask JotForm about a form, while the other processes wait."""

    form_id: str
    #: By the store's clock.
    began_at: float
    until: float
