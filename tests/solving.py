"""Work as a program does it that has no browser: what `docs/codes.md` tells those who write one."""

from __future__ import annotations

import hashlib
from itertools import count


def solve(challenge: str, puzzles: int, limit: int) -> str:
    """Return the answer to a challenge."""
    seed = hashlib.sha256(challenge.encode()).digest()
    return ".".join(str(_number(puzzle, seed, limit)) for puzzle in range(puzzles))


def _number(puzzle: int, seed: bytes, limit: int) -> int:
    for number in count():
        text = puzzle.to_bytes(4, "big") + number.to_bytes(4, "big") + seed
        digest = hashlib.sha256(text.ljust(65_536, b"\0")).digest()
        if int.from_bytes(digest[:4], "big") <= limit:
            return number
    raise AssertionError("there is always one")
