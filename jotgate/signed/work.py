"""Work in place of waiting: a challenge for one code, and how an answer is checked.

A challenge names no code, and is bound to one: it is worthless for every other, so each code costs its own work. For
guesses it needs no memory of ours, since trying the same code again tells nobody more. No two challenges are equal, so
that where each opening of a right code costs work of its own, the store can remember what was made use of. The work is
split into `PUZZLES` equal parts, so that nobody is unlucky: of one large one, every hundredth takes five times as long
as it should.

The answer is a number of 32 bits for each puzzle, in decimal, with dots between them. Number ``n`` solves puzzle ``p``
(the first is 0) if the SHA-256 of a text begins with four bytes that make a number of at most `limit_of`. The text is
``p`` and ``n`` as four bytes each (big-endian), the SHA-256 of the challenge, and zeros up to `TEXT_BYTES`. So long a
text is hashed by what a browser has built in, in which a phone is nearly as good as a computer; for short ones it would
be a hundred times worse.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from typing import NamedTuple

from jotgate.outcomes import Work
from jotgate.signed import segments
from jotgate.signed.keyring import MAC_BYTES, KeyRing

PUZZLES = 16
TEXT_BYTES = 65_536
_PURPOSE = "work"
_BODY = struct.Struct(">dI8s")
_PUZZLE = struct.Struct(">II")
_MAX_TEXT_CHARS = 64
_MAX_NUMBER = 2**32 - 1


class ShownWork(NamedTuple):
    """What a browser brings: texts that a stranger wrote."""

    challenge: str
    answer: str


def limit_of(hashes: int) -> int:
    """Return the greatest number that solves a puzzle, if all together are to take so many hashes on average."""
    return max(_MAX_NUMBER // max(hashes // PUZZLES, 1), 1)


def challenge(work: Work, fingerprint: bytes, keys: KeyRing) -> str:
    """Return the text to work on for the code with that fingerprint."""
    body = _BODY.pack(work.asked_at, work.hashes, os.urandom(8))
    return segments.encode(keys.macs(_PURPOSE, body + fingerprint)[0][:MAC_BYTES] + body)


def read_work(shown: ShownWork, fingerprint: bytes, keys: KeyRing) -> Work | None:
    """Return what was worked for the code with that fingerprint, or None if it was not. Total on any texts."""
    raw = segments.decode(shown.challenge) if len(shown.challenge) <= _MAX_TEXT_CHARS else None
    if raw is None or len(raw) != MAC_BYTES + _BODY.size:
        return None
    given, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
    if not any(
        hmac.compare_digest(mac[:MAC_BYTES], given) for mac in keys.macs(_PURPOSE, body + fingerprint)
    ):
        return None
    asked_at, hashes, _ = _BODY.unpack(body)
    if not _is_solved(shown, limit_of(hashes)):
        return None
    return Work(hashes=hashes, asked_at=asked_at, challenge=shown.challenge)


def _is_solved(shown: ShownWork, limit: int) -> bool:
    numbers = shown.answer.split(".") if len(shown.answer) <= PUZZLES * 11 else []
    if len(numbers) != PUZZLES or not all(number.isascii() and number.isdigit() for number in numbers):
        return False
    seed = hashlib.sha256(shown.challenge.encode("ascii")).digest()
    return all(_solves(seed, puzzle, int(number), limit) for puzzle, number in enumerate(numbers))


def _solves(seed: bytes, puzzle: int, number: int, limit: int) -> bool:
    if number > _MAX_NUMBER:
        return False
    digest = hashlib.sha256((_PUZZLE.pack(puzzle, number) + seed).ljust(TEXT_BYTES, b"\0")).digest()
    return int.from_bytes(digest[:4], "big") <= limit
