"""A store and a JotForm client that end the process, or pretend to, right before one of their verbs.

Right after a verb nothing is different on disk from right before the next one, so that each is one step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Crash(BaseException):
    """The process is gone; what it holds never hears of anything again."""


@dataclass
class Doom:
    """When the end comes, counted in verbs called."""

    #: The step at which it comes: after so many verbs; None: never.
    at: int | None
    die: Callable[[], None]
    #: The verbs called so far.
    verbs: list[str] = field(default_factory=list)

    def begin(self, at: int | None) -> None:
        """Count from here."""
        self.at = at
        self.verbs.clear()

    def step(self, verb: str) -> None:
        """Come a step closer."""
        if self.at is not None and len(self.verbs) >= self.at:
            self.die()
        self.verbs.append(verb)


class Dying:
    """Whatever it wraps, watched by a `Doom`."""

    def __init__(self, inner: Any, doom: Doom) -> None:
        self._inner, self._doom = inner, doom

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def watched(*args: Any, **options: Any) -> Any:
            self._doom.step(name)
            return found(*args, **options)

        return watched


def crash() -> None:
    """Pretend that the process is gone."""
    raise Crash
